/**
 * All links of this node: who may connect, which of two links to a peer stays, what a message is delivered to. Made
 * once, before the tree, so that shells can send from their first turn; the actors of actors/links open, tick and close
 * the links.
 *
 * One duplex link per pair of nodes. When both dial at once both ends keep the link that was dialled by the node whose
 * name sorts first; when one side dials again, the newer link stays, because the dialler has lost the older one.
 */
import type { Socket } from 'node:net';
import type { NodeId } from '../../causality/identity.ts';
import type { Clock, Target } from '../../kernel/actor.ts';
import type { BufferPool } from '../buffer-pool.ts';
import type { NetLevel } from '../environment.ts';
import type { FlushList } from '../flush-list.ts';
import { Announcements } from './announcements.ts';
import { Causal } from './causal.ts';
import { PeerConnection } from './connection.ts';
import type { Established } from './handshake.ts';
import type { PeerIdentity, Purpose, Refusal } from './handshake-messages.ts';
import type { Interposition } from './interposition.ts';
import { Interpositions } from './interposition.ts';
import type { LinkHost, Windows } from './link.ts';
import { PeerLink } from './link.ts';
import type {
  ChannelName,
  PeerDelivery,
  PeerInput,
  PeerNetwork,
  SendOptions,
  ServiceName,
} from './port.ts';
import { CHANNELS, MESSAGE_BYTES } from './protocol.ts';
import type { LinkSettings } from './settings.ts';
import { TurnBudget } from './turn-budget.ts';
import { ReceiveWindow, SendWindow } from './windows.ts';

export interface PeerSwitchParts {
  readonly self: NodeId;
  readonly settings: LinkSettings;
  readonly clock: Clock;
  readonly pool: BufferPool;
  readonly flushes: FlushList;
  /** The actor of a service, if it lives here and now. */
  resolve(service: ServiceName): Target<PeerInput> | undefined;
  count(counter: string, by?: number): void;
  log(level: NetLevel, event: string, fields: Record<string, unknown>): void;
  /** For people: services hear of it by themselves. */
  onConnection?(state: 'up' | 'down', peer: NodeId): void;
}

/** What is known of a peer's latest incarnation. */
interface Peer {
  readonly node: NodeId;
  readonly instance: string;
  readonly windows: Readonly<Record<ChannelName, Windows>>;
  link: PeerLink | undefined;
}

export type Taken =
  /** A new link; it wants an owner who ticks it and, when this node dialled, opens its other connections. */
  | { readonly kind: 'link'; readonly link: PeerLink }
  | { readonly kind: 'attached' }
  | { readonly kind: 'refused'; readonly reason: Refusal };

export interface ChannelTraffic {
  queuedBytes: number;
  sentBytes: number;
  receivedBytes: number;
  sentMessages: number;
  receivedMessages: number;
  /** Messages refused because a queue was full. */
  overloaded: number;
}

/** Peers remembered; those without a link go first. Far above any cluster. */
const MAX_PEERS = 10_000;

const NO_OPTIONS: SendOptions = {};

export class PeerSwitch implements PeerNetwork {
  readonly self: NodeId;
  readonly #parts: PeerSwitchParts;
  readonly #peers = new Map<string, Peer>();
  readonly #interpositions = new Interpositions();
  readonly #announcements: Announcements;
  readonly #host: LinkHost;
  readonly #budget: TurnBudget;
  readonly #causal: Causal;
  /** Traffic of links that are gone. */
  readonly #ended: Readonly<Record<ChannelName, ChannelTraffic>> = {
    control: noTraffic(),
    broadcast: noTraffic(),
    relay: noTraffic(),
    store: noTraffic(),
  };
  #connected: readonly NodeId[] | undefined;
  #isWelcome: (peer: NodeId) => boolean = () => true;

  constructor(parts: PeerSwitchParts) {
    this.self = parts.self;
    this.#parts = parts;
    this.#announcements = new Announcements(parts);
    this.#causal = new Causal({
      self: parts.self,
      deliver: (service, from, body) => this.#deliver(service, from, body),
      count: parts.count,
    });
    this.#budget = new TurnBudget(parts.clock, parts.settings.drainBudgetMs);
    this.#host = {
      clock: parts.clock,
      settings: parts.settings,
      interpositions: this.#interpositions,
      after: (ms, run) => void setTimeout(run, ms).unref(),
      count: parts.count,
      deliver: (service, from, body) => this.#deliver(service, from, body),
      onUp: (link) => this.#onUp(link),
      onDown: (link, reason, wasUp) => this.#onDown(link, reason, wasUp),
    };
  }

  // PeerNetwork

  send(
    to: string,
    channel: ChannelName,
    service: ServiceName,
    body: Uint8Array,
    options: SendOptions = NO_OPTIONS,
  ): PeerDelivery {
    const link = this.#peers.get(to)?.link;
    if (link === undefined) return 'disconnected';
    const { causalLabel: label } = options;
    if (label === undefined) return link.send(channel, service, body, options);
    if (options.monotonicKey !== undefined) throw new RangeError('causal and monotonic');
    const { bytes, sent } = this.#causal.wrap(label, link.peer, service, body);
    const delivery = link.send(channel, 'causal', bytes, options);
    if (delivery === 'queued') sent();
    return delivery;
  }

  isConnected(name: string, incarnation?: number): boolean {
    const link = this.#peers.get(name)?.link;
    if (link?.state !== 'up') return false;
    return incarnation === undefined || link.peer.incarnation === incarnation;
  }

  /** The same array until a link goes up or down. */
  connected(): readonly NodeId[] {
    this.#connected ??= this.links().flatMap(({ state, peer }) => (state === 'up' ? [peer] : []));
    return this.#connected;
  }

  // For tests and operators.

  /** See interposition.ts. Returns the undo. */
  interpose(hook: Interposition): () => void {
    return this.#interpositions.use(hook);
  }

  /** The membership's word on who may link, asked at each handshake. A link that exists stays. */
  welcomeOnly(isWelcome: (peer: NodeId) => boolean): void {
    this.#isWelcome = isWelcome;
  }

  links(): readonly PeerLink[] {
    return [...this.#peers.values()].flatMap(({ link }) => (link === undefined ? [] : [link]));
  }

  /** Of the links there are and, but for what waits in queues, of those there were. */
  traffic(): ReadonlyMap<ChannelName, ChannelTraffic> {
    return new Map(CHANNELS.map((name) => [name, this.#trafficOf(name)]));
  }

  linkTo(name: string): PeerLink | undefined {
    return this.#peers.get(name)?.link;
  }

  /** Tells services what they could not be told yet, and what was waited for in vain. Called now and then. */
  tick(): void {
    this.#announcements.retry();
    this.#causal.tick(this.#parts.clock.now());
  }

  // For the handshake.

  /** Before a handshake ends: is there a reason against it? The dialler asks when the peer is named, not yet proved. */
  admit(peer: PeerIdentity, purpose: Purpose, isDialler: boolean): Refusal | undefined {
    const { node, instance } = peer;
    const known = this.#peers.get(node.name);
    if (!this.#isWelcome(node)) return 'not_admitted';
    if (known === undefined) return purpose.session === undefined ? undefined : 'unknown_session';
    if (node.incarnation < known.node.incarnation) return 'stale_incarnation';
    const { link } = known;
    if (purpose.session !== undefined) return slotRefusal(link, purpose, isDialler);
    if (link === undefined) return undefined;
    if (node.incarnation > known.node.incarnation) return this.#successor(link);
    if (instance !== known.instance) return 'same_name';
    return isDialler ? 'duplicate' : this.#duel(link, isDialler);
  }

  /** After a handshake: the connection finds its place, or is refused because things have changed meanwhile. */
  take(result: Established, socket: Socket, rest: readonly Uint8Array[]): Taken {
    const { peer, purpose, isDialler } = result;
    const known = this.#peers.get(peer.node.name);
    const reason =
      isDialler && purpose.session === undefined && known?.link !== undefined
        ? this.#late(known, known.link, peer)
        : this.admit(peer, purpose, isDialler);
    if (reason !== undefined) return { kind: 'refused', reason };
    const { channel, slot, session } = purpose;
    const link = session === undefined ? this.#open(result) : known!.link!;
    link.attach({ channel, slot }, this.#connection(socket, link, channel, rest));
    if (session !== undefined) return { kind: 'attached' };
    return { kind: 'link', link };
  }

  /** A link came while our dial was under way. */
  #late(known: Peer, link: PeerLink, peer: PeerIdentity): Refusal | undefined {
    if (peer.node.incarnation < known.node.incarnation) return 'stale_incarnation';
    if (peer.node.incarnation > known.node.incarnation) return this.#successor(link);
    return peer.instance === known.instance ? this.#duel(link, true) : 'same_name';
  }

  /** A newer life takes the place of one that is over; one that still speaks is another node of that name. */
  #successor(link: PeerLink): Refusal | undefined {
    return link.isHeard(this.#parts.clock.now()) ? 'same_name' : undefined;
  }

  /** Both ends come to the same result. */
  #duel(link: PeerLink, isDialler: boolean): Refusal | undefined {
    if (link.isDialler === isDialler) return undefined; // it has dialled again
    const isOurs = this.self.name < link.peer.name;
    return isOurs === isDialler ? undefined : 'duplicate';
  }

  #open({ peer, session, isDialler, parallelism }: Established): PeerLink {
    const record = this.#recordOf(peer);
    record.link?.close('replaced', 'by a newer link');
    const { windows } = record;
    const plan = { peer: peer.node, session, isDialler, parallelism, windows };
    const link = new PeerLink(plan, this.#host);
    record.link = link;
    return link;
  }

  #recordOf({ node, instance }: PeerIdentity): Peer {
    const known = this.#peers.get(node.name);
    if (known?.node.incarnation === node.incarnation && known.instance === instance) return known;
    known?.link?.close('replaced', `by incarnation ${node.incarnation}`);
    if (known !== undefined) this.#forget(known);
    else if (this.#peers.size >= MAX_PEERS) this.#forgetSomebody();
    const windows = this.#newWindows();
    const record: Peer = { node, instance, windows, link: undefined };
    this.#peers.set(node.name, record);
    return record;
  }

  #forget(peer: Peer): void {
    this.#peers.delete(peer.node.name);
    this.#causal.forget(peer.node);
    const kept = CHANNELS.reduce((sum, channel) => sum + peer.windows[channel].send.size, 0);
    if (kept > 0) this.#parts.count('peer_unacknowledged_dropped', kept); // nobody is left to have them
  }

  #forgetSomebody(): void {
    for (const peer of this.#peers.values()) {
      if (peer.link === undefined) return this.#forget(peer);
    }
  }

  #newWindows(): Record<ChannelName, Windows> {
    const { resendMinMs: minMs, resendMaxMs: maxMs, unacknowledgedBytes } = this.#parts.settings;
    const windows = (): Windows => ({
      send: new SendWindow({ minMs, maxMs }, unacknowledgedBytes),
      receive: new ReceiveWindow(),
    });
    return { control: windows(), broadcast: windows(), relay: windows(), store: windows() };
  }

  #connection(
    socket: Socket,
    { bulkWindow }: PeerLink,
    channel: ChannelName,
    rest: readonly Uint8Array[],
  ): PeerConnection {
    const { clock, pool, flushes, settings } = this.#parts;
    return new PeerConnection(
      socket,
      {
        clock,
        pool,
        flushes,
        bulkWindow,
        // Heartbeats do not wait until bulk has been read.
        budget:
          channel === 'control' ? new TurnBudget(clock, settings.drainBudgetMs) : this.#budget,
        maxMessageBytes: MESSAGE_BYTES[channel],
        onFault: (error) => {
          this.#parts.count('peer_faults');
          this.#parts.log('error', 'peer_fault', { channel, error });
        },
      },
      rest,
    );
  }

  #deliver(service: ServiceName, from: NodeId, body: Uint8Array): 'accepted' | 'refused' | 'dead' {
    if (service === 'causal') return this.#causal.receive(from, body, this.#parts.clock.now());
    if (this.#announcements.isPending(service)) return 'refused'; // or it would hear things out of order
    const target = this.#parts.resolve(service);
    return target === undefined ? 'dead' : target.cast({ kind: 'peer_message', from, body });
  }

  #trafficOf(name: ChannelName): ChannelTraffic {
    const total = { ...this.#ended[name] };
    for (const { channels } of this.links()) {
      total.queuedBytes += channels[name].queuedBytes;
      addTraffic(total, channels[name]);
    }
    return total;
  }

  #onUp(link: PeerLink): void {
    const { peer } = link;
    this.#connected = undefined;
    this.#parts.count('peer_links_up');
    this.#parts.log('info', 'link_up', { peer: peer.name, incarnation: peer.incarnation });
    this.#announcements.tell({ kind: 'link_up', peer });
    this.#parts.onConnection?.('up', peer);
  }

  #onDown(link: PeerLink, reason: string, wasUp: boolean): void {
    const { peer } = link;
    const record = this.#peers.get(peer.name);
    if (record?.link === link) record.link = undefined;
    for (const name of CHANNELS) {
      addTraffic(this.#ended[name], link.channels[name]);
    }
    if (!wasUp) return this.#parts.count('peer_links_not_completed');
    this.#connected = undefined;
    this.#parts.count('peer_links_down');
    this.#parts.log('info', 'link_down', {
      peer: peer.name,
      incarnation: peer.incarnation,
      reason,
    });
    this.#announcements.tell({ kind: 'link_down', peer, reason });
    this.#parts.onConnection?.('down', peer);
  }
}

function noTraffic(): ChannelTraffic {
  return {
    queuedBytes: 0,
    sentBytes: 0,
    receivedBytes: 0,
    sentMessages: 0,
    receivedMessages: 0,
    overloaded: 0,
  };
}

/** What only grows. */
function addTraffic(total: ChannelTraffic, channel: Omit<ChannelTraffic, 'queuedBytes'>): void {
  total.sentBytes += channel.sentBytes;
  total.receivedBytes += channel.receivedBytes;
  total.sentMessages += channel.sentMessages;
  total.receivedMessages += channel.receivedMessages;
  total.overloaded += channel.overloaded;
}

function slotRefusal(
  link: PeerLink | undefined,
  { channel, slot, session }: Purpose,
  isDialler: boolean,
): Refusal | undefined {
  if (link?.session !== session || link?.isDialler !== isDialler) return 'unknown_session';
  return slot < link.channels[channel].lanes.length ? undefined : 'unknown_slot';
}
