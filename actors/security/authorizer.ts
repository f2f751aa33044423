/**
 * Who may do what in one realm, decided from memory and remembered per session. What is remembered is valid for one
 * version of the policy, so that a grant that is taken back is out of force with the next request.
 */
import type { Member } from '../routing/api.ts';
import type { Action, Authorizer } from './api.ts';
import type { Permission } from './policy/permissions.ts';
import type { Match, PolicyPort, Subject } from './policy-port.ts';

/** The authorizer of a realm without access rules: whoever was let in may do everything. */
export function openAuthorizer(allowDisclosure: boolean): Authorizer {
  return { mayI: () => true, mayDisclose: () => allowDisclosure };
}

/** What the authorizer asks of the policy. */
export type Decisions = Pick<PolicyPort, 'allows' | 'version' | 'realm'>;

/**
 * Per session. Too low: a session that uses more URIs in turn pays for each decision (microseconds). Too high: sessions
 * that ask for ever new URIs take that many, of up to some 300 bytes each.
 */
const MAX_REMEMBERED = 128;

const PERMISSIONS: Readonly<Record<Action, Permission>> = {
  call: 'wamp.call',
  cancel: 'wamp.cancel',
  register: 'wamp.register',
  unregister: 'wamp.unregister',
  publish: 'wamp.publish',
  subscribe: 'wamp.subscribe',
  unsubscribe: 'wamp.unsubscribe',
};

/** The places of decisions, by action and match. */
const SLOTS: Readonly<Record<Action, number>> = {
  call: 0,
  cancel: 3,
  register: 6,
  unregister: 9,
  publish: 12,
  subscribe: 15,
  unsubscribe: 18,
};
const OFFSETS: Readonly<Record<Match, number>> = { exact: 0, prefix: 1, wildcard: 2 };

interface Remembered {
  version: number;
  readonly subject: Subject;
  readonly decisions: (Map<string, boolean> | undefined)[];
  size: number;
}

export class PolicyAuthorizer implements Authorizer {
  readonly #realm: string;
  readonly #policy: Decisions;
  readonly #subjectOf: (member: Member) => Subject;
  readonly #remembered = new WeakMap<Member, Remembered>();

  constructor(
    realm: string,
    policy: Decisions,
    subjectOf: (member: Member) => Subject = subjectOfMember,
  ) {
    this.#realm = realm;
    this.#policy = policy;
    this.#subjectOf = subjectOf;
  }

  mayI(member: Member, action: Action, uri: string, match: Match): boolean {
    const remembered = this.#of(member);
    const slot = SLOTS[action] + OFFSETS[match];
    const known = remembered.decisions[slot]?.get(uri);
    if (known !== undefined) return known;
    const { subject } = remembered;
    const allowed = this.#policy.allows(this.#realm, subject, PERMISSIONS[action], uri, match);
    remember(remembered, slot, uri, allowed);
    return allowed;
  }

  /** Not remembered: a session may hold more than that has room for, and most of it is not asked for again. */
  mayStill(member: Member, action: Action, uri: string, match: Match): boolean {
    const { subject } = this.#of(member);
    return this.#policy.allows(this.#realm, subject, PERMISSIONS[action], uri, match);
  }

  /**
   * The realm's `allowDisclosure` decides for everybody; where it says nothing, the permissions `wamp.disclose_caller`
   * and `wamp.disclose_publisher` do. Rare, so not remembered.
   */
  mayDisclose(member: Member, action: Action, uri: string, match: Match = 'exact'): boolean {
    const allowed = this.#policy.realm(this.#realm)?.limits.allowDisclosure;
    if (typeof allowed === 'boolean') return allowed;
    const permission: Permission =
      action === 'publish' ? 'wamp.disclose_publisher' : 'wamp.disclose_caller';
    const { subject } = this.#of(member);
    return this.#policy.allows(this.#realm, subject, permission, uri, match);
  }

  #of(member: Member): Remembered {
    const version = this.#policy.version(this.#realm);
    let remembered = this.#remembered.get(member);
    if (!remembered) {
      remembered = { version, subject: this.#subjectOf(member), decisions: [], size: 0 };
      this.#remembered.set(member, remembered);
    } else if (remembered.version !== version) {
      forget(remembered);
      remembered.version = version;
    }
    return remembered;
  }
}

function remember(remembered: Remembered, slot: number, uri: string, allowed: boolean): void {
  if (remembered.size >= MAX_REMEMBERED) forget(remembered);
  (remembered.decisions[slot] ??= new Map<string, boolean>()).set(uri, allowed);
  remembered.size++;
}

function forget(remembered: Remembered): void {
  remembered.decisions.length = 0;
  remembered.size = 0;
}

/**
 * `authrole` is a group that was chosen at HELLO, or one of the words for all of the user's groups; several are in
 * `authextra.x_authroles`, as in Bondy.
 */
export function subjectOfMember(member: Member): Subject {
  const { subject, authid, authrole, authmethod, authextra } = member;
  if (subject) return subject;
  if (authmethod === 'anonymous') return { username: undefined, groups: undefined };
  const chosen = authextra['x_authroles'];
  if (Array.isArray(chosen)) {
    return { username: authid, groups: chosen.filter((each) => typeof each === 'string') };
  }
  return { username: authid, groups: ALL_GROUPS.has(authrole) ? undefined : [authrole] };
}

const ALL_GROUPS: ReadonlySet<string> = new Set(['', 'all', 'default']);
