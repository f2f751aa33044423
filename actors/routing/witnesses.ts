/**
 * The sessions and subscriptions of this node, told to the other nodes as long as a subscriber there wants to hear of
 * their end: should this node die, the others know what ended with it (departures.ts). Nobody pays for what nobody watches.
 */
import type { Id } from '../../runtime/wamp/message.ts';
import type { Member } from './api.ts';
import type { Interests } from './broker/interests.ts';
import type { Subscription } from './broker/subscriptions.ts';
import type { Rows } from './effects.ts';
import { isReserved } from './reserved.ts';

export interface WitnessDependencies {
  readonly realm: string;
  readonly interests: Interests;
  readonly members: Pick<Rows<Id, Member>, 'values'>;
  readonly subscriptions: Pick<Rows<Id, Subscription>, 'values'>;
}

const ON_LEAVE = 'wamp.session.on_leave';
const ON_UNSUBSCRIBE = 'wamp.subscription.on_unsubscribe';
const ON_SUBSCRIPTION_DELETE = 'wamp.subscription.on_delete';

export class Witnesses {
  readonly #d: WitnessDependencies;
  #version = -1;
  #tellsSessions = false;
  #tellsSubscriptions = false;

  constructor(dependencies: WitnessDependencies) {
    this.#d = dependencies;
  }

  joined(member: Member): void {
    if (this.#tellsSessions) this.#tellSession(member);
  }

  left({ id }: Member): void {
    if (this.#tellsSessions) this.#d.interests.mine.untell(sessionReport(id));
  }

  subscribed(member: Member, subscription: Subscription): void {
    if (this.#tellsSubscriptions) this.#tellSubscription(member, subscription);
  }

  unsubscribed({ id }: Member, subscription: Subscription): void {
    if (!this.#tellsSubscriptions) return;
    this.#d.interests.mine.untell(subscriptionReport(id, subscription.id));
  }

  /** Other nodes may have begun or ceased to watch. */
  refresh(): void {
    const { interests } = this.#d;
    if (this.#version === interests.version) return;
    this.#version = interests.version;
    this.#watchSessions(interests.isWanted(ON_LEAVE));
    this.#watchSubscriptions(
      interests.isWanted(ON_UNSUBSCRIBE) || interests.isWanted(ON_SUBSCRIPTION_DELETE),
    );
  }

  #watchSessions(isWatched: boolean): void {
    if (this.#tellsSessions === isWatched) return;
    this.#tellsSessions = isWatched;
    for (const member of this.#d.members.values()) {
      if (isWatched) this.#tellSession(member);
      else this.#d.interests.mine.untell(sessionReport(member.id));
    }
  }

  #watchSubscriptions(isWatched: boolean): void {
    if (this.#tellsSubscriptions === isWatched) return;
    this.#tellsSubscriptions = isWatched;
    for (const subscription of this.#d.subscriptions.values()) {
      for (const member of subscription.subscribers.all) {
        if (isWatched) this.#tellSubscription(member, subscription);
        else this.#d.interests.mine.untell(subscriptionReport(member.id, subscription.id));
      }
    }
  }

  #tellSession({ id, authid, authrole }: Member): void {
    const { realm, interests } = this.#d;
    const entry = { kind: 'session', realm, session: id, authid, authrole } as const;
    interests.mine.tell(sessionReport(id), entry);
  }

  /** Watching is not watched, as in the meta API. */
  #tellSubscription({ id: session }: Member, { id, uri, match }: Subscription): void {
    if (isReserved(uri)) return;
    const { realm, interests } = this.#d;
    const entry = { kind: 'subscriber', realm, session, uri, match } as const;
    interests.mine.tell(subscriptionReport(session, id), entry);
  }
}

function sessionReport(session: Id): string {
  return `x:${session}`;
}

function subscriptionReport(session: Id, subscription: Id): string {
  return `u:${session}:${subscription}`;
}
