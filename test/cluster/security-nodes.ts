/** Processes of security-node.ts: alone, or a cluster on loopback. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Committed } from '../../actors/security/commits.ts';
import type { SecurityRecord } from '../../actors/security/records.ts';
import type { Urls } from '../support/raw-client.ts';
import { RawClient } from '../support/raw-client.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';
import { freePorts } from './nodes.ts';

type Settings = Readonly<Record<string, string>>;

export class SecurityNode {
  readonly #settings: Settings;
  readonly #environment: Settings;
  #child: ChildProcess | undefined;
  #lines: AsyncIterator<string> | undefined;
  urls: Urls = { websocket: '', rawsocket: '' };

  constructor(settings: Settings, environment: Settings = {}) {
    this.#settings = settings;
    this.#environment = environment;
  }

  /** What it says for itself when it does not start. */
  async tryToStart(): Promise<string | undefined> {
    const extension = extname(fileURLToPath(import.meta.url));
    const program = fileURLToPath(new URL(`security-node${extension}`, import.meta.url));
    const flags = extension === '.ts' ? ['--import', 'tsx'] : [];
    const args = [...flags, program, JSON.stringify(this.#settings)];
    const child = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...this.#environment },
    });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const said = (await this.#line()) as Urls & { readonly failed?: string };
    this.urls = said;
    return said.failed;
  }

  async start(): Promise<void> {
    assert.equal(await this.tryToStart(), undefined);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async commit(records: readonly SecurityRecord[]): Promise<void> {
    this.#child!.stdin!.write(`${JSON.stringify(records)}\n`);
    assert.deepEqual(await this.#line(), { kind: 'stored' } satisfies Committed);
  }

  async connect(t: TestContext): Promise<RawClient> {
    const client = await RawClient.connect(this.urls, RAWSOCKET_MSGPACK);
    t.after(() => client.destroy());
    return client;
  }

  async #line(): Promise<unknown> {
    const next = await this.#lines!.next();
    assert(!next.done, 'the node has ended');
    return JSON.parse(next.value);
  }
}

const ALONE: Settings = {
  'api_gateway.http.enabled': 'off',
  'wamp.tcp.port': '0',
  'admin_api.http.enabled': 'off',
};

/** Where nodes of a test keep what they keep: gone when they are. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'bondy-security-'));
  readonly #nodes: SecurityNode[] = [];

  constructor(t: TestContext) {
    t.after(async () => {
      await Promise.all(this.#nodes.map((node) => node.kill()));
      rmSync(this.path, { recursive: true, force: true });
    });
  }

  node(name: string, more: Settings = {}, environment: Settings = {}): SecurityNode {
    const settings = { ...ALONE, 'store.data_dir': join(this.path, name), ...more };
    const node = new SecurityNode(settings, environment);
    this.#nodes.push(node);
    return node;
  }
}

export async function startSecurityCluster(
  t: TestContext,
  size: number,
): Promise<readonly SecurityNode[]> {
  const { nodes } = await startSeparateNodes(t, size, (seeds) => ({
    'cluster.peer_discovery.addresses': seeds,
    'cluster.peer_discovery.initial_delay': '50ms',
    'cluster.peer_discovery.polling_interval': '500ms',
  }));
  return nodes;
}

/** Of one cluster, but none looks for another, unless settings say so. `addresses`: where others reach them. */
export async function startSeparateNodes(
  t: TestContext,
  size: number,
  settings: (seeds: string) => Settings,
): Promise<{ readonly nodes: readonly SecurityNode[]; readonly addresses: readonly string[] }> {
  const folder = new Folder(t);
  const ports = await freePorts(size);
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const nodes = ports.map((port, index) =>
    folder.node(`${index}`, {
      'node.name': `node${index}`,
      'cluster.enabled': 'on',
      'cluster.peer_port': `${port}`,
      'cluster.secret': 'a secret that only this test knows',
      'aae.exchange_timer': '500ms',
      ...settings(addresses.join(',')),
    }),
  );
  await Promise.all(nodes.map((node) => node.start()));
  return { nodes, addresses };
}
