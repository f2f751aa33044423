/**
 * What the store keeps of realms and of who may do what: one row per fact, so that concurrent edits meet fact by fact.
 *
 * A fact that is taken back stays as a row that is not held: between concurrent edits the one that takes back wins, and a
 * deletion could not say that it was concurrent. A realm exists when its own row does, which is therefore written last.
 */
import type { Dict } from '../../runtime/wamp/message.ts';

/** The prefix of all of them in the store. */
export const SECURITY = 'security';

interface Fact {
  /** False: taken back. */
  readonly held: boolean;
  /** When it was written, ms since the epoch: for people, and to forget what was taken back long ago. */
  readonly at: number;
}

/**
 * What other facts are about: a realm, a user, a group. Who is taken back takes along what was said about it, in one
 * write: when the name is used again, `since` is set, and facts that are older belong to its predecessor and count for
 * nothing. `Policy.stamp` sets it, and sees to it that later facts are not older.
 */
interface Owner extends Fact {
  /** 0: the first of its name. */
  readonly since: number;
}

/** Null: inherited from the prototype, then the default. */
export interface RealmRecord extends Owner {
  readonly kind: 'realm';
  readonly uri: string;
  readonly description: string;
  readonly isPrototype: boolean;
  readonly prototypeUri: string | null;
  readonly isSsoRealm: boolean;
  readonly ssoRealmUri: string | null;
  /** Whose sessions may be opened with credentials of this (SSO) realm. Null: those of every realm that names it. */
  readonly allowedRealms: readonly string[] | null;
  readonly allowConnections: boolean | null;
  readonly authmethods: readonly string[] | null;
  readonly securityEnabled: boolean | null;
  readonly password: PasswordOptions | null;
  readonly limits: RealmLimits;
  readonly info: Dict;
}

export interface RealmLimits {
  readonly uriStrictness: 'loose' | 'strict' | null;
  readonly allowDisclosure: boolean | null;
  readonly maxSessions: number | null;
  readonly maxSubscriptionsPerSession: number | null;
  readonly maxMessageBytes: number | null;
  /** Requests per second and session. */
  readonly maxRate: number | null;
}

/** Which verifiers are derived when a password is set, and at what cost. */
export interface PasswordOptions {
  /** `hash`: argon2id, for methods that reveal the password. `scram`. `cra`: a key that is as good as the password. */
  readonly protocols: readonly ('hash' | 'scram' | 'cra')[];
  readonly scramKdf: 'pbkdf2' | 'argon2id13';
  /** Of PBKDF2. */
  readonly iterations: number;
  /** Of argon2id: KiB and passes. */
  readonly memory: number;
  readonly passes: number;
}

export interface RealmKeyRecord extends Fact {
  readonly kind: 'realm_key';
  readonly realm: string;
  readonly kid: string;
  readonly use: 'sign' | 'encrypt';
  /** JWK as JSON. */
  readonly publicKey: string;
  /** JWK as JSON, sealed with the node's key file if it has one. */
  readonly privateKey: string;
  readonly isSealed: boolean;
}

export interface UserRecord extends Owner {
  readonly kind: 'user';
  readonly realm: string;
  readonly username: string;
  readonly enabled: boolean;
  readonly ssoRealmUri: string | null;
  readonly meta: Dict;
  readonly password: StoredPassword | null;
  /**
   * When the password changed, ms, dated by the writer like `at`, and always another one: sessions that came in by another
   * password must close. Between concurrent edits the later password counts, whichever edit is the later one.
   */
  readonly passwordAt: number;
}

/** Binary values in base64. */
export interface StoredPassword {
  /** PHC string. */
  readonly hash: string | null;
  readonly scram: {
    readonly kdf: 'pbkdf2' | 'argon2id13';
    readonly salt: string;
    readonly iterations: number;
    readonly memory: number | null;
    readonly storedKey: string;
    readonly serverKey: string;
  } | null;
  readonly cra: {
    /** As the client gets it: its text is what is hashed. */
    readonly salt: string;
    readonly iterations: number;
    readonly keylen: number;
    /** base64(PBKDF2): its text is the HMAC key. */
    readonly key: string;
  } | null;
}

export interface AuthorizedKeyRecord extends Fact {
  readonly kind: 'authorized_key';
  readonly realm: string;
  readonly username: string;
  /** Ed25519, 64 hexadecimal digits, lower case. */
  readonly key: string;
  /**
   * Of the user whom its author knew, or of the realm if that is newer: it opens no session of a later user of the name,
   * whatever the clocks say. `Policy.stamp` sets it.
   */
  readonly userSince: number;
}

export interface AliasRecord extends Fact {
  readonly kind: 'alias';
  readonly realm: string;
  readonly alias: string;
  readonly username: string;
}

export interface GroupRecord extends Owner {
  readonly kind: 'group';
  readonly realm: string;
  readonly name: string;
  readonly meta: Dict;
}

export interface MembershipRecord extends Fact {
  readonly kind: 'membership';
  readonly realm: string;
  readonly of: 'user' | 'group';
  readonly member: string;
  readonly group: string;
}

export interface SourceRecord extends Fact {
  readonly kind: 'source';
  readonly realm: string;
  /** `all`, `anonymous` or a username. */
  readonly username: string;
  readonly authmethod: string;
  /** Normalized: no bits under the mask. */
  readonly cidr: string;
  readonly meta: Dict;
}

export interface GrantRecord extends Fact {
  readonly kind: 'grant';
  readonly realm: string;
  /** `all`, `group/NAME` (among them `group/anonymous`) or `user/NAME`. */
  readonly role: string;
  /** `wamp.call`, … */
  readonly permission: string;
  /** Of `any`: the empty string. */
  readonly uri: string;
  /** `any`: not tied to a resource. */
  readonly match: 'exact' | 'prefix' | 'wildcard' | 'any';
}

export interface TicketRecord extends Fact {
  readonly kind: 'ticket';
  /** The realm whose key has signed it. */
  readonly realm: string;
  readonly authid: string;
  /** One ticket each: realm, client and device it is for. */
  readonly scope: {
    readonly realm: string | null;
    readonly clientId: string | null;
    readonly deviceId: string | null;
  };
  readonly id: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Tickets that had this place before and are older were revoked, not only replaced. `Policy.stamp` sees to it. */
  readonly since: number;
}

/**
 * Tickets of this user that are not younger open no sessions in this realm any more, whether their rows are here or still
 * under way. Never taken back, and dated after all of them.
 */
export interface TicketCutoffRecord extends Fact {
  readonly kind: 'ticket_cutoff';
  readonly realm: string;
  readonly authid: string;
}

export type SecurityRecord =
  | RealmRecord
  | RealmKeyRecord
  | UserRecord
  | AuthorizedKeyRecord
  | AliasRecord
  | GroupRecord
  | MembershipRecord
  | SourceRecord
  | GrantRecord
  | TicketRecord
  | TicketCutoffRecord;
