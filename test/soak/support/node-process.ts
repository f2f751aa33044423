/** A node as a process of its own, from the build, with what can be seen of it from outside. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { PROJECT_ROOT } from '../../support/project.ts';
import type { Urls } from '../../support/raw-client.ts';
import { RawClient } from '../../support/raw-client.ts';
import { RAWSOCKET_MSGPACK } from '../../support/wire.ts';
import type { Wire } from '../../support/wire.ts';

const FREE_PORTS = {
  'api_gateway.http.port': '0',
  'wamp.tcp.port': '0',
  'admin_api.http.port': '0',
  'log.format': 'json',
  'store.engine': 'memory',
  // Those who read nothing do not answer GOODBYE either.
  'shutdown.grace_period': '2s',
};

export interface NodeOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** `ulimit -n` of the node. */
  readonly descriptors?: number;
}

interface Address {
  readonly name: string;
  readonly url: string;
}

export class NodeProcess {
  readonly urls: Urls;
  /** Of every listener, by the section of its keys; `admin` too. */
  readonly ports: ReadonlyMap<string, number>;
  readonly #child: ChildProcess;
  readonly #lines: string[];

  private constructor(child: ChildProcess, addresses: readonly Address[], lines: string[]) {
    this.#child = child;
    this.#lines = lines;
    const urlOf = (section: string): string =>
      addresses.find(({ name }) => name === section)?.url ?? '';
    this.urls = { websocket: urlOf('api_gateway.http'), rawsocket: urlOf('wamp.tcp') };
    this.ports = new Map(
      addresses.map(({ name, url }) => [name, Number(new URL(url.replace(/^\w+:/, 'http:')).port)]),
    );
  }

  /** Ready when this resolves; ended with the test, which fails if an actor of the node crashed. */
  static async start(
    t: TestContext,
    { settings = {}, descriptors }: NodeOptions = {},
  ): Promise<NodeProcess> {
    const flags = Object.entries({ ...FREE_PORTS, ...settings }).flatMap(([key, value]) => [
      '--set',
      `${key}=${value}`,
    ]);
    const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors}; `;
    const bondy = join(PROJECT_ROOT, 'dist', 'bin', 'bondy.js');
    const child = spawn(
      'sh',
      ['-c', `${limit}exec "$0" "$@"`, process.execPath, bondy, 'start', ...flags],
      { cwd: PROJECT_ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines: string[] = [];
    const addresses = await started(child, lines);
    const node = new NodeProcess(child, addresses, lines);
    t.after(async () => {
      const crashes = lines.filter((line) => line.includes('actor_crashed'));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      const [status] = (await once(child, 'exit')) as [number | null];
      clearTimeout(timer);
      assert.deepEqual(crashes, [], 'no actor of the node crashed');
      assert.equal(status, 0, 'the node stopped in order');
    });
    return node;
  }

  port(section: string): number {
    const port = this.ports.get(section);
    assert(port !== undefined, `${section} does not listen`);
    return port;
  }

  /** Memory of the process that is in RAM, bytes. Linux. */
  get rss(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** How many lines it has logged. */
  get logLines(): number {
    return this.#lines.length;
  }

  /** A metric of /metrics, with its prefix and suffix; the sum when it has labels. */
  async metric(name: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.port('admin')}/metrics`);
    const text = await response.text();
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))];
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  }

  counter(name: string): Promise<number> {
    return this.metric(`bondy_${name}_total`);
  }

  /** A session; gone when the test ends. */
  async join(t: TestContext, wire: Wire = RAWSOCKET_MSGPACK): Promise<RawClient> {
    const client = await RawClient.connect(this.urls, wire);
    t.after(() => client.destroy());
    return client.join();
  }
}

function started(child: ChildProcess, lines: string[]): Promise<readonly Address[]> {
  return new Promise((resolve, reject) => {
    child.once('exit', (status) =>
      reject(new Error(`the node ended (${status})\n${lines.join('\n')}`)),
    );
    assert(child.stdout);
    createInterface(child.stdout).on('line', (line) => {
      if (!line.startsWith('{')) return;
      lines.push(line);
      const { event, message, addresses } = JSON.parse(line) as {
        readonly event?: string;
        readonly message?: string;
        readonly addresses?: readonly Address[];
      };
      if ((event ?? message) === 'node_started' && addresses) resolve(addresses);
    });
  });
}
