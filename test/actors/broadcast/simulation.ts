/**
 * A network of broadcasters in virtual time: links with latency, loss, crashes and partitions, all from one seed. The
 * membership below is a stand-in with the properties of the real one: a full mesh, or active views of five with a
 * passive view of thirty that replaces who is lost.
 */
import type { NodeId } from '../../../runtime/causality/identity.ts';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import { encodeBody } from '../../../runtime/net/peer/codec.ts';
import { Broadcaster } from '../../../actors/broadcast/broadcaster.ts';
import type { BroadcastConfig } from '../../../actors/broadcast/config.ts';
import { BROADCAST_DEFAULTS } from '../../../actors/broadcast/config.ts';
import type { Payload, PeerMessage } from '../../../actors/broadcast/message.ts';
import { toWire } from '../../../actors/broadcast/message.ts';
import type { BroadcastCounter, BroadcastTimer } from '../../../actors/broadcast/port.ts';
import { EventQueue } from '../../sim/event-queue.ts';

export interface SimulationOptions {
  readonly nodes: number;
  readonly seed: number;
  readonly overlay: 'mesh' | 'active_views';
  readonly config?: Partial<BroadcastConfig>;
  readonly latencyMs?: readonly [low: number, high: number];
  /** Share of messages that vanish, whatever they say. */
  readonly loss?: number;
  /** Count the bytes of every message. */
  readonly isWeighed?: boolean;
}

interface SimulatedNode {
  readonly id: NodeId;
  readonly machine: Broadcaster;
  readonly links: Set<string>;
  readonly passive: readonly string[];
  isAlive: boolean;
  readonly delivered: Map<string, number>; // message key -> times
}

/** What became of one broadcast. */
export interface Fate {
  readonly publishedAt: number;
  payloads: number;
  deliveries: number;
  lastHop: number;
  lastAt: number;
}

const ACTIVE = 5;
const PASSIVE = 30;
const REPAIR_MS = 100;

export class Simulation {
  readonly fates = new Map<string, Fate>();
  readonly counters = new Map<BroadcastCounter, number>();
  readonly #options: SimulationOptions;
  readonly #config: BroadcastConfig;
  readonly #random;
  readonly #queue = new EventQueue();
  readonly #nodes = new Map<string, SimulatedNode>();
  readonly #lastArrival = new Map<string, number>();
  #side: ((name: string) => number) | undefined;
  #round = 0;
  controlMessages = 0;
  payloadMessages = 0;
  bytes = 0;
  loss: number;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.loss = options.loss ?? 0;
    const isMesh = options.overlay === 'mesh';
    const directMembers = isMesh ? BROADCAST_DEFAULTS.directMembers : 0;
    this.#config = { ...BROADCAST_DEFAULTS, directMembers, ...options.config };
    this.#random = seededRandom(options.seed);
    const names = Array.from({ length: options.nodes }, (_, i) => `n${i}`);
    for (const name of names) this.#boot(name, names);
    if (isMesh) this.#linkAll(names);
    else this.#linkRegular(names);
  }

  get now(): number {
    return this.#queue.now;
  }
  get names(): readonly string[] {
    return [...this.#nodes.keys()];
  }
  get alive(): readonly string[] {
    return this.names.filter((name) => this.#node(name).isAlive);
  }

  info(name: string) {
    return this.#node(name).machine.info();
  }
  /** Times each message key was delivered on a node. */
  delivered(name: string): ReadonlyMap<string, number> {
    return this.#node(name).delivered;
  }

  /** Returns the key of the message. */
  publish(name: string, bytes = 100): string {
    const node = this.#node(name);
    const key = `${node.machine.origin}:${this.#published(node) + 1}`;
    const at = this.now;
    this.fates.set(key, { publishedAt: at, payloads: 0, deliveries: 0, lastHop: 0, lastAt: at });
    const input = { kind: 'publish', topic: 'registry', bytes: new Uint8Array(bytes) } as const;
    node.machine.handle(input, at);
    return key;
  }

  run(ms: number): void {
    this.#queue.run(ms);
  }

  /** Connections are reset: neighbours learn it a latency later and look for others. */
  crash(names: readonly string[]): void {
    for (const name of names) this.#node(name).isAlive = false;
    for (const name of names) {
      for (const peer of this.#node(name).links) this.#unlink(name, peer, this.#latency());
    }
    for (const name of this.alive) this.#repairLater(name);
  }

  /** Links between sides are cut, and both ends learn it. */
  partition(sideOf: (name: string) => number): void {
    this.#side = sideOf;
    for (const name of this.alive) {
      for (const peer of this.#node(name).links) {
        if (sideOf(peer) !== sideOf(name)) this.#unlink(name, peer, this.#latency());
      }
    }
    for (const name of this.alive) this.#repairLater(name);
  }

  /** On the mesh every link comes back; with active views some nodes find one of the other side, at least one does. */
  heal(): void {
    const sideOf = this.#side!;
    this.#side = undefined;
    const names = this.alive;
    for (const [i, name] of names.entries()) {
      const others = names.filter((other) => sideOf(other) !== sideOf(name));
      if (others.length === 0) continue;
      if (this.#options.overlay === 'mesh') for (const other of others) this.#link(name, other);
      else if (i === 0 || this.#random.next() < 0.1) this.#link(name, this.#pick(others));
    }
  }

  /** Shares of the living that got a message. */
  reliability(key: string): number {
    const origin = key.slice(0, key.indexOf('#'));
    const others = this.alive.filter((name) => name !== origin);
    return others.filter((name) => this.#node(name).delivered.has(key)).length / others.length;
  }

  /** Payload messages per receiver beyond the one it needs. */
  redundancy(key: string): number {
    return this.fates.get(key)!.payloads / (this.alive.length - 1) - 1;
  }

  #boot(name: string, names: readonly string[]): void {
    const id = { name, incarnation: 1 };
    const machine = new Broadcaster({
      self: id,
      config: this.#config,
      rows: { own: new Map(), seen: new Map() },
      random: this.#random,
      port: {
        send: (to, message) => this.#send(name, to, message),
        deliver: (payload) => this.#deliver(name, payload),
        schedule: (afterMs, timer) => this.#schedule(name, afterMs, timer),
        count: (what, by = 1) => this.counters.set(what, (this.counters.get(what) ?? 0) + by),
      },
    });
    const isMesh = this.#options.overlay === 'mesh';
    const passive = isMesh ? [] : Array.from({ length: PASSIVE }, () => this.#pick(names));
    const node = { id, machine, links: new Set<string>(), passive, isAlive: true };
    this.#nodes.set(name, { ...node, delivered: new Map() });
    machine.start();
  }

  #send(from: string, to: readonly string[], message: PeerMessage): void {
    const payload = 'payload' in message ? message.payload : undefined;
    const weight = this.#options.isWeighed === true ? encodeBody(toWire(message)).length : 0;
    const fate = payload && this.fates.get(keyOf(payload));
    for (const peer of to) {
      if (payload === undefined) this.controlMessages++;
      else this.payloadMessages++;
      if (fate !== undefined) fate.payloads++;
      this.bytes += weight;
      if (!this.#node(from).links.has(peer) || this.#random.next() < this.loss) continue;
      const route = `${from}>${peer}`;
      const at = Math.max(this.now + this.#latency(), this.#lastArrival.get(route) ?? 0);
      this.#lastArrival.set(route, at); // a link keeps order
      this.#queue.push(at, () => this.#receive(from, peer, message));
    }
  }

  #receive(from: string, to: string, message: PeerMessage): void {
    const node = this.#node(to);
    if (!node.isAlive || !node.links.has(from)) return;
    this.#round = message.kind === 'gossip' ? message.round : 1;
    const id = this.#node(from).id;
    node.machine.handle({ kind: 'received', from: id, message }, this.now);
  }

  #deliver(name: string, payload: Payload): void {
    const key = keyOf(payload);
    const { delivered } = this.#node(name);
    delivered.set(key, (delivered.get(key) ?? 0) + 1);
    const fate = this.fates.get(key)!;
    fate.deliveries++;
    fate.lastHop = Math.max(fate.lastHop, this.#round);
    fate.lastAt = this.now;
  }

  #schedule(name: string, afterMs: number, timer: BroadcastTimer): void {
    this.#queue.push(this.now + afterMs, () => {
      const node = this.#node(name);
      if (node.isAlive) node.machine.handle({ kind: 'timer', timer }, this.now);
    });
  }

  #linkAll(names: readonly string[]): void {
    for (const [i, name] of names.entries()) {
      for (const other of names.slice(i + 1)) this.#link(name, other);
    }
  }

  /** Two random cycles and a matching: degree five, connected, short paths, as HyParView's active views. */
  #linkRegular(names: readonly string[]): void {
    for (const stride of [1, 1, 2]) {
      const order = this.#shuffled(names);
      for (let i = 0; i < order.length; i += stride) {
        this.#link(order[i]!, order[(i + 1) % order.length]!);
      }
    }
  }

  #link(a: string, b: string): void {
    if (a === b || this.#node(a).links.has(b)) return;
    for (const [name, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      const node = this.#node(name);
      node.links.add(peer);
      const id = this.#node(peer).id;
      node.machine.handle({ kind: 'link_up', peer: id }, this.now);
      const [low, high] = this.#options.latencyMs ?? [10, 50];
      node.machine.handle({ kind: 'round_trip', peer, ms: low + high }, this.now);
      if (this.#options.overlay === 'mesh')
        node.machine.handle({ kind: 'node_up', node: id }, this.now);
    }
  }

  #unlink(a: string, b: string, afterMs: number): void {
    for (const [name, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      const node = this.#node(name);
      if (!node.links.delete(peer)) continue;
      const id = this.#node(peer).id;
      this.#queue.push(this.now + afterMs, () => {
        if (!node.isAlive || node.links.has(peer)) return;
        node.machine.handle({ kind: 'link_down', peer: id }, this.now);
        node.machine.handle({ kind: 'node_down', node: id }, this.now);
      });
    }
  }

  #repairLater(name: string): void {
    if (this.#options.overlay === 'mesh') return;
    const node = this.#node(name);
    if (!node.isAlive || node.links.size >= ACTIVE) return;
    this.#queue.push(this.now + REPAIR_MS * this.#random.next(), () => this.#repair(name));
  }

  /** HyParView: a free place is filled from the passive view; who is alone is never refused. */
  #repair(name: string): void {
    const node = this.#node(name);
    if (!node.isAlive || node.links.size >= ACTIVE) return;
    const other = this.#node(this.#pick(node.passive));
    const isReachable = other.isAlive && this.#side?.(other.id.name) === this.#side?.(name);
    if (isReachable && (other.links.size < ACTIVE || node.links.size === 0)) {
      if (other.links.size >= ACTIVE) {
        const displaced = this.#pick([...other.links]);
        this.#unlink(other.id.name, displaced, this.#latency());
        this.#repairLater(displaced);
      }
      this.#link(name, other.id.name);
    }
    this.#repairLater(name);
  }

  #published({ machine }: SimulatedNode): number {
    return [...this.fates.keys()].filter((key) => key.startsWith(`${machine.origin}:`)).length;
  }

  #node(name: string): SimulatedNode {
    return this.#nodes.get(name)!;
  }

  #latency(): number {
    const [low, high] = this.#options.latencyMs ?? [10, 50];
    return low + this.#random.next() * (high - low);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.integer(0, items.length - 1)]!;
  }

  #shuffled(items: readonly string[]): string[] {
    return items
      .map((item) => [this.#random.next(), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);
  }
}

function keyOf({ origin, sequence }: Payload): string {
  return `${origin}:${sequence}`;
}
