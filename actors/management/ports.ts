/** What operations need of the rest of the node. Whatever takes time answers through `done`, once. */
import type { Dict, Value } from '../../runtime/wamp/message.ts';
import type {
  Committed,
  CommitOptions,
  Inventory,
  MadePassword,
  PasswordOptions,
  PolicyPort,
  SecurityRecord,
  StoredPassword,
  VerifiedPassword,
} from '../security/api.ts';
import type { ApiError, ApiOutcome, Caller } from './api.ts';

export interface ManagementPorts {
  readonly policy: PolicyPort;
  readonly inventory: Inventory;
  readonly writer: WriterPort;
  readonly passwords: PasswordsPort;
  readonly realmKeys: RealmKeysPort;
  /** What the routers of this realm and their sessions know, on all nodes: the WAMP meta API. */
  readonly meta: MetaPort;
  /** Undefined: not on this node, and its operations are no procedures. */
  readonly cluster: OperationsPort<ClusterVerb> | undefined;
  readonly tickets: OperationsPort<TicketVerb> | undefined;
  readonly backup: OperationsPort<BackupVerb> | undefined;
  readonly store: OperationsPort<StoreVerb> | undefined;
  /** An error: they could not be gathered. */
  metrics(done: (text: string | Error) => void): void;
  /** Published when a change is stored. */
  announce(realm: string, topic: string, args: readonly Value[]): void;
  count(counter: string): void;
  readonly audit: AuditPort;
}

/** The log of what was changed by whom. */
export interface AuditPort {
  /** Why nothing may be changed now. */
  readonly refusal: string | undefined;
  record(
    caller: Caller,
    uri: string,
    /** Names, never what they were given. */
    target: string | undefined,
    error: ApiError | undefined,
  ): void;
}

export interface WriterPort {
  /**
   * Dates and stores them, restrictive ones first and a realm's own row last. When it is done, the policy of this node has
   * them.
   */
  commit(
    records: readonly SecurityRecord[],
    options: CommitOptions,
    done: (outcome: Committed) => void,
  ): void;
}

export interface PasswordsPort {
  make(password: string, options: PasswordOptions, done: (made: MadePassword) => void): void;
  verify(
    password: string,
    stored: StoredPassword,
    options: PasswordOptions,
    done: (verified: VerifiedPassword) => void,
  ): void;
}

export interface RealmKeysPort {
  /** Of private keys in PEM; a string says what is wrong with one. */
  read(
    realm: string,
    use: 'sign' | 'encrypt',
    pem: string,
  ): Extract<SecurityRecord, { readonly kind: 'realm_key' }> | string;
}

export interface MetaPort {
  /** A procedure `wamp.…` of the realm's router. Errors keep their URI. */
  ask(
    realm: string,
    procedure: string,
    args: readonly Value[],
    kwargs: Dict,
    caller: Caller,
    done: (outcome: ApiOutcome) => void,
  ): void;
}

/** Operations that others perform: they get what was checked against the schema. */
export interface OperationsPort<Verb extends string> {
  perform(
    verb: Verb,
    request: {
      readonly caller: Caller;
      readonly realm: string;
      readonly args: Dict;
      readonly kwargs: Dict;
    },
    done: (outcome: { readonly value: Value } | { readonly error: ApiError }) => void,
  ): void;
}

export type ClusterVerb = 'members' | 'info' | 'connections' | 'join' | 'leave' | 'remove';
export type TicketVerb = 'issue' | 'verify' | 'list' | 'revoke' | 'revoke_listed' | 'revoke_all';
export type BackupVerb = 'create' | 'restore' | 'status' | 'verify';
export type StoreVerb = 'status' | 'check' | 'repair';
