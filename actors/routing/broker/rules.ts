/** What a member may publish and subscribe to: URIs, authorization, limits. Each rule answers why not, or nothing. */
import type { UriRule } from '../../../runtime/wamp/uri.ts';
import { isValidUri } from '../../../runtime/wamp/uri.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Action, Authorizer } from '../../security/api.ts';
import type { Member } from '../api.ts';
import type { BrokerConfig } from '../config.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import type { Refusal } from '../refusals.ts';
import { NOT_AUTHORIZED, refusal } from '../refusals.ts';
import { isReserved } from '../reserved.ts';
import type { PublishOptions } from './publication.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface RuleDependencies {
  readonly subscriptions: Subscriptions;
  readonly config: BrokerConfig;
  readonly uriRule: UriRule;
  /** Undefined: everybody may do everything. */
  readonly authorizer: Authorizer | undefined;
  readonly count: (counter: string) => void;
}

export class Rules {
  readonly #d: RuleDependencies;

  constructor(dependencies: RuleDependencies) {
    this.#d = dependencies;
  }

  whyNoPublication(
    member: Member,
    topic: string,
    { discloseMe }: PublishOptions,
  ): Refusal | undefined {
    if (isReserved(topic) || !this.#isValid(topic, 'exact')) {
      return refusal(ERRORS.invalidUri, 'not a topic that can be published to');
    }
    if (!this.#may(member, 'publish', topic, 'exact')) return NOT_AUTHORIZED;
    if (discloseMe && this.#d.authorizer?.mayDisclose(member, 'publish', topic) === false) {
      return refusal(ERRORS.discloseMeDisallowed, 'this session may not disclose itself');
    }
    return undefined;
  }

  /** Asked again by who is subscribed already, a subscription counts against no limit. */
  whyNoSubscription(
    member: Member,
    topic: string,
    match: MatchPolicy,
    pending?: { countOf(member: Member): number },
  ): Refusal | undefined {
    if (!this.#isValid(topic, match)) {
      return refusal(ERRORS.invalidUri, 'not a valid topic for this match policy');
    }
    if (!this.maySubscribe(member, topic, match)) return NOT_AUTHORIZED;
    const { subscriptions, config } = this.#d;
    if (subscriptions.find(match, topic)?.subscribers.has(member.id)) return undefined;
    const waiting = pending?.countOf(member) ?? 0;
    if (subscriptions.heldBy(member.id).size + waiting >= config.maxSubscriptionsPerSession) {
      return refusal(ERRORS.limitExceeded, 'too many subscriptions');
    }
    const wildcards = match === 'wildcard' ? subscriptions.wildcardsHeldBy(member.id) : 0;
    if (wildcards < config.maxWildcardsPerSession) return undefined;
    return refusal(ERRORS.limitExceeded, 'too many subscriptions to wildcards');
  }

  maySubscribe(member: Member, topic: string, match: MatchPolicy): boolean {
    return this.#may(member, 'subscribe', topic, match);
  }

  mayUnsubscribe(member: Member, topic: string, match: MatchPolicy): boolean {
    return this.#may(member, 'unsubscribe', topic, match);
  }

  #isValid(uri: string, match: MatchPolicy): boolean {
    return uri.length <= this.#d.config.maxUriLength && isValidUri(uri, this.#d.uriRule, match);
  }

  #may(member: Member, action: Action, topic: string, match: MatchPolicy): boolean {
    if (this.#d.authorizer?.mayI(member, action, topic, match) !== false) return true;
    this.#d.count('requests_not_authorized');
    return false;
  }
}
