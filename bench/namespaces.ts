/**
 * Two network namespaces with a wire between them whose two ends the kernel shapes (`tc tbf`: one queue for all sockets of
 * a direction). For root on Linux; whoever asks falls back to a wire in user space.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

/** One command line, without quoting. */
function run(line: string): string | undefined {
  const [command, ...args] = line.split(' ');
  const { status, stderr, error } = spawnSync(command!, args);
  return status === 0 ? undefined : `${line}: ${error?.message ?? String(stderr)}`;
}

export interface Shape {
  readonly mbit: number;
  /** Longest time a packet may wait in the queue, ms: what does not fit is lost. */
  readonly queueMs: number;
}

export class Namespaces {
  readonly hosts: readonly [string, string] = ['10.77.86.1', '10.77.86.2'];
  readonly #names: readonly [string, string];

  /** A sentence: they cannot be made here, and why. */
  static make({ mbit, queueMs }: Shape): Namespaces | string {
    const made = new Namespaces();
    const [a, b] = made.#names;
    const lines = [
      ...[a, b].map((name) => `ip netns add ${name}`),
      `ip link add e${a} netns ${a} type veth peer name e${b} netns ${b}`,
      ...[a, b].flatMap((name, i) => [
        `ip -n ${name} addr add ${made.hosts[i]}/24 dev e${name}`,
        `ip -n ${name} link set lo up`,
        `ip -n ${name} link set e${name} up`,
        `ip netns exec ${name} tc qdisc add dev e${name} root tbf rate ${mbit}mbit burst 64kb latency ${queueMs}ms`,
      ]),
    ];
    for (const line of lines) {
      const failure = run(line);
      if (failure === undefined) continue;
      made.close();
      return failure;
    }
    return made;
  }

  private constructor() {
    this.#names = [`bb${process.pid}a`, `bb${process.pid}b`];
  }

  /** A process in one of them, with a channel to its parent. */
  spawn(side: 0 | 1, args: readonly string[]): ChildProcess {
    const all = [
      'netns',
      'exec',
      this.#names[side],
      process.execPath,
      ...process.execArgv,
      ...args,
    ];
    return spawn('ip', all, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  close(): void {
    for (const name of this.#names) run(`ip netns del ${name}`);
  }
}
