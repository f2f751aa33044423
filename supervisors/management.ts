/** The admin API, wired: its operations over the policy, the writer, routers, the cluster and backups of this node. */
import type { OperationOutcome } from '../actors/admin/operations.ts';
import { readAddress } from '../actors/admin/operations.ts';
import type { Caller } from '../actors/management/api.ts';
import { MANAGEMENT_DEFAULTS } from '../actors/management/config.ts';
import { apiError } from '../actors/management/errors.ts';
import type { ErrorName } from '../actors/management/errors.ts';
import { management } from '../actors/management/management.actor.ts';
import { canonicalName } from '../actors/management/names.ts';
import type { Operation } from '../actors/management/operation.ts';
import type {
  BackupVerb,
  ClusterVerb,
  ManagementPorts,
  OperationsPort,
  StoreVerb,
} from '../actors/management/ports.ts';
import { operationTable } from '../actors/management/table.ts';
import { isMember, stateOf } from '../actors/membership/member.ts';
import type { Member } from '../actors/routing/api.ts';
import type { ManagementLink } from '../actors/routing/managing.ts';
import { Passwords } from '../actors/security/passwords.ts';
import { PolicyInventory } from '../actors/security/policy/inventory.ts';
import type { PolicyDefaults } from '../actors/security/api.ts';
import { DEFAULT_POLICY } from '../actors/security/policy/view.ts';
import { ThreadPoolDeriver } from '../runtime/crypto/derivation.ts';
import { primitives } from '../runtime/crypto/primitives.ts';
import { readPrivateKey } from '../runtime/crypto/signing-key.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import type { Dict, Value } from '../runtime/wamp/message.ts';
import { join, leave, remove } from './cluster-operations.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { metaPort } from './meta-port.ts';
import type { Parts } from './parts.ts';
import { storeReport } from './store-health.ts';
import { ticketsPort } from './tickets.ts';
import { whoIs } from './who-is.ts';

/** A restore reads a whole backup. */
const CALL_MS = 600_000;

export function operationsOf(masterRealm: string, defaults: PolicyDefaults): readonly Operation[] {
  return operationTable({ masterRealm, defaults });
}

/** The same on all nodes, whatever their master realm is called. */
const NAMES: ReadonlySet<string> = new Set(operationsOf('', DEFAULT_POLICY).map(({ uri }) => uri));

/** A child of `security`, whose policy and writer it works with. */
export function managementChild(parts: Parts): ChildSpec {
  const masterRealm = parts.config().masterRealm.uri;
  return {
    id: 'management',
    start: management({
      table: operationsOf(masterRealm, parts.config().authentication.defaults),
      config: { ...MANAGEMENT_DEFAULTS, masterRealm },
      ports: managementPorts(parts),
    }),
  };
}

/** What the router of this realm needs to know of it. */
export function managementLink(parts: Parts, realm: string): ManagementLink {
  const masterRealm = parts.config().masterRealm.uri;
  return {
    timeoutMs: CALL_MS,
    nameOf(uri) {
      const name = canonicalName(uri);
      return name !== undefined && NAMES.has(name) ? name : undefined;
    },
    callerOf: (member) => callerOf(member, realm, masterRealm),
  };
}

/** The dealer has asked whether it may. */
function callerOf(
  { id, subject, authmethod, ticket }: Member,
  realm: string,
  masterRealm: string,
): Caller {
  return {
    realm,
    username: subject?.username,
    groups: subject?.groups,
    isVouchedFor: subject?.isVouchedFor,
    isMaster: realm === masterRealm,
    isAuthorized: true,
    session: id,
    authmethod,
    ticket: ticket?.scope,
  };
}

function managementPorts(parts: Parts): ManagementPorts {
  const { security, directory, metrics, audit } = parts;
  const { policy } = security.table;
  const announce: ManagementPorts['announce'] = (realm, topic, args) =>
    void directory.lookup(realm)?.router.cast({ kind: 'told', topic, args });
  const passwords = new Passwords({
    crypto: primitives,
    deriver: new ThreadPoolDeriver(() => parts.config().authentication.derivation),
    limits: () => parts.config().authentication.password,
  });
  return {
    policy,
    inventory: new PolicyInventory(policy),
    writer: {
      commit: (records, options, done) => security.commits.commit(records, done, options),
    },
    passwords: {
      make: (password, options, done) => passwords.make(password, options, done),
      verify: (password, stored, options, done) =>
        passwords.verify(password, stored, options, primitives.random(16), done),
    },
    realmKeys: {
      read(realm, use, pem) {
        const key = readPrivateKey(pem, use);
        return typeof key === 'string' ? key : security.keys.recordOf(realm, use, key);
      },
    },
    meta: metaPort(directory),
    cluster: clusterPort(parts),
    tickets: ticketsPort(parts.tickets, announce),
    backup: backupPort(parts),
    store: storePort(parts),
    metrics: (done) => void metrics.text().then(done, done),
    announce,
    count: (counter) => metrics.counters.count(counter),
    audit: {
      get refusal() {
        return audit.refusal;
      },
      record: (caller, uri, target, error) =>
        audit.record({
          event: 'administration',
          who: whoIs(caller),
          what: uri,
          target,
          outcome: error ? 'refused' : 'ok',
          reason: error?.code,
        }),
    },
  };
}

function clusterPort(parts: Parts): OperationsPort<ClusterVerb> {
  const { cluster, own } = parts;
  return {
    perform(verb, { args, kwargs }, done) {
      switch (verb) {
        case 'members':
          return done({ value: nodes(cluster, own.identity.name) });
        case 'connections':
          return done({ value: cluster?.network.connected().map(({ name }) => ({ name })) ?? [] });
        case 'info':
          return done({
            value: {
              node_spec: { name: own.identity.name, incarnation: own.identity.incarnation },
              nodes: nodes(cluster, own.identity.name),
            },
          });
        case 'join':
        case 'leave':
        case 'remove':
          if (!cluster) {
            const alone = 'this node is alone (cluster.enabled = off)';
            return done({ error: apiError('noSuchProcedure', alone) });
          }
          return change(parts, cluster, verb, { ...args, ...kwargs }, done);
      }
    },
  };
}

type Done = Parameters<OperationsPort<string>['perform']>[2];

function change(
  parts: Parts,
  cluster: ClusterParts,
  verb: 'join' | 'leave' | 'remove',
  args: Dict,
  done: Done,
): void {
  const kernel = parts.kernel();
  switch (verb) {
    case 'join': {
      const address = readAddress(String(args['address']));
      if (!address) {
        const error = apiError('invalidArgument', 'address: write host:port');
        return done({ error: { ...error, path: 'address' } });
      }
      return settle(parts, join(kernel, cluster, address), done);
    }
    case 'leave':
      return settle(parts, leave(kernel, cluster), done);
    case 'remove': {
      const isForced = args['force'] === true;
      return settle(parts, remove(kernel, cluster, { name: String(args['node']), isForced }), done);
    }
  }
}

function nodes(cluster: ClusterParts | undefined, self: string): readonly Dict[] {
  const members = [...(cluster?.roster.view?.members() ?? [])].filter(isMember);
  if (members.length === 0) return [{ name: self, state: 'up' }];
  return members.map((member) => ({ name: member.name, state: stateOf(member) }));
}

function backupPort(parts: Parts): OperationsPort<BackupVerb> {
  const { backups } = parts;
  return {
    perform(verb, { args, kwargs }, done) {
      const file = fileOf(args['file']);
      if (verb === 'status') return done({ value: backups.status() as Dict });
      if (verb === 'create') return settle(parts, backups.create(file), done);
      if (file === undefined) {
        const error = apiError('invalidArgument', 'file: is missing');
        return done({ error: { ...error, path: 'file' } });
      }
      if (verb === 'verify') return settle(parts, backups.verify(file), done);
      const mode = kwargs['as_new'] === true ? 'as_new' : 'merge';
      return settle(parts, backups.restore(file, mode), done);
    },
  };
}

function storePort(parts: Parts): OperationsPort<StoreVerb> {
  const { storeCare, own, kernel } = parts;
  return {
    perform(verb, _request, done) {
      switch (verb) {
        case 'status':
          return done({ value: storeReport(own.store, kernel().clock) as unknown as Dict });
        case 'check':
          return settle(parts, storeCare.check(), done);
        case 'repair':
          return settle(parts, storeCare.repair(), done);
      }
    },
  };
}

/** Bondy's clients send `{path}` or `{filename}`. */
function fileOf(given: Value | undefined): string | undefined {
  if (typeof given === 'string') return given;
  const { path, filename } = (given ?? {}) as Dict;
  return [filename, path].find((each) => typeof each === 'string');
}

function settle(parts: Parts, running: Promise<OperationOutcome>, done: Done): void {
  running.then(
    (outcome) => {
      if (outcome.kind === 'done') return done({ value: outcome.report as Dict });
      const error = apiError(errorOf(outcome.status), outcome.message);
      done({ error: { ...error, code: outcome.error } });
    },
    (error: unknown) => {
      parts.log.error('operation_failed', { error });
      done({ error: apiError('internal', 'the log has the details') });
    },
  );
}

function errorOf(status: number): ErrorName {
  if (status === 404) return 'notFound';
  if (status === 409) return 'inconsistency';
  return status >= 500 ? 'unavailable' : 'invalidArgument';
}
