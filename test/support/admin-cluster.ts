/** Nodes of one cluster in this process, each with its admin server: real links, and stores on disk. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterStatus, EnabledCluster } from '../../actors/admin/api.ts';
import { SILENT } from '../../runtime/log/logger.ts';
import { loadNodeConfig } from '../../supervisors/config.ts';
import type { Node } from '../../supervisors/node.ts';
import { startNode } from '../../supervisors/node.ts';

const PATIENCE_MS = 20_000;
const POLL_MS = 25;

export interface AdminNode {
  readonly name: string;
  readonly node: Node;
  /** Of the admin server, with a slash at its end. */
  readonly url: string;
  status(): Promise<ClusterStatus>;
  /** The first status that fits; rejects with the last one when none does in time. */
  until(fits: (status: EnabledCluster) => boolean): Promise<EnabledCluster>;
}

export interface AdminCluster {
  readonly nodes: readonly AdminNode[];
  stop(): Promise<void>;
}

/** `more`: settings of every node. */
export async function startAdminCluster(
  names: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<AdminCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'bondy-admin-'));
  const ports = await freePorts(names.length);
  const seeds = ports.map((port) => `127.0.0.1:${port}`).join(',');
  const nodes: AdminNode[] = [];
  for (const [index, name] of names.entries()) {
    const settings = {
      'node.name': name,
      'cluster.enabled': 'on',
      'cluster.peer_port': `${ports[index]}`,
      'cluster.secret': 'a secret that only this test knows',
      'cluster.peer_discovery.addresses': seeds,
      'cluster.peer_discovery.initial_delay': '50ms',
      'cluster.peer_discovery.polling_interval': '500ms',
      'aae.exchange_timer': '500ms',
      'store.data_dir': join(directory, `${index}`),
    };
    nodes.push(await startAdminNode({ ...settings, ...more }));
  }
  return {
    nodes,
    async stop() {
      await Promise.all(nodes.map(({ node }) => node.stop()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** On free ports; `settings` are lines of bondy.conf as key and value. */
export async function startAdminNode(
  settings: Readonly<Record<string, string>>,
): Promise<AdminNode> {
  const own = { 'api_gateway.http.port': '0', 'wamp.tcp.port': '0', 'admin_api.http.port': '0' };
  const { config, mistakes } = loadNodeConfig({
    file: undefined,
    environment: {},
    flags: Object.entries({ ...own, ...settings }).map(([key, value]) => `${key}=${value}`),
    workingDirectory: '.',
    files: { read: () => undefined },
  });
  if (mistakes.length > 0) throw new Error(JSON.stringify(mistakes));
  const node = await startNode(config, SILENT);
  const { url } = node.addresses.find(({ name }) => name === 'admin')!;
  const status = async (): Promise<ClusterStatus> =>
    (await (await fetch(`${url}cluster`)).json()) as ClusterStatus;
  return {
    name: config.node.name,
    node,
    url,
    status,
    async until(fits) {
      const deadline = performance.now() + PATIENCE_MS;
      for (;;) {
        const now = await status();
        if (now.enabled && fits(now)) return now;
        if (performance.now() > deadline) throw new Error(JSON.stringify(now, undefined, 1));
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
  };
}

async function freePorts(count: number): Promise<number[]> {
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
