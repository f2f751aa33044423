/**
 * What is registered by whom. The rows live in a table that outlives the router; the indexes over them are made
 * anew by `recover`.
 */
import type { RandomSource } from '../../../runtime/kernel/actor.ts';
import type { Id } from '../../../runtime/wamp/message.ts';
import type { Member } from '../api.ts';
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
  /** Invocations of this registration it has not answered. */
  running: number;
}

export interface Registration {
  readonly id: Id;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly invoke: InvokePolicy;
  /** Wall clock, ms. */
  readonly created: number;
  /** In the order they registered. Never empty. */
  readonly callees: Callee[];
  /** Where roundrobin goes on. */
  next: number;
}

// 31 bits: unpredictable and never reused in practice, yet short on the wire and cheap as a key.
const MAX_REGISTRATION_ID = 2 ** 31 - 1;

export class Registrations {
  readonly #rows: Rows<Id, Registration>;
  readonly #random: RandomSource;
  readonly #index = new PatternIndex<Registration>();
  readonly #holdings = new Holdings<Member, Registration>();

  constructor(rows: Rows<Id, Registration>, random: RandomSource) {
    this.#rows = rows;
    this.#random = random;
    for (const registration of [...rows.values()]) {
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
    const id = this.#newId();
    const registration = { id, uri, match, invoke, created, callees: [callee], next: 0 };
    this.#rows.set(id, registration);
    this.#link(registration);
    return registration;
  }

  add(registration: Registration, callee: Callee): void {
    registration.callees.push(callee);
    this.#holdings.add(callee.member, registration);
  }

  /** Returns whether it was the last callee, and the registration is gone with it. */
  remove(registration: Registration, callee: Callee): boolean {
    const at = registration.callees.indexOf(callee);
    if (at < 0) return false;
    registration.callees.splice(at, 1);
    if (at < registration.next) registration.next--; // nobody's turn is lost
    this.#holdings.remove(callee.member, registration);
    if (registration.callees.length > 0) return false;
    this.#index.remove(registration.match, registration.uri);
    this.#rows.delete(registration.id);
    return true;
  }

  #link(registration: Registration): void {
    this.#index.add(registration.match, registration.uri, registration);
    for (const { member } of registration.callees) this.#holdings.add(member, registration);
  }

  #newId(): Id {
    for (;;) {
      const id = this.#random.integer(1, MAX_REGISTRATION_ID);
      if (!this.#rows.has(id)) return id;
    }
  }
}

export function calleeOf(registration: Registration, member: Member): Callee | undefined {
  return registration.callees.find((callee) => callee.member === member);
}
