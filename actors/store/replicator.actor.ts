/**
 * The store's ear and mouth: single puts out and in by broadcast, exchanges of peers served, answers to our own passed on
 * to it. Rows go to their partitions' mailboxes at once; what does not fit there, exchange brings.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import { BODY_LIMITS, decodeBody, encodeBody } from '../../runtime/net/peer/codec.ts';
import type { PeerInput } from '../../runtime/net/peer/port.ts';
import type { BroadcastMessage, Broadcasted } from '../broadcast/api.ts';
import { BROADCAST } from '../broadcast/api.ts';
import { peerService } from '../links/api.ts';
import { partitionName } from './api.ts';
import { ExchangeServer } from './exchange-server.ts';
import { decodeRowKey, partitionOf } from './keys.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { ExchangeMessage } from './messages.ts';
import { parseExchange, toWire } from './messages.ts';
import type { News } from './news.ts';
import { parseNews, plainNews } from './news.ts';
import type { Step } from './replica-calls.ts';
import { replicaOf } from './replica-calls.ts';
import type { SharedRow } from './shared-row.ts';
import { weightOf } from './shared-row.ts';
import type { ReplicationDependencies, ReplicatorMessage } from './services.ts';
import { EXCHANGE, REPLICATOR, STORE_CLOCK } from './services.ts';

type Message = ReplicatorMessage | PeerInput | Broadcasted | Step | { readonly kind: 'subscribe' };

const SUBSCRIBE_AGAIN_MS = 200;
/** Below broadcast's limit, with room for what is around it. */
const NEWS_BYTES = 256 * 1024;
const MAX_NEWS_BYTES = 1000 * 1024;
const REPORT_INTERVAL_MS = 10_000;

export function replicator(dependencies: ReplicationDependencies): Definition<Message> {
  return {
    class: 'control',
    mailbox: { limit: dependencies.config.maxWaiting, onFull: 'refuse' },
    init: (context) => new ReplicatorActor(dependencies, context),
  };
}

class ReplicatorActor implements Handlers<Message> {
  readonly #d: ReplicationDependencies;
  readonly #context: Context<Message>;
  readonly #server: ExchangeServer;
  #reportAgainAt = 0;

  constructor(dependencies: ReplicationDependencies, context: Context<Message>) {
    const { state, config, hashing } = dependencies;
    this.#d = dependencies;
    this.#context = context;
    const replica = replicaOf<Message>(context, {
      keyed: hashing.keyed,
      timeoutMs: config.exchangeTimeoutMs,
      count: (what, by) => dependencies.count(what, by),
    });
    this.#server = new ExchangeServer(state, config, hashing.sha256, replica, (to, message) =>
      this.#send(to, message),
    );
    context.register(REPLICATOR);
    context.register(peerService('store'));
    this.#subscribe();
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'replicate':
        return this.#replicate(message.rows);
      case 'tell':
        return this.#publish(message.news);
      case 'broadcast':
        return this.#onNews(message.origin, message.payload);
      case 'peer_message':
        return this.#onPeerMessage(message.from, message.body);
      case 'link_up':
        return;
      case 'link_down':
        this.#context.whereis(EXCHANGE)?.cast({ kind: 'peer_lost', peer: message.peer.name });
        return this.#server.forget(message.peer.name);
      case 'subscribe':
        return this.#subscribe();
      case 'step':
        return message.run();
    }
  }

  /** Broadcast was restarted. */
  onDown(): void {
    this.#context.after(SUBSCRIBE_AGAIN_MS, { kind: 'subscribe' });
  }

  #subscribe(): void {
    const broadcast = this.#context.whereis(BROADCAST);
    if (broadcast === undefined) return this.onDown();
    this.#context.monitor(broadcast);
    broadcast.cast({ kind: 'subscribe', topic: 'store', target: this.#context.self });
  }

  /** Several puts in one payload, none of them too large for it. */
  #replicate(rows: readonly SharedRow[]): void {
    let [batch, bytes] = [[] as SharedRow[], 0];
    const flush = (): void => {
      if (batch.length > 0) this.#publish({ kind: 'rows', rows: batch });
      [batch, bytes] = [[], 0];
    };
    for (const row of rows) {
      const weight = weightOf(row);
      if (weight > MAX_NEWS_BYTES) this.#d.count('store_replication_too_large');
      else {
        if (bytes + weight > NEWS_BYTES) flush();
        batch.push(row);
        bytes += weight;
      }
    }
    flush();
  }

  #publish(news: News): void {
    const payload = encodeBody(plainNews(news));
    const message: BroadcastMessage = { kind: 'publish', topic: 'store', payload };
    const delivery = this.#context.whereis(BROADCAST)?.cast(message);
    if (delivery !== 'accepted') this.#d.count('store_replication_dropped');
  }

  #onNews(origin: NodeId, payload: Uint8Array): void {
    const value = decodeBody(payload, { ...BODY_LIMITS, maxDepth: 4 });
    const news = value instanceof Malformed ? value : parseNews(value);
    if (news instanceof Malformed) return this.#malformed(origin, news.reason);
    if (news.kind === 'seen') {
      this.#context.whereis(STORE_CLOCK)?.cast({ kind: 'seen', node: origin, news });
      return;
    }
    const { partitions } = this.#d.state;
    const byPartition = new Map<number, SharedRow[]>();
    for (const row of news.rows) {
      const rowKey = decodeRowKey(row.key);
      if (rowKey === undefined) this.#malformed(origin, 'not a key');
      else {
        const partition = partitionOf(rowKey, partitions.length);
        byPartition.set(partition, [...(byPartition.get(partition) ?? []), row]);
      }
    }
    for (const [partition, rows] of byPartition) {
      const delivery = this.#context
        .whereis(partitionName(partition))
        ?.cast({ kind: 'merge', rows });
      if (delivery !== 'accepted') this.#d.count('store_replication_dropped', rows.length);
    }
  }

  #onPeerMessage(from: NodeId, body: Uint8Array): void {
    const value = decodeBody(body, { ...BODY_LIMITS, maxDepth: 8 });
    const message = value instanceof Malformed ? value : parseExchange(value);
    if (message instanceof Malformed) return this.#malformed(from, message.reason);
    if (isForServer(message)) {
      return this.#server.handle(from.name, message, this.#context.clock.now());
    }
    const answer = { kind: 'exchange_answer', from: from.name, message } as const;
    if (this.#context.whereis(EXCHANGE)?.cast(answer) !== 'accepted') {
      this.#d.count('store_messages_unexpected');
    }
  }

  #send(to: string, message: ExchangeMessage): void {
    const body = encodeBody(toWire(message));
    this.#d.count('store_exchange_bytes_sent', body.length);
    if (this.#d.network.send(to, 'store', 'store', body) === 'queued') return;
    this.#d.count('store_not_sent');
    this.#server.forget(to);
  }

  #malformed(from: NodeId, reason: string): void {
    this.#d.count('store_messages_malformed');
    const now = this.#context.clock.now();
    if (now < this.#reportAgainAt) return;
    this.#reportAgainAt = now + REPORT_INTERVAL_MS;
    this.#d.report('store_message_malformed', { from: from.name, reason });
  }
}

function isForServer({ kind }: ExchangeMessage): boolean {
  switch (kind) {
    case 'open':
    case 'ask_symbols':
    case 'ask_roots':
    case 'ask_trees':
    case 'swap':
    case 'learn':
    case 'closed':
      return true;
    case 'equal':
    case 'busy':
    case 'equal_rows':
    case 'different':
    case 'symbols':
    case 'roots':
    case 'trees':
    case 'swapped':
    case 'failed':
      return false;
  }
}
