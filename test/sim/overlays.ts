/**
 * Thousands of nodes: the shipped machines of HyParView and broadcast over links with latency. A roster of thousands on each
 * of thousands does not fit into memory, so all share one, in which nobody is ever called dead: harder than the real one.
 */
import type { BroadcastConfig } from '../../actors/broadcast/config.ts';
import { BROADCAST_DEFAULTS } from '../../actors/broadcast/config.ts';
import { Broadcaster } from '../../actors/broadcast/broadcaster.ts';
import type { Payload, PeerMessage } from '../../actors/broadcast/message.ts';
import { MEMBERSHIP_DEFAULTS } from '../../actors/membership/config.ts';
import { HyParView } from '../../actors/membership/hyparview.ts';
import type { OverlayMessage } from '../../actors/membership/messages.ts';
import { Roster } from '../../actors/membership/roster.ts';
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { RandomSource } from '../../runtime/kernel/actor.ts';
import { seededRandom } from '../../runtime/kernel/random.ts';
import { EventQueue } from './event-queue.ts';

export interface OverlaysOptions {
  readonly nodes: number;
  readonly seed: number;
  /** Absent: no broadcast. */
  readonly broadcast?: Partial<BroadcastConfig>;
}

/** What became of one broadcast. */
export interface Fate {
  readonly at: number;
  payloads: number;
  readonly got: Set<string>;
  lastHop: number;
  lastAt: number;
}

const LATENCY_MS = [10, 50] as const;
const TICK_MS = MEMBERSHIP_DEFAULTS.tickMs;
/** Groups of nodes that tick together. */
const BEATS = 10;

export class OverlayNode {
  readonly id: NodeId;
  /** Peers, and when what was said last to each arrives: a link keeps order. */
  readonly links = new Map<string, number>();
  readonly machine: HyParView;
  readonly broadcaster: Broadcaster | undefined;
  wanted: readonly string[] = [];
  isAlive = true;

  constructor(id: NodeId, machine: HyParView, broadcaster: Broadcaster | undefined) {
    this.id = id;
    this.machine = machine;
    this.broadcaster = broadcaster;
  }

  get name(): string {
    return this.id.name;
  }
}

export class Overlays {
  readonly nodes = new Map<string, OverlayNode>();
  readonly fates = new Map<string, Fate>();
  control = 0;
  readonly #random: RandomSource;
  readonly #queue = new EventQueue();
  readonly #roster: Roster;
  #round = 0;

  constructor({ nodes, seed, broadcast }: OverlaysOptions) {
    this.#random = seededRandom(seed);
    this.#roster = new Roster(nodes);
    for (let i = 0; i < nodes; i++) {
      const id = { name: `n${i}`, incarnation: 1 };
      this.#roster.merge([
        { ...id, status: 'up', version: 1, addresses: [], beat: 0, health: 'alive' },
      ]);
    }
    for (const name of this.#roster.names) this.#boot({ name, incarnation: 1 }, broadcast);
    for (let beat = 0; beat < BEATS; beat++) this.#beat(beat);
  }

  get now(): number {
    return this.#queue.now;
  }

  get alive(): readonly OverlayNode[] {
    return [...this.nodes.values()].filter(({ isAlive }) => isAlive);
  }

  run(ms: number): void {
    this.#queue.run(ms);
  }

  /** Connections are reset: both ends hear of it a latency later. */
  crash(names: readonly string[]): void {
    for (const name of names) this.nodes.get(name)!.isAlive = false;
    for (const name of names) {
      for (const peer of this.nodes.get(name)!.links.keys()) this.#unlink(name, peer);
    }
  }

  /** Returns the key of the message. */
  publish(name: string): string {
    const { broadcaster } = this.nodes.get(name)!;
    const own = [...this.fates.keys()].filter((key) => key.startsWith(`${broadcaster!.origin}:`));
    const key = `${broadcaster!.origin}:${own.length + 1}`;
    const at = this.now;
    this.fates.set(key, { at, payloads: 0, got: new Set(), lastHop: 0, lastAt: at });
    broadcaster!.handle({ kind: 'publish', topic: 'store', bytes: new Uint8Array(100) }, at);
    return key;
  }

  /** Share of the living, but for the publisher, that has it. */
  reliability(key: string): number {
    const { got } = this.fates.get(key)!;
    const others = this.alive.filter(
      ({ broadcaster }) => !key.startsWith(`${broadcaster!.origin}:`),
    );
    return others.filter(({ name }) => got.has(name)).length / others.length;
  }

  /** Payloads per receiver beyond the one it needs. */
  redundancy(key: string): number {
    return this.fates.get(key)!.payloads / (this.alive.length - 1) - 1;
  }

  #boot(id: NodeId, broadcast: Partial<BroadcastConfig> | undefined): void {
    const { name } = id;
    const view = new HyParView(MEMBERSHIP_DEFAULTS.hyparview, id, this.#roster, this.#random, {
      send: (to, message) => this.#sayOverlay(name, to, message),
      isLinked: (peer) => this.nodes.get(name)!.links.has(peer),
      count: () => {},
    });
    const machine = broadcast && this.#broadcaster(id, view, broadcast);
    this.nodes.set(name, new OverlayNode(id, view, machine));
    machine?.start();
  }

  #broadcaster(id: NodeId, view: HyParView, config: Partial<BroadcastConfig>): Broadcaster {
    const { name } = id;
    return new Broadcaster({
      self: id,
      config: { ...BROADCAST_DEFAULTS, directMembers: 0, ...config },
      rows: { own: new Map(), seen: new Map() },
      random: this.#random,
      candidates: () => view.neighbors(),
      port: {
        send: (to, message) => this.#sayBroadcast(name, to, message),
        deliver: (payload) => this.#deliver(name, payload),
        schedule: (afterMs, timer) =>
          void this.#queue.push(this.now + afterMs, () => {
            const { isAlive, broadcaster } = this.nodes.get(name)!;
            if (isAlive) broadcaster!.handle({ kind: 'timer', timer }, this.now);
          }),
        count: () => {},
      },
    });
  }

  #beat(beat: number): void {
    const mine = [...this.nodes.values()].filter((_, i) => i % BEATS === beat);
    const tick = (): void => {
      for (const node of mine) {
        if (!node.isAlive) continue;
        node.machine.tick(this.now);
        this.#reconcile(node);
      }
      this.#queue.push(this.now + TICK_MS, tick);
    };
    this.#queue.push((beat * TICK_MS) / BEATS, tick);
  }

  /** Dials who is wanted; gives up a link that neither end wants. */
  #reconcile(node: OverlayNode): void {
    const wanted = node.machine.wanted();
    if (wanted === node.wanted) return;
    const before = node.wanted;
    node.wanted = wanted;
    for (const peer of wanted) if (!before.includes(peer)) this.#dial(node, peer);
    for (const peer of before) {
      if (wanted.includes(peer) || this.nodes.get(peer)!.wanted.includes(node.name)) continue;
      this.#unlink(node.name, peer);
    }
  }

  #dial(from: OverlayNode, name: string): void {
    if (from.links.has(name)) return;
    this.#queue.push(this.now + 2 * this.#latency(), () => {
      const to = this.nodes.get(name)!;
      if (!from.isAlive || !to.isAlive || from.links.has(name)) return;
      if (!from.wanted.includes(name)) return;
      for (const [own, peer] of [
        [from, to],
        [to, from],
      ] as const) {
        own.links.set(peer.name, this.now);
        own.broadcaster?.handle({ kind: 'link_up', peer: peer.id }, this.now);
        const ms = LATENCY_MS[0] + LATENCY_MS[1];
        own.broadcaster?.handle({ kind: 'round_trip', peer: peer.name, ms }, this.now);
      }
      from.machine.linkUp(name);
      to.machine.linkUp(from.name);
    });
  }

  #unlink(a: string, b: string): void {
    this.#queue.push(this.now + this.#latency(), () => {
      for (const [name, peer] of [
        [a, b],
        [b, a],
      ] as const) {
        const node = this.nodes.get(name)!;
        if (!node.links.delete(peer) || !node.isAlive) continue;
        const { id } = this.nodes.get(peer)!;
        node.broadcaster?.handle({ kind: 'link_down', peer: id }, this.now);
        node.machine.linkDown(peer, this.now);
        this.#reconcile(node);
      }
    });
  }

  #sayOverlay(from: string, to: string, message: OverlayMessage): void {
    this.#fly(from, to, (node) => {
      node.machine.received(from, message, this.now);
      this.#reconcile(node);
    });
  }

  #sayBroadcast(from: string, to: readonly string[], message: PeerMessage): void {
    const { id } = this.nodes.get(from)!;
    const fate = 'payload' in message ? this.fates.get(keyOf(message.payload)) : undefined;
    for (const peer of to) {
      if (fate !== undefined) fate.payloads++;
      else this.control++;
      this.#fly(from, peer, ({ broadcaster }) => {
        this.#round = message.kind === 'gossip' ? message.round : 1;
        broadcaster!.handle({ kind: 'received', from: id, message }, this.now);
      });
    }
  }

  /** A link ends with what is on it. */
  #fly(from: string, to: string, arrive: (node: OverlayNode) => void): void {
    const { links } = this.nodes.get(from)!;
    const last = links.get(to);
    if (last === undefined) return;
    const at = Math.max(this.now + this.#latency(), last);
    links.set(to, at);
    this.#queue.push(at, () => {
      const node = this.nodes.get(to)!;
      if (node.isAlive && node.links.has(from)) arrive(node);
    });
  }

  #deliver(name: string, payload: Payload): void {
    const fate = this.fates.get(keyOf(payload))!;
    if (fate.got.has(name)) throw new Error(`${name} got ${keyOf(payload)} twice`);
    fate.got.add(name);
    fate.lastHop = Math.max(fate.lastHop, this.#round);
    fate.lastAt = this.now;
  }

  #latency(): number {
    const [low, high] = LATENCY_MS;
    return low + this.#random.next() * (high - low);
  }
}

function keyOf({ origin, sequence }: Payload): string {
  return `${origin}:${sequence}`;
}
