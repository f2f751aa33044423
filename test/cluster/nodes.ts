/** A cluster of real processes on loopback: started, killed, frozen and thawed by name. Needs the build. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { PROJECT_ROOT } from '../support/project.ts';
import { RawClient } from '../support/raw-client.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';
import type { Wire } from '../support/wire.ts';

const SECRET = 'a secret that only this test knows';
const PATIENCE_MS = 20_000;
const POLL_MS = 25;

interface Ports {
  readonly websocket: number;
  readonly rawsocket: number;
  readonly admin: number;
  readonly peer: number;
}

export class ClusterNode {
  readonly name: string;
  readonly ports: Ports;
  readonly #settings: string[];
  #process: ChildProcess | undefined;
  #output = '';

  constructor(name: string, ports: Ports, settings: readonly string[]) {
    this.name = name;
    this.ports = ports;
    this.#settings = [...settings];
  }

  get output(): string {
    return this.#output;
  }

  get dataDirectory(): string {
    const key = 'store.data_dir=';
    return this.#settings.find((setting) => setting.startsWith(key))!.slice(key.length);
  }

  /** With other settings from now on, if there are any: later ones win. */
  async start(changes: Readonly<Record<string, string | number>> = {}): Promise<void> {
    this.#settings.push(...flags(changes));
    const args = [join(PROJECT_ROOT, 'dist', 'bin', 'bondy.js'), 'start', ...this.#settings];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer): void => void (this.#output += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#process = child;
    await this.until('ready', async () => {
      assert.equal(child.exitCode, null, `${this.name} ended:\n${this.#output}`);
      const answer = await fetch(`http://127.0.0.1:${this.ports.admin}/ready`).catch(
        () => undefined,
      );
      return answer?.status === 204;
    });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGKILL') child.kill('SIGCONT');
    await ended;
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async join(t: TestContext, wire: Wire = RAWSOCKET_MSGPACK): Promise<RawClient> {
    const { websocket, rawsocket } = this.ports;
    const urls = {
      websocket: `ws://127.0.0.1:${websocket}/ws`,
      rawsocket: `rs://127.0.0.1:${rawsocket}`,
    };
    const client = await (await RawClient.connect(urls, wire)).join();
    t.after(() => client.destroy());
    return client;
  }

  /** The value of a metric; 0 when it is not there. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.ports.admin}/metrics`)).text();
    const line = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text);
    return Number(line?.[1] ?? 0);
  }

  /** Has it said that all the others are up? */
  knows(all: readonly ClusterNode[]): boolean {
    return all.every(
      ({ name }) => name === this.name || this.#output.includes(`node_up  node=bondy@${name}`),
    );
  }

  /** How many nodes this one has links to, by its tree. */
  async links(): Promise<number> {
    const tree = (await (await fetch(`http://127.0.0.1:${this.ports.admin}/tree`)).json()) as Tree;
    return find(tree, 'peers')?.childCount ?? 0;
  }

  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await isSo())) {
      if (performance.now() > deadline) {
        throw new Error(`${this.name} was not ${what} in time:\n${this.#output.slice(-4000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

interface Tree {
  readonly id: string;
  readonly childCount: number;
  readonly children: readonly Tree[];
}

function find(tree: Tree, id: string): Tree | undefined {
  if (tree.id === id) return tree;
  for (const child of tree.children) {
    const found = find(child, id);
    if (found) return found;
  }
  return undefined;
}

/** So many nodes that are linked to each other. */
export async function startCluster(t: TestContext, size: number): Promise<ClusterNode[]> {
  const directory = mkdtempSync(join(tmpdir(), 'bondy-cluster-'));
  const ports = await freePorts(4 * size);
  const seeds = Array.from({ length: size }, (_, i) => `127.0.0.1:${ports[4 * i + 3]}`).join(',');
  const nodes = Array.from({ length: size }, (_, i) => {
    const [websocket, rawsocket, admin, peer] = ports.slice(4 * i, 4 * i + 4);
    const settings = {
      'node.name': `bondy@node${i + 1}`,
      'api_gateway.http.port': websocket,
      'wamp.tcp.port': rawsocket,
      'admin_api.http.port': admin,
      'cluster.enabled': 'on',
      'cluster.peer_port': peer,
      'cluster.secret': SECRET,
      'cluster.peer_discovery.addresses': seeds,
      'cluster.peer_discovery.initial_delay': '50ms',
      'cluster.peer_discovery.polling_interval': '500ms',
      'store.data_dir': join(directory, String(i + 1)),
    };
    return new ClusterNode(`node${i + 1}`, { websocket, rawsocket, admin, peer }, flags(settings));
  });
  t.after(async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    rmSync(directory, { recursive: true, force: true });
  });
  await Promise.all(nodes.map((node) => node.start()));
  await Promise.all(
    nodes.map((node) =>
      node.until(
        `in a cluster of ${size}`,
        async () => node.knows(nodes) && (await node.links()) >= size - 1,
      ),
    ),
  );
  return nodes;
}

function flags(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
