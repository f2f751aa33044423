/**
 * The events of the subscription meta API (WAMP advanced, meta_api_subscriptions), in its order: on_create before
 * on_subscribe, on_unsubscribe before on_delete. Subscriptions to meta events raise none themselves: whoever watches
 * subscriptions does not want to watch the watchers.
 */
import type { Member } from '../api.ts';
import type { RoutingEffects } from '../effects.ts';
import { isReserved } from '../reserved.ts';
import { subscriptionDetails } from './subscription-meta.ts';
import type { Witnesses } from '../witnesses.ts';
import type { Subscription } from './subscriptions.ts';

export class SubscriptionEvents {
  readonly #effects: Pick<RoutingEffects, 'announce' | 'isHeard'>;
  readonly #witnesses: Pick<Witnesses, 'subscribed' | 'unsubscribed'> | undefined;

  constructor(
    effects: Pick<RoutingEffects, 'announce' | 'isHeard'>,
    witnesses?: Pick<Witnesses, 'subscribed' | 'unsubscribed'>,
  ) {
    this.#effects = effects;
    this.#witnesses = witnesses;
  }

  created(member: Member, subscription: Subscription): void {
    if (!this.#effects.isHeard || isReserved(subscription.uri)) return;
    const details = subscriptionDetails(subscription);
    this.#effects.announce('wamp.subscription.on_create', [member.id, details]);
  }

  joined(member: Member, subscription: Subscription): void {
    this.#witnesses?.subscribed(member, subscription);
    this.#announce('wamp.subscription.on_subscribe', member, subscription);
  }

  parted(member: Member, subscription: Subscription): void {
    this.#witnesses?.unsubscribed(member, subscription);
    this.#announce('wamp.subscription.on_unsubscribe', member, subscription);
  }

  deleted(member: Member, subscription: Subscription): void {
    this.#announce('wamp.subscription.on_delete', member, subscription);
  }

  #announce(topic: string, member: Member, subscription: Subscription): void {
    if (!this.#effects.isHeard || isReserved(subscription.uri)) return;
    this.#effects.announce(topic, [member.id, subscription.id]);
  }
}
