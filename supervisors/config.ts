/**
 * The configuration of a node: every subsystem's keys put together, and what is wrong with them as a whole. This is
 * the one object the tree is built from.
 */
import type { AdminConfig } from '../actors/admin/config.ts';
import type { RealmConfig } from '../actors/realms/config.ts';
import type { AuthenticationConfig } from '../actors/security/config.ts';
import type { TicketsConfig } from '../actors/security/tickets/config.ts';
import type { SessionsConfig } from '../actors/sessions/config.ts';
import { conflictMistakes } from '../runtime/config/check.ts';
import type { Conflict } from '../runtime/config/check.ts';
import { loadSettings } from '../runtime/config/load.ts';
import type { Sources } from '../runtime/config/load.ts';
import type { Mistake } from '../runtime/config/mistake.ts';
import type { Values } from '../runtime/config/schema.ts';
import type { Effective } from '../runtime/config/settings.ts';
import type { LogConfig } from '../runtime/log/log-host.ts';
import { adminConfig, adminConflicts, adminKeys } from './configuration/admin.ts';
import {
  authenticationConfig,
  authenticationConflicts,
  authenticationKeys,
} from './configuration/authentication.ts';
import { auditConfig, auditKeys } from './configuration/audit.ts';
import type { NodeAuditConfig } from './configuration/audit.ts';
import { backupConfig, backupKeys } from './configuration/backup.ts';
import type { BackupConfig } from './configuration/backup.ts';
import { bootstrapConfig, bootstrapKeys } from './configuration/bootstrap.ts';
import type { BootstrapConfig } from './configuration/bootstrap.ts';
import { clusterConfig, clusterConflicts, clusterKeys } from './configuration/cluster.ts';
import type { ClusterConfig } from './configuration/cluster.ts';
import { listenerKeys } from './configuration/listener-keys.ts';
import {
  isLoopback,
  listenerConflicts,
  listenersConfig,
  portConflicts,
} from './configuration/listeners.ts';
import type { ListenersConfig, Opened } from './configuration/listeners.ts';
import { kernelKeys, logKeys, nodeKeys, shutdownKeys } from './configuration/node.ts';
import { masterRealmConflicts, masterRealmKeys } from './configuration/master-realm.ts';
import type { MasterRealmConfig } from './configuration/master-realm.ts';
import { OPEN_REALM, realmConfigs, realmConflicts, realmKeys } from './configuration/realms.ts';
import { routingConfig, routingConflicts, routingKeys } from './configuration/routing.ts';
import type { RoutingConfig } from './configuration/routing.ts';
import { sessionKeys } from './configuration/sessions.ts';
import { storeConfig, storeKeys } from './configuration/store.ts';
import type { NodeStoreConfig } from './configuration/store.ts';
import { ticketConflicts, ticketKeys, ticketsConfig } from './configuration/tickets.ts';

export interface NodeConfig {
  readonly node: { readonly name: string };
  /** Each says itself whether it is enabled. */
  readonly listeners: ListenersConfig;
  /** Unread bytes of all clients together at which those that owe most are cut. */
  readonly maxTotalBacklogBytes: number;
  readonly admin: AdminConfig;
  readonly realms: readonly RealmConfig[];
  readonly masterRealm: MasterRealmConfig;
  readonly authentication: AuthenticationConfig;
  readonly tickets: TicketsConfig;
  readonly sessions: SessionsConfig;
  readonly routing: RoutingConfig;
  readonly cluster: ClusterConfig;
  readonly store: NodeStoreConfig;
  readonly bootstrap: BootstrapConfig;
  readonly audit: NodeAuditConfig;
  readonly backup: BackupConfig;
  readonly log: LogConfig;
  readonly kernel: { readonly turnBudgetMs: number; readonly crashRing: number };
  readonly shutdown: { readonly gracePeriodMs: number };
}

export const schema = {
  node: nodeKeys,
  listeners: listenerKeys,
  admin: adminKeys,
  realms: realmKeys,
  masterRealm: masterRealmKeys,
  authentication: authenticationKeys,
  tickets: ticketKeys,
  sessions: sessionKeys,
  routing: routingKeys,
  cluster: clusterKeys,
  store: storeKeys,
  bootstrap: bootstrapKeys,
  audit: auditKeys,
  backup: backupKeys,
  log: logKeys,
  kernel: kernelKeys,
  shutdown: shutdownKeys,
};

type NodeValues = Values<typeof schema>;

export interface LoadedConfig {
  /** Only to be used when there are no mistakes. */
  readonly config: NodeConfig;
  readonly mistakes: readonly Mistake[];
  readonly settings: readonly Effective[];
}

export function loadNodeConfig(sources: Sources): LoadedConfig {
  const settings = loadSettings(schema, sources);
  const { values, mistakes, effective } = settings;
  const config = nodeConfig(values, sources.environment);
  const conflicts = conflictMistakes(settings, conflictsOf(values, config));
  return { config, mistakes: [...mistakes, ...conflicts], settings: effective };
}

/** What a node runs with when nobody says anything: loopback, realm1, open. */
export function defaultNodeConfig(): NodeConfig {
  const nothing = { file: undefined, environment: {}, flags: [], workingDirectory: '.' };
  return loadNodeConfig({ ...nothing, files: { read: () => undefined } }).config;
}

function nodeConfig(values: NodeValues, environment: BootstrapConfig['environment']): NodeConfig {
  const { sessions, realms, listeners, routing } = values;
  const store = storeConfig(values.store);
  return {
    ...values,
    admin: adminConfig(values.admin),
    listeners: listenersConfig(listeners, sessions.maxBacklogBytes),
    maxTotalBacklogBytes: listeners.all.maxTotalBacklogBytes,
    realms: realmConfigs(realms, values.bootstrap.file !== undefined),
    authentication: authenticationConfig(values.authentication),
    tickets: ticketsConfig(values.tickets),
    routing: routingConfig(routing),
    cluster: clusterConfig(values.cluster),
    store,
    bootstrap: bootstrapConfig(values.bootstrap, environment),
    audit: auditConfig(values.audit),
    backup: backupConfig(values.backup, store.dataDirectory),
  };
}

function conflictsOf(values: NodeValues, config: NodeConfig): readonly Conflict[] {
  const { listeners, sessions, realms, routing } = values;
  const opened = Object.values(config.listeners) as readonly Opened[];
  return [
    ...listenerConflicts(listeners, sessions.maxBacklogBytes),
    ...adminConflicts(values.admin),
    ...portConflicts([
      ...opened,
      { section: 'admin_api.http', ...config.admin },
      { section: 'admin_api.https', ...config.admin.https },
    ]),
    ...realmConflicts(realms),
    ...masterRealmConflicts(values.masterRealm, config.realms),
    ...authenticationConflicts(values.authentication),
    ...ticketConflicts(values.tickets),
    ...routingConflicts(routing),
    ...clusterConflicts(values.cluster, values.node.name),
    ...(config.realms.includes(OPEN_REALM) ? openRealmConflicts(opened) : []),
  ];
}

/** The realm that is there by default is open: nobody may meet it over a network by accident. */
function openRealmConflicts(listeners: readonly Opened[]): readonly Conflict[] {
  return listeners
    .filter(({ enabled, address }) => enabled && !isLoopback(address))
    .map(({ section, address }) => ({
      keys: [`${section}.ip`],
      problem: `${address} can be reached by others, and realm1 lets everybody in by default`,
      advice:
        'Describe your realms (realms.NAME.uri, realms.NAME.authmethods = ticket), or write ' +
        'realms.realm1.authmethods = anonymous to mean it.',
    }));
}
