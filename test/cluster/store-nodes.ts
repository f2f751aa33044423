/** Processes of store-node.ts: a cluster of stores on loopback, started, killed, wiped and asked by name. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { scratch } from '../support/scratch.ts';
import { freePorts } from './nodes.ts';
import type { Command, Commands, Said, StoreNodeOptions } from './store-commands.ts';

/** For what is done at all, however long a busy machine takes for 100,000 rows. */
const PATIENCE_MS = 600_000;
const POLL_MS = 50;

/** Comparisons only when a test asks for one, so that what one round does can be said. */
export const BY_HAND = {
  'aae.enabled': 'off',
  'aae.hashtree_timer': '1h',
  // Of the store is to be said something, not of links: a starved node must not lose them in the middle of a round.
  'cluster.silence_timeout': '1m',
};

export interface StoreClusterOptions {
  readonly size: number;
  readonly settings?: Readonly<Record<string, string>>;
  /** Of the node with this number, from 0. */
  readonly settingsOf?: (index: number) => Readonly<Record<string, string>>;
  readonly store?: StoreNodeOptions['store'];
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class StoreNode {
  readonly name: string;
  readonly dataDirectory: string;
  /** Kept when it is started again. */
  clockOffsetMs = 0;
  /** Keys it has said are on disk, by put_for_ever. */
  readonly acked: string[] = [];
  readonly #options: Omit<StoreNodeOptions, 'clockOffsetMs'>;
  readonly #admin: number;
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | undefined;
  #output = '';
  #number = 0;

  constructor(name: string, admin: number, options: Omit<StoreNodeOptions, 'clockOffsetMs'>) {
    this.name = name;
    this.#admin = admin;
    this.#options = options;
    this.dataDirectory = options.settings['store.data_dir']!;
  }

  /** All that its lives have written. */
  get output(): string {
    return this.#output;
  }

  get isAlive(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Resolves when it takes commands, or with its exit status when it does not come to that. */
  async tryToStart(): Promise<number | 'started'> {
    const extension = extname(fileURLToPath(import.meta.url));
    const program = fileURLToPath(new URL(`store-node${extension}`, import.meta.url));
    const flags = extension === '.ts' ? ['--import', 'tsx'] : ['--enable-source-maps'];
    const options = JSON.stringify({ ...this.#options, clockOffsetMs: this.clockOffsetMs });
    const child = spawn(process.execPath, [...flags, program, options], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const keep = (chunk: Buffer): void => void (this.#output += chunk.toString());
    child.stdout!.on('data', keep);
    child.stderr!.on('data', keep);
    this.#child = child;
    return new Promise((resolve) => {
      child.on('message', (said: Said) => {
        if (said.kind === 'started') resolve('started');
        else this.#heard(said);
      });
      child.on('close', (code, signal) => {
        for (const { reject } of this.#waiting.values()) {
          reject(new Error(`${this.name} ended (${code ?? signal})\n${this.#output.slice(-3000)}`));
        }
        this.#waiting.clear();
        resolve(code ?? 1);
      });
    });
  }

  /** Again, while another test has taken its port since its last life. */
  async start(): Promise<void> {
    const before = this.#output.length;
    await this.until('started', async () => {
      const mark = this.#output.length;
      if ((await this.tryToStart()) === 'started') return true;
      if (this.#output.slice(mark).includes('is in use')) return undefined;
      assert.fail(this.#output.slice(before));
    });
  }

  ask<C extends Command>(
    command: C,
    argument: Parameters<Commands[C]>[0],
  ): Promise<ReturnType<Commands[C]>> {
    const number = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve: resolve as Waiting['resolve'], reject });
      this.#child?.send({ number, command, argument });
    });
  }

  count(name: string): Promise<number> {
    return this.ask('counter', { name });
  }

  async valueOf(key: string): Promise<string | undefined> {
    return (await this.ask('get', { prefix: 'warm', key })).value;
  }

  /** What `/ready` complains of; nothing: it is ready. */
  async problems(): Promise<readonly string[]> {
    const answer = await fetch(`http://127.0.0.1:${this.#admin}/ready`);
    if (answer.status === 204) return [];
    return ((await answer.json()) as { why: readonly string[] }).why;
  }

  /** What an operator on this machine asks for; the status and the answer. */
  async operate(path: string, body: object) {
    const token = readFileSync(join(this.dataDirectory, 'operator.token'), 'utf8').trim();
    const answer = await fetch(`http://127.0.0.1:${this.#admin}/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return {
      status: answer.status,
      report: (await answer.json()) as Readonly<Record<string, unknown>>,
    };
  }

  /** Asks until there is a link to the peer. */
  async exchangeWith(peer: StoreNode) {
    return this.until(`linked to ${peer.name}`, async () => {
      const outcome = await this.ask('exchange', { peer: `bondy@${peer.name}` });
      return outcome.kind === 'failed' ? undefined : outcome;
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isAlive) return;
    const ended = once(child, 'close');
    child.kill(signal);
    await ended;
  }

  /** The first answer that is not undefined. */
  async until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > deadline) {
        throw new Error(`${this.name} was not ${what} in time:\n${this.#output.slice(-4000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #heard(said: Exclude<Said, { kind: 'started' }>): void {
    if (said.kind === 'acked') return void this.acked.push(...said.keys);
    const waiting = this.#waiting.get(said.number);
    this.#waiting.delete(said.number);
    if (said.kind === 'answer') waiting?.resolve(said.value);
    else waiting?.reject(new Error(`${this.name}: ${said.reason}\n${this.#output.slice(-3000)}`));
  }
}

/** So many nodes that know where the others are; none is started. */
export async function storeNodes(
  t: TestContext,
  { size, settings = {}, settingsOf = () => ({}), store = {} }: StoreClusterOptions,
): Promise<StoreNode[]> {
  let nodes: StoreNode[] = [];
  // Before the directory goes: they write to it to their end.
  t.after(() => Promise.all(nodes.map((node) => node.end('SIGKILL'))));
  const directory = scratch(t);
  const ports = await freePorts(2 * size);
  const seeds = ports.filter((_, i) => i % 2 === 1).map((port) => `127.0.0.1:${port}`);
  nodes = Array.from({ length: size }, (_, i) => {
    const all = {
      'node.name': `bondy@node${i + 1}`,
      'api_gateway.http.port': '0',
      'wamp.tcp.port': '0',
      'admin_api.http.port': String(ports[2 * i]),
      'cluster.enabled': 'on',
      'cluster.peer_port': String(ports[2 * i + 1]),
      'cluster.secret': 'a secret that only this test knows',
      'cluster.peer_discovery.addresses': seeds.join(','),
      'cluster.peer_discovery.initial_delay': '50ms',
      'cluster.peer_discovery.polling_interval': '500ms',
      'store.data_dir': join(directory, String(i + 1)),
      ...settings,
      ...settingsOf(i),
    };
    return new StoreNode(`node${i + 1}`, ports[2 * i]!, { settings: all, store });
  });
  return nodes;
}

export async function startStores(
  t: TestContext,
  options: StoreClusterOptions,
): Promise<StoreNode[]> {
  const nodes = await storeNodes(t, options);
  await Promise.all(nodes.map((node) => node.start()));
  await allLinked(nodes);
  return nodes;
}

/** Each is linked to each, and has heard what it missed. */
export async function allLinked(nodes: readonly StoreNode[]): Promise<void> {
  for (const node of nodes) {
    for (const peer of nodes) if (peer !== node) await node.exchangeWith(peer);
  }
}

/** The one dump of all; fails when they differ. */
export async function sameDump(nodes: readonly StoreNode[]) {
  const dumps = await Promise.all(nodes.map((node) => node.ask('dump', {})));
  for (const dump of dumps) assert.deepEqual(dump, dumps[0]);
  return dumps[0]!;
}
