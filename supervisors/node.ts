/**
 * A whole node: puts the parts together, starts the tree, stops it in order. `bondy start` is a thin shell over it,
 * and tests run several in one process.
 */
import type { AdminSection, Readiness } from '../actors/admin/api.ts';
import { MEMBERSHIP } from '../actors/membership/api.ts';
import type { MembershipMessage, Out } from '../actors/membership/api.ts';
import type { PrefixSpec } from '../actors/store/api.ts';
import { RealmDirectory } from '../actors/realms/api.ts';
import { Gate } from '../actors/security/gate.ts';
import type { ExitReason } from '../runtime/kernel/actor.ts';
import { boot } from '../runtime/kernel/boot.ts';
import type { Kernel } from '../runtime/kernel/kernel.ts';
import { NactScheduler } from '../runtime/kernel/nact-scheduler.ts';
import { kernelLog } from '../runtime/log/kernel-log.ts';
import type { Logger } from '../runtime/log/logger.ts';
import { Metrics } from '../runtime/metrics/metrics.ts';
import { createNetEnvironment } from '../runtime/net/environment.ts';
import type { Interposition } from '../runtime/net/peer/interposition.ts';
import { codecs } from '../runtime/wamp/codecs.ts';
import { AuditTrail } from './audit-trail.ts';
import { announcedLogins, Announcements } from './announcements.ts';
import { auditedAuthenticator } from './audited.ts';
import { authentication } from './authentication.ts';
import { Backups } from './backup/backups.ts';
import { clusterStatusGauges } from './cluster-gauges.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { clusterParts } from './cluster-parts.ts';
import { clusterStatus } from './cluster-status.ts';
import { nameProblems } from './name-problems.ts';
import type { NodeConfig } from './config.ts';
import { COUNTER_HELP } from './counters.ts';
import { clusterGauges, nodeGauges } from './gauges.ts';
import { adminAddresses, listenerAddresses, reloadListeners, stopAccepting } from './listening.ts';
import type { Address } from './listening.ts';
import type { NodeStore } from './node-store.ts';
import { nodeStore } from './node-store.ts';
import type { Parts } from './parts.ts';
import { passwordUpgrade } from './password-upgrades.ts';
import { root } from './root.ts';
import type { SecurityParts } from './security-parts.ts';
import { securityParts } from './security-parts.ts';
import { dismissSessions } from './stopping.ts';
import type { StoreParts } from './store-parts.ts';
import { storeGauges, storeProblems } from './store-health.ts';
import { StoreCare } from './store-operations.ts';
import { tickets } from './tickets.ts';
import { unknownUsersSecret } from './unknown-users.ts';

export interface Node {
  readonly kernel: Kernel;
  readonly metrics: Metrics;
  /** Where it listens, with the ports that were really taken. */
  readonly addresses: readonly Address[];
  /** Resolves when the root has ended, whoever ended it. */
  readonly ended: Promise<ExitReason>;
  /** Listeners first, then GOODBYE to every session, a while to drain, then the tree in reverse order. */
  stop(): Promise<void>;
  /** Takes over what can change while it runs: limits, certificates. */
  reload(config: NodeConfig): void;
}

/** What a test gives a node instead of the machine's own. */
export interface Injected {
  /** Wall clock, ms since 1970. */
  readonly wall?: () => number;
  /** Families of rows beside those that subsystems declare. */
  readonly prefixes?: readonly PrefixSpec[];
  /** Sees what passes between this node and others, and may delay or change it. */
  readonly interposition?: Interposition;
}

/** Rejects with a sentence for the operator when something cannot start; nothing is left running then. */
export async function startNode(
  initial: NodeConfig,
  log: Logger,
  version = 'dev',
  injected: Injected = {},
): Promise<Node> {
  let config = initial;
  let isStopping = false;
  let isOut: Out | undefined;
  const adminPorts = new Map<AdminSection, number>();
  const metrics = new Metrics({ counterHelp: COUNTER_HELP });
  const directory = new RealmDirectory();
  const announcements = new Announcements(directory, initial.masterRealm.uri);
  const net = createNetEnvironment({
    codecs,
    count: (counter, by) => metrics.counters.count(counter, by),
    log: (level, event, fields) => log.log(level, event, fields),
    maxBacklogBytes: () => config.maxTotalBacklogBytes,
  });
  const scheduler = new NactScheduler({
    onFault: (error) => log.error('scheduler_fault', { error }),
    wall: injected.wall,
  });
  const own = await nodeStore(initial, log, injected.prefixes ?? []);
  const unknownUsers = orRelease(own, () => unknownUsersSecret(initial, own.directory));
  const security = await securityParts(initial, unknownUsers).catch((error: unknown) => {
    own.release();
    throw error;
  });
  const clusterOfThis = orRelease(own, () =>
    clusterParts(initial, own, {
      ...{ clock: scheduler.clock, net, kernel: () => kernel },
      onConnection: (state, peer) => announcements.connection(state, own.identity.name, peer),
    }),
  );
  if (injected.interposition) clusterOfThis?.network.interpose(injected.interposition);
  const ticketsOfThis = tickets({
    config: () => config,
    security,
    clock: scheduler.clock,
    node: own.identity.name,
    count: net.count,
  });
  const about = {
    config: () => config,
    version,
    kernel: (): Kernel => kernel,
    own,
    cluster: clusterOfThis,
  };
  const audit = new AuditTrail(initial.audit, {
    node: own.identity.name,
    isInCluster: clusterOfThis !== undefined,
    log,
    wall: () => scheduler.clock.wall(),
    lost: () => own.lost(),
    count: net.count,
  });
  const parts: Parts = {
    ...about,
    audit,
    backups: new Backups(about, ({ kind, filename, detail }) => {
      log.info(`backup_${kind}`, { filename, ...detail });
      const reason = detail['message'] === undefined ? undefined : String(detail['message']);
      audit.record({ event: 'backup', what: kind, filename, reason });
      announcements.backup(kind, filename);
    }),
    storeCare: new StoreCare(about),
    log,
    metrics,
    directory,
    security,
    tickets: ticketsOfThis,
    authenticator: auditedAuthenticator(
      announcedLogins(
        new Gate(
          () => security.table.isLoaded,
          authentication({
            config: () => config,
            directory,
            clock: scheduler.clock,
            policy: security.table.policy,
            tickets: ticketsOfThis,
            upgrade: passwordUpgrade(security, net.count),
            secret: unknownUsers,
            count: (counter) => metrics.counters.count(counter),
          }),
        ),
        announcements,
      ),
      audit,
    ),
    net,
    isReady: () => readiness(kernel, isStopping, isOut, own.store, clusterOfThis, security, audit),
    onOut: (why, incarnation) => {
      log.error('node_out', { why, incarnation });
      isOut = why;
    },
    onAdminListening: (section, port) => void adminPorts.set(section, port),
  };
  const kernel: Kernel = boot({
    root: root(parts),
    rootId: 'bondy',
    scheduler,
    log: kernelLog(log),
    turn: { deadlineMs: initial.kernel.turnBudgetMs },
    crashRing: initial.kernel.crashRing,
  });
  kernel.onTurnStart(net.flushes.turnStarts);
  kernel.onTurnEnd(net.flushes.flushAll);
  const released = kernel.ended.then(async () => {
    await clusterOfThis?.idle();
    own.release();
  });
  audit.record({ event: 'node', what: 'started', version });
  // Also of a boot that failed, the first crash says why, without the supervisors that ended for it.
  await kernel.started.finally(() => refuseFailedStart(kernel));
  const addresses = await listenerAddresses(kernel, initial);
  addresses.push(...adminAddresses(initial.admin, adminPorts));
  nodeGauges(metrics, directory, kernel, net);
  if (clusterOfThis !== undefined) {
    clusterGauges(metrics, clusterOfThis);
    clusterStatusGauges(metrics, clusterStatus(parts, clusterOfThis));
  }
  storeGauges(metrics, own.store);

  return {
    kernel,
    metrics,
    addresses,
    ended: kernel.ended,
    async stop() {
      if (!isStopping) {
        isStopping = true;
        audit.record({ event: 'node', what: 'stopping', version });
        stopAccepting(kernel, config);
        if (config.cluster.leavesOnStop) await leaveCluster(kernel);
        const { gracePeriodMs } = config.shutdown;
        await dismissSessions(directory, () => sessionCount(kernel), gracePeriodMs);
        void kernel.stop();
      }
      await kernel.ended;
      await released;
    },
    reload(next) {
      config = next;
      reloadListeners(kernel, next);
    },
  };
}

/** A mistake in the configuration must not keep the data directory locked. */
function orRelease<T>(own: NodeStore, make: () => T): T {
  try {
    return make();
  } catch (error) {
    own.release();
    throw error;
  }
}

const LEAVE_MS = 5_000;

/** Tells the others that this life is over; not waited for beyond a few seconds. */
async function leaveCluster(kernel: Kernel): Promise<void> {
  const membership = kernel.whereis(MEMBERSHIP);
  if (membership === undefined) return;
  await kernel.call<MembershipMessage, Out>(
    membership,
    (reply) => ({ kind: 'leave', reply }),
    LEAVE_MS,
  );
}

/** Later a part that fails is tried again; at the start its sentence is for the operator. */
async function refuseFailedStart(kernel: Kernel): Promise<void> {
  const [first] = kernel.crashes();
  if (first === undefined) return;
  await kernel.stop();
  throw new Error(first.reason.replace(/^error: /, ''));
}

function sessionCount(kernel: Kernel): number {
  const tree = kernel.tree({ childLimit: 0 });
  return tree.children.find(({ id }) => id === 'sessions')?.childCount ?? 0;
}

function readiness(
  kernel: Kernel,
  isStopping: boolean,
  out: Out | undefined,
  store: StoreParts,
  cluster: ClusterParts | undefined,
  security: SecurityParts,
  audit: AuditTrail,
): Readiness {
  const why = isStopping ? ['the node is stopping'] : [];
  if (out !== undefined) why.push(`this node is out of the cluster: ${out}`);
  for (const { id, state } of kernel.tree({ childLimit: 0 }).children) {
    if (state !== 'running') why.push(`${id} is ${state.replace('_', ' ')}`);
  }
  if (!security.table.isLoaded) why.push('who may do what has not been read yet');
  if (cluster !== undefined) why.push(...nameProblems(cluster));
  why.push(...storeProblems(store, kernel.clock.now()));
  if (audit.problem !== undefined) why.push(audit.problem);
  return { ready: why.length === 0, why };
}
