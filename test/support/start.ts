/** Starts a node for a test: everything the suites assume about configuration is here. */
import { existsSync, readFileSync } from 'node:fs';
import type { Kernel } from '../../runtime/kernel/kernel.ts';
import { SILENT } from '../../runtime/log/logger.ts';
import { loadNodeConfig } from '../../supervisors/config.ts';
import { startNode } from '../../supervisors/node.ts';
import type { Urls } from './raw-client.ts';

export interface Crash {
  readonly path: string;
  readonly reason: string;
  readonly stack: string | undefined;
}

export interface NodeHandle {
  readonly urls: Urls;
  /** Of the admin server; empty: there is none. */
  readonly adminUrl: string;
  /** Of a listener by its name; empty: there is none. */
  urlOf(name: string): string;
  readonly kernel: Kernel;
  /** Of actors, whatever their supervisors made of them. */
  crashes(): readonly Crash[];
  /** A counter of /metrics, without its prefix and suffix. */
  counter(name: string): number;
  /** As a SIGHUP does: with the same settings, files are read again. */
  reload(): void;
  stop(): Promise<void>;
}

/** Loopback, free ports, nothing on disk, no admin server, realm1 open unless the settings describe realms. */
const BASE: Readonly<Record<string, string>> = {
  'api_gateway.http.port': '0',
  'wamp.tcp.port': '0',
  'admin_api.http.enabled': 'off',
  'log.level': 'error',
  'store.engine': 'memory',
};

/** `settings` are lines of bondy.conf as key and value. */
export async function startTestNode(
  settings: Readonly<Record<string, string>> = {},
): Promise<NodeHandle> {
  const { config, mistakes } = loadNodeConfig({
    file: undefined,
    environment: {},
    flags: Object.entries({ ...BASE, ...settings }).map(([key, value]) => `${key}=${value}`),
    workingDirectory: '.',
    files: { read: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined) },
  });
  if (mistakes.length > 0) throw new Error(JSON.stringify(mistakes));
  const node = await startNode(config, SILENT);
  const urlOf = (name: string): string =>
    node.addresses.find((each) => each.name === name)?.url ?? '';
  return {
    kernel: node.kernel,
    urls: { websocket: urlOf('api_gateway.http'), rawsocket: urlOf('wamp.tcp') },
    adminUrl: urlOf('admin'),
    urlOf,
    crashes: () =>
      node.kernel.crashes().map(({ path, reason, stack }) => ({ path, reason, stack })),
    counter: (name) => node.metrics.counters.value(name),
    reload: () => node.reload(config),
    stop: () => node.stop(),
  };
}
