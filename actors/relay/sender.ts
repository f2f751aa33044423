/**
 * What this node's routers say to those of other nodes, a batch per turn, node and realm. A channel that is full or down
 * makes answers and events wait here, within bounds and in order; whatever else is for that node is refused meanwhile, so
 * that it goes elsewhere.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { PeerNetwork } from '../../runtime/net/peer/port.ts';
import { ByteWriter } from '../../runtime/wamp/writer.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { Relayed, Relaying, RelayMessage, RelayPort } from './api.ts';
import type { RelayConfig } from './config.ts';
import type { Codecs } from './entry.ts';
import { writeEntry } from './entry.ts';
import { Outbox } from './outbox.ts';
import { batchOf, decode, withoutPayload } from './wire.ts';

export type RelayCount =
  | 'relay_sent'
  | 'relay_batches_sent'
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
  /** `leave` is to be called when the turn ends. */
  onGathered(): void;
  /** To the realm's router of this node: calls that could not be sent after all. */
  giveBack(realm: string, refused: Relayed): void;
  /**
   * Of an overlay that does not link to every node: keeps a link to this one, made if need be, for `keptMs`. Absent: all
   * nodes are linked, and one without a link cannot be reached.
   */
  reach?(to: string): void;
  /** What is to be said to this node, about this realm, of what the store here has seen; empty: nothing new. */
  causal?(to: string, realm: string): Uint8Array;
}

interface Held {
  readonly realm: string;
  readonly body: Uint8Array;
  readonly count: number;
}

interface Waiting {
  queue: Held[];
  bytes: number;
  /** Monotonic ms since when nothing could be sent; undefined until the first flush. */
  since: number | undefined;
  /** For a link that is being made: calls wait, too. */
  isReaching: boolean;
}

export interface HeldFor {
  readonly node: string;
  readonly messages: number;
  readonly bytes: number;
}

const NO_DETAIL = 'the node cannot be reached';

export class RelaySender implements RelayPort {
  readonly #d: SenderDependencies;
  readonly #outbox: Outbox;
  /** By node name. */
  readonly #waiting = new Map<string, Waiting>();
  /** The lives that calls were meant for. */
  readonly #lives = new Map<string, NodeId>();
  /** Nodes with whom something was said since links were last asked for. */
  readonly #used = new Set<string>();
  #lastDropped = '';

  constructor(dependencies: SenderDependencies) {
    this.#d = dependencies;
    this.#outbox = new Outbox({
      codecs: dependencies.codecs,
      maxMessageBytes: dependencies.config.maxMessageBytes,
      leave: (to, realm, entries, count) => this.#leave(to, realm, entries, count),
      onFirst: () => dependencies.onGathered(),
    });
  }

  get isHolding(): boolean {
    return this.#waiting.size > 0;
  }

  /** What waits, by node. */
  held(): readonly HeldFor[] {
    return [...this.#waiting].map(([node, { queue, bytes }]) => ({
      node,
      messages: queue.reduce((sum, { count }) => sum + count, 0),
      bytes,
    }));
  }

  isCongested(to: string): boolean {
    return this.#waiting.get(to)?.isReaching === false;
  }

  /** Something was said to this node, or by it: its link is kept. */
  use(name: string): void {
    if (this.#d.reach === undefined || this.#used.has(name)) return;
    this.#used.add(name);
    this.#d.reach(name);
  }

  /** Links that are used from now on are asked for anew. Well within `keptMs`. */
  renew(): void {
    this.#used.clear();
  }

  try(to: NodeId, message: RelayMessage): Relaying {
    const { name, incarnation } = to;
    if (this.#waiting.size > 0 && this.isCongested(name)) return this.#refused();
    if (
      !this.#outbox.has(name, message.realm) ||
      this.#lives.get(name)?.incarnation !== incarnation
    ) {
      // Others may have told of a life that has no link to us yet, while the link to the one before seems to be there.
      const isLinked = this.#d.network.isConnected(name, incarnation);
      if (!isLinked && !this.#isReachable(name)) return this.#refused();
      this.#lives.set(name, to);
    }
    return this.#outbox.add(name, message) ?? 'sent';
  }

  send(to: string, message: RelayMessage): Relaying {
    return this.#outbox.add(to, message) ?? 'sent';
  }

  publish(to: readonly string[], message: RelayMessage): void {
    if (this.#outbox.addToAll(to, message) === undefined) return;
    this.#dropped(to.join(), message.realm, to.length);
  }

  /** The turn ends: what it said leaves. */
  leave(): void {
    this.#outbox.leaveAll();
  }

  /** Tries what waits. */
  flush(now: number): void {
    for (const [to, waiting] of this.#waiting) {
      const { queue } = waiting;
      let sent = 0;
      while (sent < queue.length && this.#send(to, queue[sent])) {
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
    this.#outbox.leaveFor(to);
    this.#lives.delete(to);
    const waiting = this.#waiting.get(to);
    if (!waiting) return;
    this.#d.count(
      'relay_expired',
      waiting.queue.reduce((sum, { count }) => sum + count, 0),
    );
    this.#waiting.delete(to);
  }

  #expire(to: string, waiting: Waiting, now: number): void {
    waiting.since ??= now;
    if (waiting.isReaching && now - waiting.since >= this.#d.config.reachMs) {
      waiting.isReaching = false;
      waiting.queue = waiting.queue.flatMap((held) => this.#giveBack(to, held) ?? []);
      waiting.bytes = waiting.queue.reduce((sum, { body }) => sum + body.length, 0);
      if (waiting.queue.length === 0) return void this.#waiting.delete(to);
    }
    if (now - waiting.since >= this.#d.config.heldMs) this.forget(to);
  }

  #leave(to: string, realm: string, entries: Uint8Array, count: number): void {
    const held = { realm, body: batchOf(realm, entries, this.#d.causal?.(to, realm)), count };
    if (this.#waiting.has(to)) return this.#hold(to, held);
    if (this.#send(to, held)) return;
    const isReaching = this.#isReachable(to);
    const rest = isReaching ? held : this.#giveBack(to, held);
    if (rest) this.#hold(to, rest, isReaching);
    if (isReaching) this.#d.reach!(to);
  }

  /** It has no link because the overlay wants none, as far as can be seen here. */
  #isReachable(to: string): boolean {
    return this.#d.reach !== undefined && !this.#d.network.isConnected(to);
  }

  #send(to: string, { realm, body, count }: Held): boolean {
    const options = { partitionKey: partitionOf(realm), acknowledged: true };
    if (this.#d.network.send(to, 'relay', 'relay', body, options) !== 'queued') return false;
    this.#d.count('relay_sent', count);
    this.#d.count('relay_batches_sent');
    this.use(to);
    return true;
  }

  #refused(): Relaying {
    this.#d.count('relay_refused');
    return 'unreachable';
  }

  /** New calls go elsewhere, as if they had been refused at once. Answers what is left. */
  #giveBack(to: string, held: Held): Held | undefined {
    const from = this.#lives.get(to);
    const { messages, realm, causal } = decode(held.body, this.#d.codecs)!;
    const calls = messages.flatMap((message) =>
      message.kind === 'invocation' && !message.isChunk ? [message] : [],
    );
    if (!from || calls.length === 0) return held;
    this.#d.count('relay_refused', calls.length);
    const refused = calls.map(({ callee, message: { request } }): RelayMessage => {
      return { kind: 'refused', realm, callee, request, detail: NO_DETAIL };
    });
    this.#d.giveBack(realm, { kind: 'relayed', from, messages: refused, done: 0 });
    const rest = messages.filter((message) => message.kind !== 'invocation' || message.isChunk);
    // A clock that has been told is told with the next batch, or with none that can be refused.
    return rest.length > 0 || causal.length > 0 ? this.#batch(realm, rest, causal) : undefined;
  }

  #hold(to: string, held: Held, isReaching = false): void {
    let waiting = this.#waiting.get(to);
    if (!waiting) {
      this.#waiting.set(to, (waiting = { queue: [], bytes: 0, since: undefined, isReaching }));
      this.#d.onHeld();
    }
    const hasRoom = waiting.bytes + held.body.length <= this.#d.config.maxHeldBytes;
    const kept = hasRoom ? held : this.#withoutRoom(to, held);
    if (!kept) return;
    waiting.queue.push(kept);
    waiting.bytes += kept.body.length;
    this.#d.count('relay_held', kept.count);
  }

  #withoutRoom(to: string, held: Held): Held | undefined {
    const rest = this.#giveBack(to, held);
    return rest && this.#stripped(to, rest);
  }

  /** What is kept when there is no room: answers without their payload, and no events. */
  #stripped(to: string, { body, realm }: Held): Held | undefined {
    const { messages, causal } = decode(body, this.#d.codecs)!;
    const kept = messages.filter(({ kind }) => kind !== 'event');
    if (kept.length < messages.length) this.#dropped(to, realm, messages.length - kept.length);
    const answers = kept.filter(({ kind }) => kind === 'answer' || kind === 'reply').length;
    if (answers > 0) this.#d.count('relay_answers_stripped', answers);
    const small = kept.map((message) => withoutPayload(message, ERRORS.unavailable));
    return small.length > 0 || causal.length > 0 ? this.#batch(realm, small, causal) : undefined;
  }

  #batch(realm: string, messages: readonly RelayMessage[], causal: Uint8Array): Held {
    const writer = new ByteWriter();
    for (const message of messages) {
      const refused = writeEntry(message, this.#d.codecs, writer);
      if (refused) throw new Error(`what was encoded before: ${refused.detail}`);
    }
    const entries = writer.buffer.subarray(0, writer.at);
    return { realm, body: batchOf(realm, entries, causal), count: messages.length };
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
