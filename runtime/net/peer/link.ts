/**
 * The link to one incarnation of one node: all its channels. It is up when every channel has a connection, and down
 * when control has none, when a channel stays without one for too long, or when it is closed. Nothing is read before it
 * is up, so services hear `link_up`, then messages, then `link_down`, whatever the order in which sockets come and go.
 *
 * What passes over it is the work of the two ends of each channel: channel-sender.ts and channel-receiver.ts.
 */
import type { NodeId } from '../../causality/identity.ts';
import { BulkWindow } from './bulk-window.ts';
import type { ReceiverHost } from './channel-receiver.ts';
import { ChannelReceiver } from './channel-receiver.ts';
import type { SenderHost } from './channel-sender.ts';
import { ChannelSender } from './channel-sender.ts';
import { Channel } from './channel.ts';
import type { PeerConnection } from './connection.ts';
import type { Lane } from './lane.ts';
import type { ChannelName, PeerDelivery, SendOptions, ServiceName } from './port.ts';
import type { CloseReason } from './protocol.ts';
import { CHANNELS, MESSAGE_BYTES } from './protocol.ts';
import type { LinkSettings } from './settings.ts';
import type { ReceiveWindow, SendWindow } from './windows.ts';

export interface Windows {
  readonly send: SendWindow;
  readonly receive: ReceiveWindow;
}

/** What links need of the node; one for all. */
export interface LinkHost extends SenderHost, ReceiverHost {
  readonly settings: LinkSettings;
  onUp(link: PeerLink): void;
  /** `wasUp`: services know of it. */
  onDown(link: PeerLink, reason: string, wasUp: boolean): void;
}

export interface LinkPlan {
  readonly peer: NodeId;
  readonly session: string;
  readonly isDialler: boolean;
  /** Connections per channel, in the order of CHANNELS. */
  readonly parallelism: readonly number[];
  /** Of this peer's incarnation; they outlive the link. */
  readonly windows: Readonly<Record<ChannelName, Windows>>;
}

export interface Vacancy {
  readonly channel: ChannelName;
  readonly slot: number;
}

export class PeerLink {
  readonly peer: NodeId;
  readonly session: string;
  /** This node opens its connections. */
  readonly isDialler: boolean;
  readonly channels: Readonly<Record<ChannelName, Channel>>;
  /** Of each of its connections. */
  readonly bulkWindow: BulkWindow;
  readonly #senders: Readonly<Record<ChannelName, ChannelSender>>;
  readonly #receivers: Readonly<Record<ChannelName, ChannelReceiver>>;
  readonly #plan: LinkPlan;
  readonly #host: LinkHost;
  readonly #watchers = new Set<(reason: string) => void>();
  #state: 'opening' | 'up' | 'down' = 'opening';
  #rttMs: number | undefined;
  #tickedAt: number;

  constructor(plan: LinkPlan, host: LinkHost) {
    this.#plan = plan;
    this.#host = host;
    this.peer = plan.peer;
    this.session = plan.session;
    this.isDialler = plan.isDialler;
    this.#tickedAt = host.clock.now();
    this.bulkWindow = new BulkWindow(host.settings.bulk);
    this.channels = perChannel(
      (name, index) =>
        new Channel(
          name,
          plan.parallelism[index],
          host.settings.channels[name],
          plan.windows[name].send,
          host.clock,
        ),
    );
    const isUp = (): boolean => this.#state === 'up';
    const ends = { peer: plan.peer, host, isUp };
    this.#receivers = perChannel(
      (name) =>
        new ChannelReceiver({
          ...ends,
          channel: this.channels[name],
          window: plan.windows[name].receive,
        }),
    );
    this.#senders = perChannel(
      (name) =>
        new ChannelSender({
          ...ends,
          channel: this.channels[name],
          window: plan.windows[name].send,
          receiver: this.#receivers[name],
        }),
    );
  }

  get state(): 'opening' | 'up' | 'down' {
    return this.#state;
  }

  /** Of the last ping on control. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** Whether the peer has spoken lately: it does so once per ping interval. */
  isHeard(now: number): boolean {
    const { pingIntervalMs } = this.#host.settings;
    return (
      this.#state === 'up' &&
      this.channels.control.lanes.some(
        ({ connection }) => connection && now - connection.heardAt < 2 * pingIntervalMs,
      )
    );
  }

  /** Called once with the reason, at once when it is down already. Returns the undo. */
  onEnd(watcher: (reason: string) => void): () => void {
    if (this.#state === 'down') watcher('the link is down');
    else this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Lanes without a connection: what its dialler still has to open. */
  vacancies(): readonly Vacancy[] {
    if (this.#state === 'down') return [];
    return CHANNELS.flatMap((channel) =>
      this.channels[channel].lanes.flatMap((lane, slot) =>
        lane.connection === undefined ? [{ channel, slot }] : [],
      ),
    );
  }

  /** Takes over a connection whose handshake named this link. An older one in its place is cut, unread. */
  attach({ channel: name, slot }: Vacancy, connection: PeerConnection): void {
    const channel = this.channels[name];
    const sender = this.#senders[name];
    const receiver = this.#receivers[name];
    const lane = channel.lanes[slot];
    if (this.#state === 'down') return connection.close('disconnected', 'the link is down');
    const older = lane.connection;
    if (older !== undefined) sender.expire(lane);
    lane.connect(connection, () => {
      if (this.#state === 'up') sender.resend();
    });
    older?.close('replaced', 'by a newer connection');
    connection.attach({
      onMessage: (message) => receiver.receive(message),
      onBatch: () => receiver.acknowledge(lane),
      onAck: (ack) => this.#plan.windows[name].send.acknowledged(ack),
      onRoundTrip: (ms) => {
        if (name === 'control') this.#rttMs = ms;
      },
      onDrain: () => lane.pump(),
      onClosed: (reason, detail) =>
        this.#onConnectionLost(channel, slot, connection, reason, detail),
    });
    if (lane.connection !== connection) return; // it was dead already
    if (this.#state === 'up') this.#startConnection(lane, connection);
    else if (CHANNELS.every((each) => this.channels[each].connections > 0)) this.#rise();
  }

  send(
    channelName: ChannelName,
    service: ServiceName,
    body: Uint8Array,
    options: SendOptions,
  ): PeerDelivery {
    if (this.#state !== 'up') return 'disconnected';
    if (body.length > MESSAGE_BYTES[channelName]) {
      throw new RangeError(`${service} sends ${body.length} bytes on ${channelName}`);
    }
    return this.#senders[channelName].send(service, body, options);
  }

  /** Heartbeats, cuts, resends. Called every `pingIntervalMs / 4` or so. */
  tick(): void {
    if (this.#state === 'down') return;
    const { clock, settings } = this.#host;
    const now = clock.now();
    const stall = now - this.#tickedAt - settings.pingIntervalMs;
    this.#tickedAt = now;
    for (const name of CHANNELS) {
      const channel = this.channels[name];
      for (const { connection } of channel.lanes) {
        if (stall > 0) connection?.forgive(stall);
        connection?.tick(now, settings, name === 'control');
      }
      if (channel.connections === 0 && now - channel.emptySince >= settings.incompleteMs) {
        return this.close('incomplete', `no connection for ${name}`);
      }
      if (this.#state === 'up') this.#senders[name].resend();
    }
  }

  close(reason: CloseReason, detail: string): void {
    this.#fall(`${reason}: ${detail}`, reason, detail);
  }

  #rise(): void {
    this.#state = 'up';
    this.#host.onUp(this);
    for (const name of CHANNELS) {
      const { lanes } = this.channels[name];
      for (const lane of lanes) if (lane.connection) this.#startConnection(lane, lane.connection);
      this.#senders[name].resend();
    }
  }

  #startConnection(lane: Lane, connection: PeerConnection): void {
    connection.start();
    lane.pump();
  }

  #fall(text: string, reason: CloseReason, detail: string): void {
    if (this.#state === 'down') return;
    const wasUp = this.#state === 'up';
    this.#state = 'down';
    for (const name of CHANNELS) {
      for (const lane of this.channels[name].lanes) {
        lane.connection?.close(reason, detail);
        const lost = lane.clear().filter(({ sequence }) => sequence === 0).length;
        if (lost > 0) this.#host.count('peer_messages_lost_with_link', lost);
      }
      this.#plan.windows[name].send.unqueue();
    }
    this.#host.onDown(this, text, wasUp);
    for (const watcher of this.#watchers) watcher(text);
    this.#watchers.clear();
  }

  #onConnectionLost(
    channel: Channel,
    slot: number,
    connection: PeerConnection,
    reason: CloseReason,
    detail: string,
  ): void {
    const lane = channel.lanes[slot];
    if (this.#state !== 'down') this.#host.count('peer_connections_lost');
    if (reason === 'violation') this.#host.count('peer_violations');
    if (reason === 'silent') this.#host.count('peer_connections_silent');
    if (connection.unfinishedMessages > 0) {
      this.#host.count('peer_unfinished_messages_lost', connection.unfinishedMessages);
    }
    if (lane.connection !== connection) return; // a newer one has its place
    lane.disconnect();
    if (channel.connections === 0) channel.emptySince = this.#host.clock.now();
    this.#senders[channel.name].expire(lane);
    if (this.#state === 'down') return;
    if (channel.name === 'control' && channel.connections === 0) {
      this.#fall(`${reason}: ${detail}`, 'disconnected', `control was lost (${reason})`);
    }
  }
}

function perChannel<T>(make: (name: ChannelName, index: number) => T): Record<ChannelName, T> {
  const entries = CHANNELS.map((name, index) => [name, make(name, index)]);
  return Object.fromEntries(entries) as Record<ChannelName, T>;
}
