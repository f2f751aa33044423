/**
 * When the decisions of a realm change: goes through what its sessions hold and takes what they may no longer have. A
 * session at a time and a slice per turn, so that a realm of a hundred thousand subscriptions goes on serving; what comes
 * in meanwhile is decided anew anyway.
 *
 * Calls that were made while they were allowed are brought to their end, also by a callee that has lost its registration.
 */
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { Id } from '../../runtime/wamp/message.ts';
import type { Authorizer } from '../security/api.ts';
import type { Member } from './api.ts';
import type { Registration } from './dealer/registrations.ts';
import { calleeOf } from './dealer/registrations.ts';
import type { Rows } from './effects.ts';
import type { MatchPolicy } from './matching/patterns.ts';
import type { Cores } from './requests.ts';

export interface Held {
  readonly id: Id;
  readonly uri: string;
  readonly match: MatchPolicy;
}

export interface ReviewingDependencies {
  readonly members: Rows<Id, Member>;
  readonly authorizer: Authorizer;
  /** Live: what is revoked in between is not come across. */
  registrationsOf(member: Member): Iterable<Registration>;
  subscriptionsOf(member: Member): Iterable<Held>;
  revokeRegistration(registration: Registration, reason: string, member: Member): void;
  revokeSubscription(member: Member, subscription: Id, reason: string): void;
  /** Have `step` called in a later turn. */
  later(): void;
}

/** Decisions in a turn: some microseconds each. */
const SLICE = 200;
/** What the client is told in UNREGISTERED and UNSUBSCRIBED. */
export const REVOKED = ERRORS.notAuthorized;

export class Reviewing {
  readonly #d: ReviewingDependencies;
  #walk: Iterator<void> | undefined;
  /** Decisions changed during the walk: what it has passed is to be seen again. */
  #isStale = false;

  constructor(dependencies: ReviewingDependencies) {
    this.#d = dependencies;
  }

  begin(): void {
    if (!this.#d.authorizer.mayStill) return;
    this.#isStale = this.#walk !== undefined;
    if (this.#walk) return;
    this.#walk = this.#all();
    this.step();
  }

  step(): void {
    const walk = this.#walk;
    if (!walk) return; // of a router that died
    for (let decisions = 0; decisions < SLICE; decisions++) {
      if (walk.next().done) return this.#end();
    }
    this.#d.later();
  }

  #end(): void {
    this.#walk = undefined;
    if (!this.#isStale) return;
    this.#isStale = false;
    this.#walk = this.#all();
    this.#d.later();
  }

  /** Yields after each thing it has looked at. */
  *#all(): Generator<void> {
    for (const member of this.#d.members.values()) {
      yield;
      for (const registration of this.#d.registrationsOf(member)) {
        if (!this.#mayKeep(member, registration)) {
          this.#d.revokeRegistration(registration, REVOKED, member);
        }
        yield;
      }
      for (const { id, uri, match } of this.#d.subscriptionsOf(member)) {
        if (!this.#may(member, 'subscribe', uri, match)) {
          this.#d.revokeSubscription(member, id, REVOKED);
        }
        yield;
      }
    }
  }

  #mayKeep(member: Member, registration: Registration): boolean {
    const { uri, match } = registration;
    if (!this.#may(member, 'register', uri, match)) return false;
    // Registered on the condition that it is told who calls.
    return (
      !calleeOf(registration, member)?.discloseCaller ||
      this.#d.authorizer.mayDisclose(member, 'register', uri, match)
    );
  }

  #may(member: Member, action: 'register' | 'subscribe', uri: string, match: MatchPolicy): boolean {
    return this.#d.authorizer.mayStill!(member, action, uri, match);
  }
}

/** Of the cores of a router. */
export function reviewing(
  members: Rows<Id, Member>,
  authorizer: Authorizer,
  { broker, dealer }: Pick<Cores, 'broker' | 'dealer'>,
  later: () => void,
): Reviewing {
  return new Reviewing({
    members,
    authorizer,
    registrationsOf: (member) => dealer.registrations.of(member),
    subscriptionsOf: (member) => broker.heldBy(member),
    revokeRegistration: (...what) => dealer.registrar.revoke(...what),
    revokeSubscription: (...what) => void broker.revoke(...what),
    later,
  });
}
