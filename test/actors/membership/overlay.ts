/**
 * A discrete-event network of membership machines: seeded latency, loss, resets, silent partitions, pauses and restarts,
 * in virtual time. Links behave as actors/links does: dialled until told otherwise, up and down on both sides, messages in
 * order. A failing seed replays.
 */
import type { NodeId } from '../../../runtime/causality/identity.ts';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import { decodeBody, encodeBody } from '../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import type { MembershipEvent, Out } from '../../../actors/membership/api.ts';
import type { MembershipConfig } from '../../../actors/membership/config.ts';
import { MEMBERSHIP_DEFAULTS } from '../../../actors/membership/config.ts';
import type { Member } from '../../../actors/membership/member.ts';
import { Membership } from '../../../actors/membership/membership.ts';
import type { MembershipWire } from '../../../actors/membership/messages.ts';
import { parseMessage, plainMessage } from '../../../actors/membership/parse.ts';
import type { MembershipCount } from '../../../actors/membership/port.ts';
import { EventQueue } from '../../sim/event-queue.ts';

export interface NetworkOptions {
  readonly seed?: number;
  readonly config?: Partial<MembershipConfig>;
  /** One way, ms, uniform. Default 1 to 5. */
  readonly latencyMs?: readonly [number, number];
  /** Share of messages that vanish. */
  readonly loss?: number;
  /** Ms until the transport notices that a link is dead without a reset. Default 5,000. */
  readonly halfOpenMs?: number;
  /** Through the codec and the parser, and counted in bytes; slower. */
  readonly encodes?: boolean;
}

export interface SeenEvent {
  readonly at: number;
  readonly by: string;
  readonly event: MembershipEvent;
}

interface Link {
  readonly ends: readonly [Station, Station];
  readonly lastArrival: [number, number];
  isOpen: boolean;
}

const MAX_REDIAL_MS = 8_000;

/** One life of one node. */
export class Station {
  readonly id: NodeId;
  readonly machine: Membership;
  readonly links = new Map<string, Link>();
  /** Names to keep a link to, and the back-off so far. */
  readonly dials = new Map<string, { delay: number; isTrying: boolean }>();
  readonly counts: Partial<Record<MembershipCount, number>> = {};
  isRunning = true;
  pausedUntil = 0;
  out: Out | undefined = undefined;

  constructor(id: NodeId, make: (station: Station) => Membership) {
    this.id = id;
    this.machine = make(this);
  }

  get name(): string {
    return this.id.name;
  }
}

export class Network {
  readonly config: MembershipConfig;
  readonly events: SeenEvent[] = [];
  readonly #options: NetworkOptions;
  readonly #random;
  readonly #queue = new EventQueue();
  readonly #stations = new Map<string, Station>();
  /** Where an address leads now. */
  readonly #hosts = new Map<string, Station>();
  readonly #sides = new Map<string, number>();
  /** Sees each message first: a number delays it by so many ms more, `drop` loses it. */
  interpose: ((from: string, to: string, message: MembershipWire) => number | 'drop') | undefined;
  messages: Partial<Record<MembershipWire['kind'], number>> = {};
  bytes = 0;
  dialled = 0;

  constructor(options: NetworkOptions = {}) {
    this.#options = options;
    this.config = { ...MEMBERSHIP_DEFAULTS, ...options.config };
    this.#random = seededRandom(options.seed ?? 1);
  }

  get now(): number {
    return this.#queue.now;
  }

  /** Starts a life of a node; with a contact it joins through that. */
  start(
    name: string,
    options: {
      readonly incarnation?: number;
      readonly contact?: string;
      readonly stored?: readonly Member[];
      readonly host?: string;
    } = {},
  ): Station {
    const { incarnation = 1, contact, stored = [], host = name } = options;
    const station: Station = new Station({ name, incarnation }, (own) =>
      this.#machine(own, stored, host, contact !== undefined),
    );
    this.#stations.set(name, station);
    this.#hosts.set(host, station);
    if (contact !== undefined) this.#dial(station, contact);
    const tick = (): void => {
      if (!station.isRunning) return;
      station.machine.tick(this.now);
      this.#at(station, this.config.tickMs, tick);
    };
    this.#at(station, this.#random.next() * this.config.tickMs, tick);
    return station;
  }

  /** `reset`: its peers hear of it at once; `silent`: power loss. */
  crash(name: string, how: 'reset' | 'silent' = 'reset'): void {
    const station = this.station(name);
    station.isRunning = false;
    for (const link of station.links.values()) {
      this.#break(link, how === 'reset' ? this.#latency() : this.#halfOpenMs);
    }
  }

  /** Breaks the link between two nodes; whoever wants it dials again. */
  reset(a: string, b: string): void {
    const link = this.station(a).links.get(b);
    if (link !== undefined) this.#break(link, 0);
  }

  pause(name: string, ms: number): void {
    this.station(name).pausedUntil = this.now + ms;
  }

  /** Names on different sides cannot hear each other; links between them look open for a while. */
  partition(...sides: readonly (readonly string[])[]): void {
    this.#sides.clear();
    sides.forEach((names, side) => names.forEach((name) => this.#sides.set(name, side)));
    for (const station of this.#stations.values()) {
      for (const link of station.links.values()) {
        const [a, b] = link.ends;
        if (!this.#reaches(a.name, b.name)) this.#break(link, this.#halfOpenMs);
      }
    }
  }

  heal(): void {
    this.#sides.clear();
  }

  /** Runs everything due within so many ms. */
  run(ms: number): void {
    this.#queue.run(ms);
  }

  /** Runs until the claim holds; returns the ms it took, or throws after `limitMs`. */
  runUntil(claim: () => boolean, limitMs: number, stepMs = 100): number {
    const start = this.now;
    while (!claim()) {
      if (this.now - start >= limitMs) throw new Error(`not within ${limitMs} ms`);
      this.run(stepMs);
    }
    return this.now - start;
  }

  station(name: string): Station {
    const station = this.#stations.get(name);
    if (station === undefined) throw new Error(`no station ${name}`);
    return station;
  }

  running(): readonly Station[] {
    return [...this.#stations.values()].filter(({ isRunning, out }) => isRunning && !out);
  }

  #machine(
    station: Station,
    stored: readonly Member[],
    host: string,
    isJoining: boolean,
  ): Membership {
    return new Membership(
      {
        config: this.config,
        self: station.id,
        addresses: [{ host, port: 1 }],
        stored,
        isJoining,
        random: seededRandom(this.#random.integer(0, 2 ** 31)),
        now: this.now,
      },
      {
        send: (to, message) => this.#send(station, to, message),
        connect: (address) => this.#dial(station, address.host),
        disconnect: (name) => this.#disconnect(station, name),
        announce: (event) => this.events.push({ at: this.now, by: station.name, event }),
        changed: () => {},
        out: (why) => {
          station.out = why;
          station.dials.clear();
        },
        count: (what) => (station.counts[what] = (station.counts[what] ?? 0) + 1),
      },
    );
  }

  #send(from: Station, to: string, message: MembershipWire): void {
    const link = from.links.get(to);
    if (link === undefined || !link.isOpen) return;
    this.messages[message.kind] = (this.messages[message.kind] ?? 0) + 1;
    const extra = this.interpose?.(from.name, to, message) ?? 0;
    const isLost = extra === 'drop' || this.#random.next() < (this.#options.loss ?? 0);
    if (isLost || !this.#reaches(from.name, to)) return;
    const received = this.#options.encodes === true ? this.#throughCodec(message) : message;
    const direction = link.ends[0] === from ? 0 : 1;
    const receiver = link.ends[1 - direction]!;
    let at = this.now + this.#latency() + extra;
    if (extra === 0) {
      at = Math.max(at, link.lastArrival[direction]!);
      link.lastArrival[direction] = at;
    }
    this.#at(receiver, at - this.now, () => {
      if (link.isOpen) receiver.machine.received(from.id, received, this.now);
    });
  }

  #throughCodec(message: MembershipWire): MembershipWire {
    const bytes = encodeBody(plainMessage(message));
    this.bytes += bytes.length;
    const value = decodeBody(bytes);
    if (value instanceof Malformed) throw new Error(value.reason);
    const parsed = parseMessage(value);
    if (typeof parsed === 'string') throw new Error(`${message.kind}: ${parsed}`);
    return parsed;
  }

  #dial(from: Station, host: string): true {
    if (from.dials.has(host)) return true;
    from.dials.set(host, { delay: 250, isTrying: false });
    this.#try(from, host);
    return true;
  }

  #try(from: Station, host: string): void {
    const dial = from.dials.get(host);
    if (dial === undefined || dial.isTrying || !from.isRunning) return;
    if (this.#isLinked(from, host)) return;
    dial.isTrying = true;
    this.dialled++;
    // A round trip for TCP, one for the handshake.
    this.#at(from, 2 * this.#latency(), () => {
      dial.isTrying = false;
      if (from.dials.get(host) !== dial || this.#isLinked(from, host)) return;
      const to = this.#hosts.get(host);
      if (to?.isRunning && to.pausedUntil <= this.now && this.#reaches(from.name, to.name)) {
        dial.delay = 250;
        return this.#open(from, to);
      }
      this.#at(from, dial.delay, () => this.#try(from, host));
      dial.delay = Math.min(MAX_REDIAL_MS, dial.delay * 2);
    });
  }

  #isLinked(from: Station, host: string): boolean {
    const to = this.#hosts.get(host);
    return to !== undefined && from.links.has(to.name);
  }

  #open(a: Station, b: Station): void {
    const link: Link = { ends: [a, b], lastArrival: [this.now, this.now], isOpen: true };
    const old = b.links.get(a.name);
    if (old !== undefined) this.#closeNow(old);
    a.links.set(b.name, link);
    b.links.set(a.name, link);
    this.#at(a, 0, () => link.isOpen && a.machine.linkUp(b.id, this.now));
    this.#at(b, 0, () => link.isOpen && b.machine.linkUp(a.id, this.now));
  }

  #disconnect(from: Station, name: string): void {
    for (const host of from.dials.keys()) {
      if (this.#hosts.get(host)?.name === name) from.dials.delete(host);
    }
    const link = from.links.get(name);
    // After what was sent before.
    if (link !== undefined) this.#break(link, this.#maxLatency());
  }

  #break(link: Link, delayMs: number): void {
    this.#queue.push(this.now + delayMs, () => this.#closeNow(link));
  }

  #closeNow(link: Link): void {
    if (!link.isOpen) return;
    link.isOpen = false;
    const [a, b] = link.ends;
    for (const [own, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      if (own.links.get(peer.name) === link) own.links.delete(peer.name);
      this.#at(own, 0, () => {
        own.machine.linkDown(peer.id, this.now);
        for (const host of own.dials.keys()) {
          if (this.#hosts.get(host)?.name === peer.name) this.#try(own, host);
        }
      });
    }
  }

  get #halfOpenMs(): number {
    return this.#options.halfOpenMs ?? 5_000;
  }

  #reaches(a: string, b: string): boolean {
    return this.#sides.get(a) === this.#sides.get(b);
  }

  #latency(): number {
    const [low, high] = this.#options.latencyMs ?? [1, 5];
    return low + (high - low) * this.#random.next();
  }

  #maxLatency(): number {
    return (this.#options.latencyMs ?? [1, 5])[1];
  }

  /** For a paused station everything waits, in order, until it wakes. */
  #at(station: Station, delayMs: number, run: () => void): void {
    this.#queue.push(this.now + delayMs, () => {
      if (!station.isRunning) return;
      if (station.pausedUntil > this.now) this.#at(station, station.pausedUntil - this.now, run);
      else run();
    });
  }
}
