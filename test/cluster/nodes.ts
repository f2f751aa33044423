/** A cluster of real processes on loopback: started, killed, frozen and thawed by name. Needs the build. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { PROJECT_ROOT } from '../support/project.ts';
import type { Urls } from '../support/raw-client.ts';
import { RawClient } from '../support/raw-client.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';
import type { Wire } from '../support/wire.ts';
import type { Wires } from './wires.ts';

export const SECRET = 'a secret that only this test knows';
/** A start takes a second of processor, and on a busy machine half a minute. */
const PATIENCE_MS = 90_000;
export const POLL_MS = 25;
const BONDY: readonly string[] = [join(PROJECT_ROOT, 'dist', 'bin', 'bondy.js')];

interface Ports {
  readonly websocket: number;
  readonly rawsocket: number;
  readonly admin: number;
  readonly peer: number;
}

/** A bound is of nodes that get the processor they need: one that does not says so itself. */
export function assertWithin(boundMs: number, tookMs: number, nodes: readonly ClusterNode[]): void {
  const isStarved = nodes.some(({ output }) => output.includes('node_is_late'));
  assert(isStarved || tookMs <= boundMs + POLL_MS, `${tookMs} ms`);
}

export class ClusterNode {
  readonly name: string;
  readonly ports: Ports;
  readonly #settings: string[];
  readonly #program: readonly string[];
  #process: ChildProcess | undefined;
  #output = '';

  constructor(name: string, ports: Ports, settings: readonly string[], program = BONDY) {
    this.name = name;
    this.ports = ports;
    this.#settings = [...settings];
    this.#program = program;
  }

  get output(): string {
    return this.#output;
  }

  get dataDirectory(): string {
    const key = 'store.data_dir=';
    return this.#settings.find((setting) => setting.startsWith(key))!.slice(key.length);
  }

  /** With other settings from now on, if there are any. */
  async start(changes: Readonly<Record<string, string | number>> = {}): Promise<void> {
    this.#spawn(changes);
    await this.until('ready', async () => (await this.ready()) === 204);
  }

  /** One that is not to be ready. */
  async startUnready(): Promise<void> {
    this.#spawn({});
    await this.until('answering', async () => (await this.ready()) !== undefined);
  }

  /** The status of `/ready`; undefined: it does not listen yet. */
  async ready(): Promise<number | undefined> {
    assert.equal(this.#process?.exitCode, null, `${this.name} ended:\n${this.#output}`);
    const answer = await fetch(`http://127.0.0.1:${this.ports.admin}/ready`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.status;
  }

  #spawn(changes: Readonly<Record<string, string | number>>): void {
    for (const [key, value] of Object.entries(changes)) {
      const i = this.#settings.findIndex((setting) => setting.startsWith(`${key}=`));
      if (i < 0) this.#settings.push(...flags({ [key]: value }));
      else this.#settings[i] = `${key}=${value}`;
    }
    const args = [...this.#program, 'start', ...this.#settings];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer): void => void (this.#output += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#process = child;
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

  get urls(): Urls {
    const { websocket, rawsocket } = this.ports;
    return {
      websocket: `ws://127.0.0.1:${websocket}/ws`,
      rawsocket: `rs://127.0.0.1:${rawsocket}`,
    };
  }

  async join(t: TestContext, wire: Wire = RAWSOCKET_MSGPACK): Promise<RawClient> {
    const client = await (await RawClient.connect(this.urls, wire)).join();
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

  /** Has it written this, after the first so many characters? */
  untilSays(words: string, after = 0): Promise<void> {
    return this.until(`saying ${words}`, async () => this.#output.includes(words, after));
  }

  untilCounted(metric: string, atLeast: number): Promise<void> {
    const isSo = async (): Promise<boolean> => (await this.metric(metric)) >= atLeast;
    return this.until(`at ${metric} ${atLeast}`, isSo);
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

export interface ClusterOptions {
  /** Of every node, beside what it needs anyway. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** By which nodes reach each other. */
  readonly wires?: Wires;
  /** What Node.js is told to run, without `start`; by default bondy as built. */
  readonly program?: readonly string[];
}

/** So many nodes that are linked to each other. */
export async function startCluster(
  t: TestContext,
  size: number,
  options: ClusterOptions = {},
): Promise<ClusterNode[]> {
  const names = Array.from({ length: size }, (_, i) => `node${i + 1}`);
  const nodes = await makeNodes(t, names, options);
  await Promise.all(nodes.map((node) => node.start()));
  await Promise.all(nodes.map((node) => untilLinkedTo(node, nodes)));
  return nodes;
}

export function untilLinkedTo(node: ClusterNode, all: readonly ClusterNode[]): Promise<void> {
  return node.until(
    `in a cluster of ${all.length}`,
    async () => node.knows(all) && (await node.links()) >= all.length - 1,
  );
}

/** Nodes that will look for each other and for those of `others`, not started yet. */
export async function makeNodes(
  t: TestContext,
  names: readonly string[],
  { settings = {}, wires, program }: ClusterOptions = {},
  others: readonly ClusterNode[] = [],
): Promise<ClusterNode[]> {
  const directory = mkdtempSync(join(tmpdir(), 'bondy-cluster-'));
  const ports = await freePorts(4 * names.length);
  const advertised = await Promise.all(
    names.map((name, i) => wires?.before(`bondy@${name}`, ports[4 * i + 3]) ?? ports[4 * i + 3]),
  );
  const seeds = [...others.map(({ ports: { peer } }) => peer), ...advertised];
  const nodes = names.map((name, i) => {
    const [websocket, rawsocket, admin, peer] = ports.slice(4 * i, 4 * i + 4);
    const own = {
      'node.name': `bondy@${name}`,
      'api_gateway.http.port': websocket,
      'wamp.tcp.port': rawsocket,
      'admin_api.http.port': admin,
      'cluster.enabled': 'on',
      'cluster.peer_port': peer,
      ...(wires && { 'cluster.advertised_port': advertised[i] }),
      'cluster.secret': SECRET,
      'cluster.peer_discovery.addresses': seeds.map((port) => `127.0.0.1:${port}`).join(','),
      'cluster.peer_discovery.initial_delay': '50ms',
      'cluster.peer_discovery.polling_interval': '500ms',
      'store.data_dir': join(directory, String(i + 1)),
    };
    const given = flags({ ...own, ...settings });
    return new ClusterNode(name, { websocket, rawsocket, admin, peer }, given, program);
  });
  t.after(async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    rmSync(directory, { recursive: true, force: true });
  });
  return nodes;
}

function flags(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
}

/** Below the range from which the system takes ports for outgoing connections: one of those may come in between. */
const PORTS = { low: 20_000, high: 32_000 };

export async function freePorts(count: number): Promise<number[]> {
  const found = new Map<number, Server>();
  while (found.size < count) {
    const port = randomInt(PORTS.low, PORTS.high);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isFree) found.set(port, server);
  }
  await Promise.all(
    [...found.values()].map((server) => new Promise((resolve) => server.close(resolve))),
  );
  return [...found.keys()];
}
