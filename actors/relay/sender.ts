/**
 * What this node's routers say to those of other nodes. A channel that is full or down makes answers and events wait here,
 * within bounds and in order; whatever else is for that node is refused meanwhile, so that it goes elsewhere.
 */
import type { PeerNetwork } from '../../runtime/net/peer/port.ts';
import { Unencodable } from '../../runtime/wamp/codec.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { Relaying, RelayMessage, RelayPort } from './api.ts';
import type { RelayConfig } from './config.ts';
import type { Codecs } from './wire.ts';
import { encode, withoutPayload } from './wire.ts';

export type RelayCount =
  | 'relay_sent'
  | 'relay_refused'
  | 'relay_held'
  | 'relay_expired'
  | 'relay_events_dropped'
  | 'relay_answers_stripped';

export interface SenderDependencies {
  readonly network: PeerNetwork;
  readonly codecs: Codecs;
  readonly config: RelayConfig;
  count(what: RelayCount, by?: number): void;
  log(level: 'warn', event: string, fields: Record<string, unknown>): void;
  /** Something waits: `flush` is to be called until nothing does. */
  onHeld(): void;
}

interface Held {
  readonly body: Uint8Array;
  readonly partitionKey: number;
}

interface Waiting {
  readonly queue: Held[];
  bytes: number;
  /** Monotonic ms since when nothing could be sent; undefined until the first flush. */
  since: number | undefined;
}

export interface HeldFor {
  readonly node: string;
  readonly messages: number;
  readonly bytes: number;
}

export class RelaySender implements RelayPort {
  readonly #d: SenderDependencies;
  /** By node name. */
  readonly #waiting = new Map<string, Waiting>();
  #lastDropped = '';

  constructor(dependencies: SenderDependencies) {
    this.#d = dependencies;
  }

  get isHolding(): boolean {
    return this.#waiting.size > 0;
  }

  /** What waits, by node. */
  held(): readonly HeldFor[] {
    return [...this.#waiting].map(([node, { queue, bytes }]) => ({
      node,
      messages: queue.length,
      bytes,
    }));
  }

  isCongested(to: string): boolean {
    return this.#waiting.has(to);
  }

  try(to: string, message: RelayMessage): Relaying {
    if (this.#waiting.has(to)) return this.#refused();
    const body = this.#encode(message);
    if (typeof body === 'string') return body;
    return this.#send(to, body, partitionOf(message.realm)) ? 'sent' : this.#refused();
  }

  send(to: string, message: RelayMessage): Relaying {
    const body = this.#encode(message);
    if (typeof body === 'string') return body;
    const partitionKey = partitionOf(message.realm);
    if (this.#waiting.has(to) || !this.#send(to, body, partitionKey)) {
      this.#hold(to, body, partitionKey, () => {
        this.#d.count('relay_answers_stripped');
        const small = this.#encode(withoutPayload(message, ERRORS.unavailable));
        return typeof small === 'string' ? undefined : small;
      });
    }
    return 'sent';
  }

  publish(to: readonly string[], message: RelayMessage): void {
    const body = this.#encode(message);
    if (typeof body === 'string') return this.#dropped(to.join(), message.realm, to.length);
    const partitionKey = partitionOf(message.realm);
    for (const name of to) {
      if (!this.#waiting.has(name) && this.#send(name, body, partitionKey)) continue;
      this.#hold(name, body, partitionKey, () => {
        this.#dropped(name, message.realm, 1);
        return undefined;
      });
    }
  }

  /** Tries what waits. */
  flush(now: number): void {
    for (const [to, waiting] of this.#waiting) {
      const { queue } = waiting;
      let sent = 0;
      while (sent < queue.length && this.#send(to, queue[sent].body, queue[sent].partitionKey)) {
        waiting.bytes -= queue[sent++].body.length;
      }
      queue.splice(0, sent);
      if (sent > 0) waiting.since = undefined;
      if (queue.length === 0) this.#waiting.delete(to);
      else this.#expire(to, waiting, now);
    }
  }

  /** That life of the node is over. */
  forget(to: string): void {
    const waiting = this.#waiting.get(to);
    if (!waiting) return;
    this.#d.count('relay_expired', waiting.queue.length);
    this.#waiting.delete(to);
  }

  #expire(to: string, waiting: Waiting, now: number): void {
    waiting.since ??= now;
    if (now - waiting.since >= this.#d.config.heldMs) this.forget(to);
  }

  #encode(message: RelayMessage): Uint8Array | 'unencodable' | 'too_large' {
    const body = encode(message, this.#d.codecs);
    if (body instanceof Unencodable) return 'unencodable';
    return body.length > this.#d.config.maxMessageBytes ? 'too_large' : body;
  }

  #send(to: string, body: Uint8Array, partitionKey: number): boolean {
    const options = { partitionKey, acknowledged: true };
    const isQueued = this.#d.network.send(to, 'relay', 'relay', body, options) === 'queued';
    if (isQueued) this.#d.count('relay_sent');
    return isQueued;
  }

  #refused(): Relaying {
    this.#d.count('relay_refused');
    return 'unreachable';
  }

  /** `instead`: what is kept when there is no room for the body. */
  #hold(
    to: string,
    body: Uint8Array,
    partitionKey: number,
    instead: () => Uint8Array | undefined,
  ): void {
    let waiting = this.#waiting.get(to);
    if (!waiting) {
      this.#waiting.set(to, (waiting = { queue: [], bytes: 0, since: undefined }));
      this.#d.onHeld();
    }
    const hasRoom = waiting.bytes + body.length <= this.#d.config.maxHeldBytes;
    const kept = hasRoom ? body : instead();
    if (!kept) return;
    waiting.queue.push({ body: kept, partitionKey });
    waiting.bytes += kept.length;
    this.#d.count('relay_held');
  }

  /** Every one is counted; the log names each node once in a row. */
  #dropped(to: string, realm: string, events: number): void {
    this.#d.count('relay_events_dropped', events);
    if (this.#lastDropped === to) return;
    this.#lastDropped = to;
    this.#d.log('warn', 'relay.event_dropped', { node: to, realm });
  }
}

/** Everything of a realm takes one connection, so its order is kept (FNV-1a). */
export function partitionOf(realm: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < realm.length; i++) hash = Math.imul(hash ^ realm.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
