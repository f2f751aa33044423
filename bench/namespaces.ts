/**
 * Two network namespaces with a bridge between them, in a third one, whose two ports the kernel shapes (`tc tbf`: one queue
 * for all sockets of a direction). Not at the senders' own devices: there the kernel counts what its queue holds and has
 * each socket wait (TCP small queues), which no queue further away does. For root on Linux; whoever asks falls back to a
 * wire in user space.
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
  /** What the kernel itself does against full queues: `cubic` fills them, `bbr` does not. */
  readonly congestionControl: string;
}

export class Namespaces {
  readonly hosts: readonly [string, string] = ['10.77.86.1', '10.77.86.2'];
  readonly #names: readonly [string, string];
  readonly #bridge: string;

  /** A sentence: they cannot be made here, and why. */
  static make({ mbit, queueMs, congestionControl }: Shape): Namespaces | string {
    const made = new Namespaces();
    const bridge = made.#bridge;
    const lines = [
      `ip netns add ${bridge}`,
      `ip -n ${bridge} link add bridge type bridge`,
      `ip -n ${bridge} link set bridge up`,
      ...made.#names.flatMap((name, i) => [
        `ip netns add ${name}`,
        `ip link add e${name} netns ${name} type veth peer name p${name} netns ${bridge}`,
        `ip -n ${bridge} link set p${name} master bridge`,
        `ip -n ${bridge} link set p${name} up`,
        `ip netns exec ${bridge} tc qdisc add dev p${name} root tbf rate ${mbit}mbit burst 64kb latency ${queueMs}ms`,
        `ip -n ${name} addr add ${made.hosts[i]}/24 dev e${name}`,
        `ip -n ${name} link set lo up`,
        `ip -n ${name} link set e${name} up`,
        `ip netns exec ${name} sysctl -qw net.ipv4.tcp_congestion_control=${congestionControl}`,
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
    this.#bridge = `bb${process.pid}c`;
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
    for (const name of [...this.#names, this.#bridge]) run(`ip netns del ${name}`);
  }
}
