/**
 * What is registered by whom. The rows live in a table that outlives the router; the indexes over them are made
 * anew by `recover`.
 */
import type { Stamp } from '../../../runtime/causality/hlc.ts';
import type { RandomSource } from '../../../runtime/kernel/actor.ts';
import type { Id } from '../../../runtime/wamp/message.ts';
import type { Member } from '../api.ts';
import type { CalleeProxy, Peer } from '../cluster/peers.ts';
import type { Rows } from '../effects.ts';
import { Holdings } from '../matching/holdings.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import { PatternIndex } from '../matching/patterns.ts';
import { isReserved } from '../reserved.ts';
import type { Party } from './calls.ts';
import type { InvokePolicy } from './invoke-policies.ts';

/** One session behind a registration. */
export interface Callee {
  readonly member: Member;
  readonly party: Party;
  /** Invocations it takes at a time; 0: any number. Who registers anew starts with all slots free. */
  readonly concurrency: number;
  readonly discloseCaller: boolean;
  /** It watches CALL.timeout itself. */
  readonly forwardTimeout: boolean;
  /** It understands INTERRUPT. */
  readonly canCancel: boolean;
  /** Invocations of this registration it has not answered; of a far one, those from here. */
  running: number;
  /** When it registered, and where (`name#incarnation`): the order of callees on all nodes. Alone: 0 and ''. */
  readonly stamp: Stamp;
  readonly node: string;
  /** It took the procedure from those before it. */
  readonly isForced: boolean;
  /** The REGISTER that waits for its answer until the other nodes know; 0: none does. */
  pending: Id;
  /** Present: it is a session of another node. */
  readonly remote: RemoteCallee | undefined;
}

export interface RemoteCallee {
  readonly peer: Peer;
  readonly proxy: CalleeProxy;
}

export interface Registration {
  readonly id: Id;
  readonly uri: string;
  readonly match: MatchPolicy;
  /** Of the callees it has now. */
  readonly invoke: InvokePolicy;
  /** Wall clock, ms. */
  readonly created: number;
  /** In the order they registered, the same on all nodes. Never empty. */
  readonly callees: Callee[];
  /** Where roundrobin goes on. */
  next: number;
  /** Some callees are on other nodes. */
  hasRemote: boolean;
  /** The meta event of its creation is out. */
  isAnnounced: boolean;
}

/** Chooses an id that is not taken. */
export type NewId = (match: MatchPolicy, uri: string, isTaken: (id: Id) => boolean) => Id;

// 31 bits: unpredictable and never reused in practice, yet short on the wire and cheap as a key.
const MAX_REGISTRATION_ID = 2 ** 31 - 1;

export class Registrations {
  readonly #rows: Rows<Id, Registration>;
  readonly #random: RandomSource;
  readonly #newId: NewId;
  readonly #index = new PatternIndex<Registration>();
  readonly #holdings = new Holdings<Member, Registration>();

  constructor(rows: Rows<Id, Registration>, random: RandomSource, newId?: NewId) {
    this.#rows = rows;
    this.#random = random;
    this.#newId = newId ?? (() => this.#randomId());
    for (const registration of [...rows.values()]) {
      if (registration.hasRemote) leaveNear(registration);
      // A crash may have come between the last callee and its row.
      if (registration.callees.length === 0) rows.delete(registration.id);
      else this.#link(registration);
    }
  }

  get(id: Id): Registration | undefined {
    return this.#rows.get(id);
  }

  all(): Iterable<Registration> {
    return this.#rows.values();
  }

  /** What is registered under this very pattern. */
  find(match: MatchPolicy, uri: string): Registration | undefined {
    return this.#index.get(match, uri);
  }

  /** The registration a call to `uri` goes to. A client's pattern does not match what is the router's own. */
  match(uri: string): Registration | undefined {
    const best = this.#index.bestMatch(uri);
    return best && best.match !== 'exact' && isReserved(uri) ? undefined : best;
  }

  of(member: Member): ReadonlySet<Registration> {
    return this.#holdings.of(member);
  }

  wildcardsOf(member: Member): number {
    return this.#holdings.wildcardsOf(member);
  }

  create(
    uri: string,
    match: MatchPolicy,
    invoke: InvokePolicy,
    created: number,
    callee: Callee,
  ): Registration {
    const id = this.#newId(match, uri, (taken) => this.#rows.has(taken));
    const registration: Registration = {
      id,
      uri,
      match,
      invoke,
      created,
      callees: [callee],
      next: 0,
      hasRemote: callee.remote !== undefined,
      isAnnounced: callee.remote !== undefined,
    };
    this.#rows.set(id, registration);
    this.#link(registration);
    return registration;
  }

  add(registration: Registration, callee: Callee): void {
    const { callees } = registration;
    let at = callees.length;
    while (at > 0 && precedes(callee, callees[at - 1])) at--;
    callees.splice(at, 0, callee);
    if (at < registration.next) registration.next++; // nobody's turn comes twice
    if (callee.remote) registration.hasRemote = true;
    this.#holdings.add(callee.member, registration);
  }

  /** Returns whether it was the last callee, and the registration is gone with it. */
  remove(registration: Registration, callee: Callee): boolean {
    const at = registration.callees.indexOf(callee);
    if (at < 0) return false;
    registration.callees.splice(at, 1);
    if (at < registration.next) registration.next--; // nobody's turn is lost
    this.#holdings.remove(callee.member, registration);
    if (callee.remote) registration.hasRemote = registration.callees.some(({ remote }) => remote);
    if (registration.callees.length > 0) return false;
    this.#index.remove(registration.match, registration.uri);
    this.#rows.delete(registration.id);
    return true;
  }

  #link(registration: Registration): void {
    this.#index.add(registration.match, registration.uri, registration);
    for (const { member } of registration.callees) this.#holdings.add(member, registration);
  }

  #randomId(): Id {
    for (;;) {
      const id = this.#random.integer(1, MAX_REGISTRATION_ID);
      if (!this.#rows.has(id)) return id;
    }
  }
}

/** After a crash: callees of other nodes come back with what their nodes have registered. */
function leaveNear(registration: Registration): void {
  const near = registration.callees.filter(({ remote }) => !remote);
  registration.callees.splice(0, registration.callees.length, ...near);
  registration.hasRemote = false;
  registration.next = 0;
}

export function calleeOf(registration: Registration, member: Member): Callee | undefined {
  return registration.callees.find((callee) => callee.member === member);
}

/** By stamp, then by node, then by session: one order on all nodes. */
export function precedes(a: Callee, b: Callee): boolean {
  if (a.stamp !== b.stamp) return a.stamp < b.stamp;
  if (a.node !== b.node) return a.node < b.node;
  return a.node !== '' && a.member.id < b.member.id;
}
