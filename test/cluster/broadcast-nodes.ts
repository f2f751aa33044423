/** Processes of broadcast-node.ts in a full mesh on loopback. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BroadcastCommand, Heard } from './broadcast-node.ts';
import { freePorts } from './nodes.ts';

const PROGRAM = fileURLToPath(import.meta.url.replace('broadcast-nodes', 'broadcast-node'));
const PATIENCE_MS = 120_000;

export class BroadcastNode {
  readonly #child: ChildProcess;
  /** One question at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  async started(): Promise<void> {
    await once(this.#child, 'message');
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  neighbours(): Promise<number> {
    return this.#ask({ kind: 'neighbours' });
  }

  publish(count: number, atOnce: number, everyMs: number): Promise<boolean> {
    return this.#ask({ kind: 'publish', count, atOnce, everyMs });
  }

  /** Since it was last asked. */
  heard(): Promise<Heard> {
    return this.#ask({ kind: 'heard' });
  }

  counter(name: string): Promise<number> {
    return this.#ask({ kind: 'counter', name });
  }

  #ask<T>(command: BroadcastCommand): Promise<T> {
    const asked = this.#last.then(async () => {
      this.#child.send(command);
      const [{ value }] = (await once(this.#child, 'message')) as [{ value: T }];
      return value;
    });
    this.#last = asked;
    return asked;
  }
}

/** So many nodes, each the neighbour of each; `after` takes what ends them. */
export async function startMesh(
  t: { after(end: () => void): void },
  size: number,
): Promise<readonly BroadcastNode[]> {
  const directory = mkdtempSync(join(tmpdir(), 'bondy-mesh-'));
  const ports = await freePorts(size);
  const nodes = ports.map((port, i) => {
    const settings = {
      'node.name': `bondy@node${i + 1}`,
      'api_gateway.http.port': 0,
      'wamp.tcp.port': 0,
      'admin_api.http.port': 0,
      'cluster.enabled': 'on',
      'cluster.peer_port': port,
      'cluster.secret': 'a secret that only this test knows',
      'cluster.peer_discovery.addresses': ports.map((one) => `127.0.0.1:${one}`).join(','),
      'cluster.peer_discovery.initial_delay': '50ms',
      'cluster.peer_discovery.polling_interval': '500ms',
      'cluster.silence_timeout': '1m',
      'aae.enabled': 'off',
      'store.data_dir': join(directory, String(i + 1)),
    };
    const flags = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
    return new BroadcastNode(
      fork(PROGRAM, flags, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
    );
  });
  t.after(() => {
    for (const node of nodes) node.end();
    rmSync(directory, { recursive: true, force: true });
  });
  await Promise.all(nodes.map((node) => node.started()));
  for (const node of nodes) {
    await until(
      `a neighbour of all ${size - 1}`,
      async () => (await node.neighbours()) === size - 1,
    );
  }
  return nodes;
}

export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not ${what} in time`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
