/** How operations change something: the draft is stored as a whole, then it is told, then it is answered. */
import type { Value } from '../../../runtime/wamp/message.ts';
import type {
  Committed,
  PasswordOptions,
  SecurityRecord,
  StoredPassword,
} from '../../security/api.ts';
import type { Caller } from '../api.ts';
import { apiError, documentError } from '../errors.ts';
import type { ApiError } from '../errors.ts';
import type { Done, Outcome } from '../operation.ts';
import { NOTHING } from '../operation.ts';
import type { Path } from '../plan/draft.ts';
import { Draft } from '../plan/draft.ts';
import type { ManagementPorts } from '../ports.ts';

interface Where {
  readonly realm: string;
  readonly caller: Caller;
  readonly ports: ManagementPorts;
}

export interface Topic {
  readonly realm: string;
  readonly topic: string;
  readonly args: readonly Value[];
}

export function draftFor({ realm, ports, caller }: Where, base: Path = []): Draft {
  const draft = new Draft(ports, realm, base);
  draft.mayRekeySsoUsers = caller.isMaster;
  return draft;
}

/** Realms that bondy.conf describes have no rules but their own; undefined: this one can be changed. */
export function whyFixed({ realm, ports }: Pick<Where, 'realm' | 'ports'>): ApiError | undefined {
  const found = ports.policy.realm(realm);
  return found?.isConfigured && !found.securityEnabled ? fixed(realm) : undefined;
}

function fixed(realm: string): ApiError {
  return apiError(
    'notAllowed',
    `${realm} is a realm of the configuration file: change it there`,
    'Realms that bondy.conf describes are fixed while the node runs.',
  );
}

/** `answer` is asked when it is stored. */
export function store(
  where: Where,
  draft: Draft,
  topics: readonly Topic[],
  answer: () => Outcome,
  done: Done,
): void {
  if (draft.problems.length > 0) return done({ error: documentError(draft.problems) });
  storeRecords(where, draft.records, topics, answer, done);
}

export function storeRecords(
  where: Where,
  records: readonly SecurityRecord[],
  topics: readonly Topic[],
  answer: () => Outcome,
  done: Done,
): void {
  const why = whyFixed(where);
  if (why) return done({ error: why });
  // Of the master realm, users and what they may can be changed.
  const isRow = records.some(({ kind }) => kind === 'realm');
  if (isRow && where.ports.policy.realm(where.realm)?.isConfigured) {
    return done({ error: fixed(where.realm) });
  }
  if (records.length === 0) return done(answer());
  const { ports, caller } = where;
  const { session } = caller;
  const options = {
    seen: ports.inventory.seen(records),
    ...(session !== undefined && { session }),
  };
  ports.writer.commit(records, options, (outcome) => {
    if (outcome.kind === 'failed') return done({ error: failure(outcome) });
    for (const { realm, topic, args } of topics) ports.announce(realm, topic, args);
    done(answer());
  });
}

function failure({ reason, message }: Extract<Committed, { kind: 'failed' }>): ApiError {
  switch (reason) {
    case 'invalid':
      return apiError('invalidData', message);
    case 'conflict':
      return apiError('inconsistency', `${message}: look at it, and make the change again`);
    case 'busy':
    case 'unavailable':
    case 'store':
      return apiError('unavailable', `not stored: ${message}`);
  }
}

export const nothing = (): Outcome => NOTHING;

/** Derived one after another: each takes a worker for a while. `go` gets them in the order given. */
export function derivePasswords<T>(
  ports: ManagementPorts,
  wanted: readonly {
    readonly key: T;
    readonly password: string;
    readonly options: PasswordOptions;
    readonly path: string;
  }[],
  go: (derived: ReadonlyMap<T, StoredPassword>) => void,
  done: Done,
): void {
  const derived = new Map<T, StoredPassword>();
  const next = (i: number): void => {
    const one = wanted[i];
    if (!one) return go(derived);
    ports.passwords.make(one.password, one.options, (made) => {
      switch (made.kind) {
        case 'made':
          derived.set(one.key, made.stored);
          return next(i + 1);
        case 'unsuitable': {
          const message = `the password ${made.why}`;
          return done({
            error: documentError([{ path: one.path, message, error: 'invalidData' }]),
          });
        }
        case 'busy':
          return done({ error: apiError('unavailable', 'too many passwords are being hashed') });
        case 'failed':
          return done({ error: apiError('internal', 'the password could not be hashed') });
      }
    });
  };
  next(0);
}
