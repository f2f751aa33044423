/**
 * Broadcast on real links: turns messages into inputs of the machine, sends what it says and hands payloads to their
 * subscribers. It answers for nothing else: a subscriber's work happens in the subscriber's own turns.
 */
import type { CallOutcome, Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { BodyLimits } from '../../runtime/net/peer/codec.ts';
import { BODY_LIMITS, decodeBody, encodeBody } from '../../runtime/net/peer/codec.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { PeerInput, PeerNetwork } from '../../runtime/net/peer/port.ts';
import type { LinkInfo, LinksMessage } from '../links/api.ts';
import { LINKS, peerService } from '../links/api.ts';
import type { MembershipEvent } from '../membership/api.ts';
import { MEMBERSHIP } from '../membership/api.ts';
import type { BroadcastMessage, BroadcastTopic } from './api.ts';
import { BROADCAST, BROADCAST_TOPICS } from './api.ts';
import { Broadcaster } from './broadcaster.ts';
import type { BroadcasterInput } from './broadcaster.ts';
import type { BroadcastConfig } from './config.ts';
import { Deliveries } from './deliveries.ts';
import type { Payload, PeerMessage } from './message.ts';
import { isRefused, MAX_ORIGINS, MAX_RANGE_NUMBERS, parsePeerMessage, toWire } from './message.ts';
import { nodeOf } from './origin.ts';
import type { BroadcastCounter, BroadcastPort, BroadcastTimer } from './port.ts';
import type { BroadcastTables } from './tables.ts';

type Own =
  | { readonly kind: 'timer'; readonly timer: BroadcastTimer }
  | { readonly kind: 'retry_deliveries' }
  | { readonly kind: 'measure' }
  | { readonly kind: 'follow_membership' }
  | { readonly kind: 'links'; readonly outcome: CallOutcome<readonly LinkInfo[]> };

export type BroadcastActorMessage = BroadcastMessage | PeerInput | MembershipEvent | Own;

export interface BroadcastDependencies {
  readonly network: PeerNetwork;
  readonly config: BroadcastConfig;
  /** Made in the supervisor's `children`. */
  readonly tables: BroadcastTables;
  /** `View.neighbors` of membership. Absent: whoever is connected. */
  readonly neighbors?: () => readonly string[];
  count(what: BroadcastCounter, by?: number): void;
  warn(event: string, fields: Record<string, unknown>): void;
}

/** Between two looks at the round trips of the links. */
const MEASURE_MS = 10_000;
const LINKS_TIMEOUT_MS = 1_000;
const FOLLOW_AGAIN_MS = 200;
/** A peer that talks nonsense all the time fills a counter, not the log. */
const WARN_INTERVAL_MS = 10_000;
const TOPICS: ReadonlySet<string> = new Set(BROADCAST_TOPICS);

export function broadcast(dependencies: BroadcastDependencies): Definition<BroadcastActorMessage> {
  return { class: 'control', init: (context) => new BroadcastActor(dependencies, context) };
}

class BroadcastActor implements Handlers<BroadcastActorMessage>, BroadcastPort {
  readonly #d: BroadcastDependencies;
  readonly #context: Context<BroadcastActorMessage>;
  readonly #machine: Broadcaster;
  readonly #deliveries: Deliveries;
  readonly #limits: BodyLimits;
  #isRetrying = false;
  #warnAgainAt = 0;

  constructor(dependencies: BroadcastDependencies, context: Context<BroadcastActorMessage>) {
    const { network, config, tables } = dependencies;
    this.#d = dependencies;
    this.#context = context;
    this.#limits = {
      ...BODY_LIMITS,
      maxDepth: 4,
      maxItems: MAX_RANGE_NUMBERS + 4 * MAX_ORIGINS,
    };
    this.#deliveries = new Deliveries(tables.topics.claim(context), config, (what, by) =>
      dependencies.count(what, by),
    );
    this.#machine = new Broadcaster({
      self: network.self,
      config,
      rows: { own: tables.own.claim(context), seen: tables.seen.claim(context) },
      random: context.random,
      port: this,
      ...(dependencies.neighbors && { candidates: dependencies.neighbors }),
    });
    context.register(BROADCAST);
    context.register(peerService('broadcast'));
    this.#machine.start();
    for (const peer of network.connected()) this.#tell({ kind: 'link_up', peer });
    this.#retryLater();
    this.#measureLater();
    this.#followMembership();
  }

  handle(message: BroadcastActorMessage): void {
    switch (message.kind) {
      case 'publish':
        return this.#publish(message);
      case 'subscribe':
        this.#deliveries.subscribe(message.topic, message.target);
        return this.#retryLater();
      case 'unsubscribe':
        return this.#deliveries.unsubscribe(message.topic, message.target);
      case 'info':
        return message.reply.reply({
          ...this.#machine.info(),
          backlog: this.#deliveries.backlog(),
        });
      case 'trees':
        return message.reply.reply(this.#machine.trees(message.limit));
      case 'peer_message':
        return this.#onPeerMessage(message.from, message.body);
      case 'link_up':
      case 'link_down':
      case 'node_up':
      case 'node_down':
      case 'node_left':
      case 'timer':
        return this.#tell(message);
      case 'retry_deliveries':
        this.#isRetrying = false;
        if (!this.#deliveries.retry()) this.#retryLater();
        return;
      case 'node_suspect': // it may still answer; grafts go around it if it does not
        return;
      case 'measure':
        return this.#measure();
      case 'follow_membership':
        return this.#followMembership();
      case 'links':
        return this.#onLinks(message.outcome);
    }
  }

  /** Membership ended; its successor tells everything again. */
  onDown(): void {
    this.#context.after(FOLLOW_AGAIN_MS, { kind: 'follow_membership' });
  }

  send(to: readonly string[], message: PeerMessage): void {
    const body = encodeBody(toWire(message));
    for (const peer of to) {
      const delivery = this.#d.network.send(peer, 'broadcast', 'broadcast', body);
      if (delivery === 'overloaded') this.#tell({ kind: 'not_sent', to: peer, message });
    }
    const isPayload = 'payload' in message;
    this.count(isPayload ? 'broadcast_payloads_sent' : 'broadcast_control_sent', to.length);
  }

  deliver(payload: Payload): void {
    const { topic, origin, bytes } = payload;
    if (!isKnown(topic)) return this.count('broadcast_unknown_topic');
    this.count('broadcast_delivered');
    const message = { kind: 'broadcast', topic, origin: nodeOf(origin), payload: bytes } as const;
    if (!this.#deliveries.deliver(message)) this.#retryLater();
  }

  schedule(afterMs: number, timer: BroadcastTimer): void {
    this.#context.after(afterMs, { kind: 'timer', timer });
  }

  count(what: BroadcastCounter, by = 1): void {
    this.#d.count(what, by);
  }

  #publish({ topic, payload, reply }: Extract<BroadcastMessage, { kind: 'publish' }>): void {
    const { maxPayloadBytes } = this.#d.config;
    if (payload.length > maxPayloadBytes) {
      this.count('broadcast_too_large');
      return reply?.reply({ kind: 'too_large', maxPayloadBytes });
    }
    this.#tell({ kind: 'publish', topic, bytes: payload });
    reply?.reply({ kind: 'published' });
  }

  #onPeerMessage(from: NodeId, body: Uint8Array): void {
    const value = decodeBody(body, this.#limits);
    const message =
      value instanceof Malformed
        ? ({ kind: 'refused', reason: value.reason } as const)
        : parsePeerMessage(value, this.#d.config.maxPayloadBytes);
    if (!isRefused(message)) return this.#tell({ kind: 'received', from, message });
    this.count('broadcast_malformed');
    const now = this.#context.clock.now();
    if (now < this.#warnAgainAt) return;
    this.#warnAgainAt = now + WARN_INTERVAL_MS;
    this.#d.warn('broadcast_malformed', { from: from.name, reason: message.reason });
  }

  #followMembership(): void {
    const membership = this.#context.whereis(MEMBERSHIP);
    if (membership === undefined) return this.onDown();
    this.#context.monitor(membership);
    membership.cast({ kind: 'subscribe', target: this.#context.self });
  }

  /** Grafts wait for a multiple of the round trip, so the machine is told what the links measure. */
  #measure(): void {
    const links = this.#context.whereis(LINKS);
    if (links === undefined) return this.#measureLater();
    this.#context.call<LinksMessage, readonly LinkInfo[]>(
      links,
      (reply) => ({ kind: 'info', reply }),
      LINKS_TIMEOUT_MS,
      (outcome) => ({ kind: 'links', outcome }),
    );
  }

  #onLinks(outcome: CallOutcome<readonly LinkInfo[]>): void {
    this.#measureLater();
    if (outcome.kind !== 'reply') return;
    for (const { peer, rttMs } of outcome.value) {
      if (peer === undefined || rttMs === undefined) continue;
      this.#tell({ kind: 'round_trip', peer: peer.name, ms: rttMs });
    }
  }

  #measureLater(): void {
    this.#context.after(MEASURE_MS, { kind: 'measure' });
  }

  #retryLater(): void {
    if (this.#isRetrying || this.#deliveries.backlog() === 0) return;
    this.#isRetrying = true;
    this.#context.after(this.#d.config.backlogRetryMs, { kind: 'retry_deliveries' });
  }

  #tell(input: BroadcasterInput): void {
    this.#machine.handle(input, this.#context.clock.now());
  }
}

function isKnown(topic: string): topic is BroadcastTopic {
  return TOPICS.has(topic);
}
