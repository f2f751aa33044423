/** What a running node's listeners can be asked and told. */
import { ADMIN } from '../actors/admin/api.ts';
import type { AdminSection } from '../actors/admin/api.ts';
import type { AdminConfig } from '../actors/admin/config.ts';
import type { ListenerInfo, ListenerMessage } from '../actors/listeners/api.ts';
import type { Ref } from '../runtime/kernel/actor.ts';
import type { Kernel } from '../runtime/kernel/kernel.ts';
import type { NodeConfig } from './config.ts';
import { enabledListeners } from './listeners.ts';

export interface Address {
  readonly name: string;
  readonly url: string;
}

const ANSWER_MS = 5_000;

export async function listenerAddresses(kernel: Kernel, config: NodeConfig): Promise<Address[]> {
  const infos = await Promise.all(listenerRefs(kernel, config).map((ref) => info(kernel, ref)));
  return infos.map((listener) => ({ name: listener.name, url: urlOf(listener) }));
}

export function stopAccepting(kernel: Kernel, config: NodeConfig): void {
  for (const listener of listenerRefs(kernel, config)) listener.cast({ kind: 'stop_accepting' });
}

export function reloadListeners(kernel: Kernel, config: NodeConfig): void {
  for (const listener of enabledListeners(config.listeners)) {
    kernel.whereis(listener.name)?.cast({ kind: 'reload', config: listener.config });
  }
  kernel.whereis(ADMIN)?.cast({ kind: 'reload', https: config.admin.https });
}

/** `ports`: those that were taken. */
export function adminAddresses(
  { address, https }: AdminConfig,
  ports: ReadonlyMap<AdminSection, number>,
): readonly Address[] {
  const [plain, secure] = [ports.get('admin_api.http'), ports.get('admin_api.https')];
  return [
    ...(plain === undefined
      ? []
      : [{ name: 'admin', url: `http://${hostInUrl(address)}:${plain}/` }]),
    ...(secure === undefined
      ? []
      : [{ name: 'admin_api.https', url: `https://${hostInUrl(https.address)}:${secure}/` }]),
  ];
}

export function hostInUrl(address: string): string {
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
  return host.includes(':') ? `[${host}]` : host;
}

function listenerRefs(kernel: Kernel, config: NodeConfig): Ref<ListenerMessage>[] {
  return enabledListeners(config.listeners)
    .map((listener) => kernel.whereis(listener.name))
    .filter((ref) => ref !== undefined);
}

async function info(kernel: Kernel, ref: Ref<ListenerMessage>): Promise<ListenerInfo> {
  const outcome = await kernel.call<ListenerMessage, ListenerInfo>(
    ref,
    (reply) => ({ kind: 'info', reply }),
    ANSWER_MS,
  );
  if (outcome.kind === 'reply') return outcome.value;
  throw new Error(`${ref.path} does not say where it listens (${outcome.kind})`);
}

function urlOf({ kind, tls, address, port }: ListenerInfo): string {
  const at = `${hostInUrl(address)}:${port ?? 0}`;
  if (kind === 'rawsocket') return `${tls ? 'rss' : 'rs'}://${at}`;
  return `${tls ? 'wss' : 'ws'}://${at}/ws`;
}
