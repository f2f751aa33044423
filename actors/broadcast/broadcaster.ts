/**
 * The whole of broadcast as one machine: inputs with the time they happened at, effects through a port. The origin chooses
 * between direct fan-out and its tree for each payload; everything that arrives is handled the same way whichever this
 * node would have chosen, so nodes that disagree about the size of the cluster lose nothing.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import { isSameNode } from '../../runtime/causality/identity.ts';
import type { RandomSource } from '../../runtime/kernel/actor.ts';
import type { SetWriter } from '../../runtime/kernel/table.ts';
import type { TreeInfo } from './api.ts';
import type { BroadcastConfig } from './config.ts';
import { Direct } from './direct.ts';
import { Exchange } from './exchange.ts';
import { History } from './history.ts';
import { Members } from './members.ts';
import type { Ids, Payload, PeerMessage } from './message.ts';
import { nodeOf, originOf } from './origin.ts';
import { Plumtree } from './plumtree.ts';
import type { BroadcastPort, BroadcastTimer } from './port.ts';
import type { SeenRow } from './seen.ts';
import { Seen } from './seen.ts';

export type BroadcasterInput =
  | { readonly kind: 'publish'; readonly topic: string; readonly bytes: Uint8Array }
  | { readonly kind: 'received'; readonly from: NodeId; readonly message: PeerMessage }
  | { readonly kind: 'link_up'; readonly peer: NodeId }
  | { readonly kind: 'link_down'; readonly peer: NodeId }
  | { readonly kind: 'node_up'; readonly node: NodeId }
  | { readonly kind: 'node_down'; readonly node: NodeId }
  | { readonly kind: 'node_left'; readonly node: NodeId }
  | { readonly kind: 'round_trip'; readonly peer: string; readonly ms: number }
  /** The link had no room for a message of this machine. */
  | { readonly kind: 'not_sent'; readonly to: string; readonly message: PeerMessage }
  | { readonly kind: 'timer'; readonly timer: BroadcastTimer };

/** This node's own sequence: the origin it counts for and the last number given. */
export interface OwnSequence {
  readonly origin: string;
  readonly last: number;
}

/** What outlives a crash of the broadcaster (see tables.ts). */
export interface BroadcasterRows {
  readonly own: SetWriter<'own', OwnSequence>;
  readonly seen: SetWriter<string, SeenRow>;
}

export interface BroadcasterOptions {
  readonly self: NodeId;
  readonly config: BroadcastConfig;
  readonly rows: BroadcasterRows;
  readonly random: RandomSource;
  readonly port: BroadcastPort;
  /** Whom membership would use as neighbours; default: all that are connected. */
  readonly candidates?: () => readonly string[];
}

/** Link changes within this time are one change of neighbours. */
const SETTLE_MS = 10;

export class Broadcaster {
  readonly origin: string;
  readonly #o: BroadcasterOptions;
  readonly #history: History;
  readonly #members: Members;
  readonly #tree: Plumtree;
  readonly #direct: Direct;
  readonly #exchange: Exchange;
  #neighbours: ReadonlySet<string> = new Set();
  /** Links that came up since neighbours were chosen. */
  #relinked = new Set<string>();
  #isUnsettled = false;
  #isSettling = false;

  constructor(options: BroadcasterOptions) {
    const { self, config, rows, random, port } = options;
    this.#o = options;
    this.#members = new Members(self, config);
    const isMember = (origin: string) => this.#members.isMember(nodeOf(origin));
    this.#history = new History(new Seen(rows.seen, config, isMember), config, port);
    this.#tree = new Plumtree(this.#history, config, port);
    this.#direct = new Direct(this.#members, config, port);
    this.#exchange = new Exchange(self.name, this.#history, config, port, random);
    const own = rows.own.get('own');
    this.origin = own?.origin ?? originOf(self, random.integer(0, Number.MAX_SAFE_INTEGER));
    if (own === undefined) rows.own.set('own', { origin: this.origin, last: 0 });
  }

  /** Starts the timers, each somewhere within its first period: nodes that start together do not tick together. */
  start(): void {
    const { config, port, random } = this.#o;
    port.schedule(random.next() * config.lazyTickMs, 'lazy');
    if (config.exchangeTickMs > 0) port.schedule(random.next() * config.exchangeTickMs, 'exchange');
    port.schedule(config.cacheAgeMs, 'forget');
  }

  handle(input: BroadcasterInput, now: number): void {
    switch (input.kind) {
      case 'publish':
        return this.#publish(input.topic, input.bytes, now);
      case 'received':
        return this.#onReceived(input.from, input.message, now);
      case 'link_up':
        this.#members.onLinkUp(input.peer);
        this.#relinked.add(input.peer.name);
        return this.#unsettle();
      case 'link_down':
        this.#members.onLinkDown(input.peer);
        this.#exchange.forgetPeer(input.peer.name);
        return this.#unsettle();
      case 'node_up':
        this.#members.onUp(input.node);
        return this.#unsettle();
      case 'node_down':
        this.#members.onDown(input.node);
        return this.#unsettle();
      case 'node_left':
        this.#members.onLeft(input.node);
        this.#tree.onRootLeft((root) => isSameNode(nodeOf(root), input.node));
        return this.#unsettle();
      case 'round_trip':
        return this.#tree.onRoundTrip(input.peer, input.ms);
      case 'not_sent':
        return this.#onNotSent(input.to, input.message);
      case 'timer':
        return this.#onTimer(input.timer, now);
    }
  }

  info() {
    const { seen, cache } = this.#history;
    return {
      origin: this.origin,
      mode: this.#direct.isUsed ? ('direct' as const) : ('tree' as const),
      members: this.#members.size + 1,
      origins: seen.origins,
      cachedPayloads: cache.size,
      cachedBytes: cache.bytes,
      ...this.#tree.info(),
    };
  }

  trees(limit: number): readonly TreeInfo[] {
    return this.#tree.latest(limit);
  }

  #publish(topic: string, bytes: Uint8Array, now: number): void {
    this.#settle(now);
    const { own } = this.#o.rows;
    const sequence = own.get('own')!.last + 1;
    own.set('own', { origin: this.origin, last: sequence });
    const payload: Payload = { origin: this.origin, sequence, topic, bytes };
    this.#history.accept(payload, 0, now);
    this.#o.port.count('broadcast_published');
    if (this.#direct.isUsed) this.#direct.publish(payload);
    else this.#tree.publish(payload, now);
  }

  #onReceived(peer: NodeId, message: PeerMessage, now: number): void {
    if (this.#members.hasLeft(peer)) return this.#o.port.count('broadcast_from_left');
    this.#settle(now);
    const from = peer.name;
    switch (message.kind) {
      case 'gossip':
        if (this.#isForged(message.payload)) return;
        return this.#tree.onGossip(from, message.payload, message.round, now);
      case 'direct':
        if (this.#isForged(message.payload)) return;
        this.#tree.onOffTree(from, message.payload, false, now);
        return;
      case 'supply':
        if (this.#isForged(message.payload)) return;
        if (this.#tree.onOffTree(from, message.payload, true, now)) this.#exchange.onSupplied(from);
        return;
      case 'i_have':
        return this.#tree.onIHave(from, message.ids, now);
      case 'graft':
        return this.#tree.onGraft(from, message.ids);
      case 'prune':
        return this.#tree.onPrune(from, message.root);
      case 'digest':
        return this.#exchange.onDigest(from, message.ids);
      case 'want':
        return this.#exchange.onWant(from, message.ids);
      case 'more':
        return this.#exchange.onMore(from, now);
    }
  }

  /** Only this node gives numbers to its own messages. */
  #isForged({ origin, sequence }: Payload): boolean {
    if (origin !== this.origin || sequence <= this.#o.rows.own.get('own')!.last) return false;
    this.#o.port.count('broadcast_forged');
    return true;
  }

  #onNotSent(to: string, message: PeerMessage): void {
    this.#o.port.count('broadcast_not_sent');
    switch (message.kind) {
      case 'gossip':
      case 'direct':
      case 'supply':
        return this.#tree.onNotSent(to, [idOf(message.payload)]);
      case 'i_have':
        return this.#tree.onNotSent(to, message.ids);
      case 'graft': // the next announcer is asked
      case 'prune': // the next repetition prunes
      case 'digest': // the next tick compares
      case 'want':
      case 'more':
        return;
    }
  }

  #onTimer(timer: BroadcastTimer, now: number): void {
    const { config, port } = this.#o;
    // Candidates come and go without a word, a little after their links.
    if (timer === 'lazy' || timer === 'settle') this.#isUnsettled = true;
    this.#settle(now);
    switch (timer) {
      case 'lazy':
        this.#history.cache.expire(now);
        this.#exchange.onLazyTick();
        this.#tree.announce();
        return port.schedule(config.lazyTickMs, 'lazy');
      case 'announce':
        return this.#tree.announce();
      case 'exchange':
        this.#exchange.onTick(this.#members.connected(), now);
        return port.schedule(config.exchangeTickMs, 'exchange');
      case 'graft':
        return this.#tree.onGraftTimer(now);
      case 'forget':
        this.#history.settle(now);
        return port.schedule(config.cacheAgeMs, 'forget');
      case 'settle':
        this.#isSettling = false;
    }
  }

  #unsettle(): void {
    this.#isUnsettled = true;
    if (this.#isSettling) return;
    this.#isSettling = true;
    this.#o.port.schedule(SETTLE_MS, 'settle');
  }

  /** Members or links changed since the last time: the way and the neighbours are chosen again. */
  #settle(now: number): void {
    if (!this.#isUnsettled) return;
    this.#isUnsettled = false;
    this.#direct.decide();
    const before = this.#neighbours;
    this.#neighbours = this.#members.neighbours(this.#o.candidates?.());
    const fresh = this.#freshSince(before);
    this.#tree.onNeighbours(this.#neighbours);
    this.#tree.replay(fresh, now);
    this.#exchange.onNeighbours(fresh, now);
  }

  /** Who may lack what was sent: new neighbours, and whoever is sent to and has a new link, however short the gap. */
  #freshSince(before: ReadonlySet<string>): readonly string[] {
    const relinked = this.#relinked;
    this.#relinked = new Set();
    const to = this.#direct.isUsed ? this.#members.connected() : [...this.#neighbours];
    return to.filter(
      (peer) => relinked.has(peer) || (this.#neighbours.has(peer) && !before.has(peer)),
    );
  }
}

function idOf({ origin, sequence }: Payload): Ids {
  return { origin, ranges: [sequence, sequence] };
}
