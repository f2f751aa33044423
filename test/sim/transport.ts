/**
 * The transport of a simulation: links between lives of nodes, as runtime/net/peer makes them of sockets. Messages keep
 * their order per channel; what is on its way when a partition begins waits, as TCP repeats it, until the partition ends or
 * the link is given up; acknowledged messages survive the link. Hooks see, drop, delay, double and rewrite (interposition.ts).
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { Interposition } from '../../runtime/net/peer/interposition.ts';
import { Interpositions } from '../../runtime/net/peer/interposition.ts';
import type {
  ChannelName,
  PeerDelivery,
  PeerInput,
  PeerNetwork,
  SendOptions,
  ServiceName,
} from '../../runtime/net/peer/port.ts';
import { SERVICES } from '../../runtime/net/peer/protocol.ts';
import { Trace } from './trace.ts';
import type { World } from './world.ts';

/** One life of a node, as the transport sees it. */
export interface Host {
  readonly id: NodeId;
  readonly isRunning: boolean;
  /** Answers handshakes and keep-alives: runs and is not paused. */
  readonly isResponsive: boolean;
  /** `accepted`, or why not: an acknowledged message then comes again. */
  receive(service: ServiceName, input: PeerInput): 'accepted' | 'refused' | 'dead';
}

interface Parcel {
  readonly channel: ChannelName;
  readonly service: ServiceName;
  readonly body: Uint8Array;
  readonly isAcknowledged: boolean;
}

interface Stalled {
  readonly direction: Direction;
  readonly parcel: Parcel;
  /** When it was posted. */
  readonly turn: number;
}

/** From one life to another; outlives their links. */
interface Direction {
  readonly from: Host;
  readonly to: Host;
  readonly unacknowledged: Set<Parcel>;
}

interface Link {
  readonly ends: readonly [Host, Host];
  readonly lastArrival: Map<string, number>;
  /** What waits for the end of a partition. */
  readonly stalled: Stalled[];
  isOpen: boolean;
}

export interface TransportOptions {
  /** One way, ms, uniform. */
  readonly latencyMs: readonly [low: number, high: number];
  /** Ms until the ends of a link that carries nothing give it up. */
  readonly halfOpenMs: number;
}

/** Until an acknowledged message that nobody took is sent again. */
const RESEND_MS = 200;

const DEFAULTS: TransportOptions = { latencyMs: [1, 5], halfOpenMs: 4_000 };

export class Transport {
  readonly #world: World;
  readonly #options: TransportOptions;
  readonly #hosts = new Map<string, Host>();
  readonly #links = new Map<string, Link>();
  readonly #directions = new Map<string, Direction>();
  readonly #hooks = new Map<string, Interpositions>();
  #side: ((name: string) => number) | undefined;
  #turns = 0;
  /** Of everything that arrived: equal traces, equal runs. */
  readonly trace = new Trace();
  readonly bytes: Record<ChannelName, number> = { control: 0, broadcast: 0, relay: 0, store: 0 };

  constructor(world: World, options: Partial<TransportOptions> = {}) {
    this.#world = world;
    this.#options = { ...DEFAULTS, ...options };
  }

  /** The network of a new life; the one before is over. */
  attach(host: Host): PeerNetwork {
    const { name } = host.id;
    this.#hosts.set(name, host);
    return {
      self: host.id,
      send: (to, channel, service, body, options) =>
        this.#send(host, to, { channel, service, body, ...flags(options) }),
      isConnected: (peer, incarnation) => this.#isConnected(name, peer, incarnation),
      connected: () => this.#peersOf(host),
    };
  }

  /** For all that passes at a node, both ways. Returns the undo. */
  interpose(name: string, hook: Interposition): () => void {
    return this.#hooksOf(name).use(hook);
  }

  /** A dial takes two round trips; it fails when nobody answers. */
  dial(from: Host, to: string): void {
    this.#world.after(4 * this.#latency(), () => {
      const host = this.#hosts.get(to);
      if (!from.isResponsive || host === undefined || !host.isResponsive) return;
      if (!this.#reaches(from.id.name, to) || this.isLinked(from.id.name, to)) return;
      this.#open(from, host);
    });
  }

  isLinked(a: string, b: string): boolean {
    return this.#links.get(pairOf(a, b))?.isOpen ?? false;
  }

  #isConnected(self: string, peer: string, incarnation: number | undefined): boolean {
    const link = this.#links.get(pairOf(self, peer));
    if (link?.isOpen !== true) return false;
    return incarnation === undefined || link.ends.some(({ id }) => isLife(id, peer, incarnation));
  }

  /** By an end that wants it no more: after what was said. */
  close(a: string, b: string): void {
    const link = this.#links.get(pairOf(a, b));
    if (link === undefined) return;
    this.#world.after(this.#options.latencyMs[1], () => this.#end(link, 'disconnected'));
  }

  /** The end of a process: a reset, or silence after the end of a machine. */
  crashed(host: Host, how: 'reset' | 'silent'): void {
    for (const link of this.#links.values()) {
      if (!link.ends.includes(host)) continue;
      const afterMs = how === 'reset' ? this.#latency() : this.#options.halfOpenMs;
      this.#world.after(afterMs, () => this.#end(link, 'reset'));
    }
    for (const [key, { from, to }] of this.#directions) {
      if (from === host || to === host) this.#directions.delete(key);
    }
  }

  partition(sideOf: (name: string) => number): void {
    this.#side = sideOf;
    for (const link of this.#links.values()) {
      if (this.#carries(link)) this.#release(link);
      else this.#giveUpLater(link);
    }
  }

  heal(): void {
    this.#side = undefined;
    for (const link of this.#links.values()) this.#release(link);
  }

  /** In the order in which it was posted: what had been on its way stalled behind what was posted after it. */
  #release(link: Link): void {
    const stalled = link.stalled.splice(0).sort((a, b) => a.turn - b.turn);
    for (const { direction, parcel, turn } of stalled) this.#fly(link, direction, parcel, turn);
  }

  #send(from: Host, to: string, parcel: Parcel): PeerDelivery {
    const link = this.#links.get(pairOf(from.id.name, to));
    if (link === undefined || !link.isOpen || !link.ends.includes(from)) return 'disconnected';
    const passing = { direction: 'out', peer: to, ...parcel } as const;
    this.#hooksOf(from.id.name).pass(
      passing,
      (body) => this.#post(link, from, { ...parcel, body }),
      (ms, run) => void this.#world.after(ms, run),
    );
    return 'queued';
  }

  #post(link: Link, from: Host, parcel: Parcel): void {
    if (!link.isOpen) return;
    const to = link.ends[0] === from ? link.ends[1] : link.ends[0];
    const direction = this.#direction(from, to);
    if (parcel.isAcknowledged) direction.unacknowledged.add(parcel);
    this.#fly(link, direction, parcel);
  }

  #fly(link: Link, direction: Direction, parcel: Parcel, turn = ++this.#turns): void {
    const { from } = direction;
    if (!this.#carries(link)) return void link.stalled.push({ direction, parcel, turn });
    const lane = `${from.id.name}>${parcel.channel}`;
    const now = this.#world.clock.now();
    const at = Math.max(now + this.#latency(), link.lastArrival.get(lane) ?? 0);
    link.lastArrival.set(lane, at);
    this.#world.after(at - now, () => {
      if (!link.isOpen) return;
      if (!this.#carries(link)) return void link.stalled.push({ direction, parcel, turn });
      // An acknowledged one that came by an earlier link is not given out twice.
      if (parcel.isAcknowledged && !direction.unacknowledged.has(parcel)) return;
      this.#arrive(link, direction, parcel);
    });
  }

  #arrive(link: Link, direction: Direction, parcel: Parcel): void {
    const { from, to, unacknowledged } = direction;
    const { channel, service } = parcel;
    const passing = { direction: 'in', peer: from.id.name, ...parcel } as const;
    this.#hooksOf(to.id.name).pass(
      passing,
      (body) => {
        if (!to.isRunning) return;
        this.bytes[channel] += body.length;
        this.trace.add(`${this.#world.clock.now()} ${from.id.name}>${to.id.name} ${service}`, body);
        const delivery = to.receive(service, { kind: 'peer_message', from: from.id, body });
        if (!parcel.isAcknowledged) return;
        if (delivery === 'accepted') unacknowledged.delete(parcel);
        else this.#world.after(RESEND_MS, () => link.isOpen && this.#fly(link, direction, parcel));
      },
      (ms, run) => void this.#world.after(ms, run),
    );
  }

  #open(a: Host, b: Host): void {
    const link: Link = { ends: [a, b], lastArrival: new Map(), stalled: [], isOpen: true };
    this.#links.set(pairOf(a.id.name, b.id.name), link);
    this.#tell(a, { kind: 'link_up', peer: b.id });
    this.#tell(b, { kind: 'link_up', peer: a.id });
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const direction = this.#direction(from, to);
      for (const parcel of direction.unacknowledged) this.#fly(link, direction, parcel);
    }
  }

  #end(link: Link, reason: string): void {
    if (!link.isOpen) return;
    link.isOpen = false;
    const [a, b] = link.ends;
    const pair = pairOf(a.id.name, b.id.name);
    if (this.#links.get(pair) === link) this.#links.delete(pair);
    this.#tell(a, { kind: 'link_down', peer: b.id, reason });
    this.#tell(b, { kind: 'link_down', peer: a.id, reason });
  }

  #giveUpLater(link: Link): void {
    this.#world.after(this.#options.halfOpenMs, () => {
      if (!this.#carries(link)) this.#end(link, 'silent');
    });
  }

  #tell(host: Host, input: PeerInput): void {
    if (host.isRunning) for (const service of SERVICES) host.receive(service, input);
  }

  #peersOf(host: Host): readonly NodeId[] {
    const links = [...this.#links.values()].filter(({ ends }) => ends.includes(host));
    return links.map(({ ends: [a, b] }) => (a === host ? b.id : a.id));
  }

  #direction(from: Host, to: Host): Direction {
    const key = `${lifeOf(from)}>${lifeOf(to)}`;
    const known = this.#directions.get(key);
    if (known !== undefined) return known;
    const direction = { from, to, unacknowledged: new Set<Parcel>() };
    this.#directions.set(key, direction);
    return direction;
  }

  #hooksOf(name: string): Interpositions {
    let hooks = this.#hooks.get(name);
    if (hooks === undefined) this.#hooks.set(name, (hooks = new Interpositions()));
    return hooks;
  }

  #carries({ ends: [a, b] }: Link): boolean {
    return this.#reaches(a.id.name, b.id.name);
  }

  #reaches(a: string, b: string): boolean {
    return this.#side?.(a) === this.#side?.(b);
  }

  #latency(): number {
    const [low, high] = this.#options.latencyMs;
    return low + (high - low) * this.#world.random.next();
  }
}

function flags(options: SendOptions | undefined): { readonly isAcknowledged: boolean } {
  return { isAcknowledged: options?.acknowledged ?? false };
}

function isLife({ name, incarnation }: NodeId, other: string, its: number): boolean {
  return name === other && incarnation === its;
}

function lifeOf({ id }: Host): string {
  return `${id.name}#${id.incarnation}`;
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}
