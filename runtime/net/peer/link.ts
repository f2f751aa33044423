/**
 * The link to one incarnation of one node: all its channels. It is up when every channel has a connection, and down
 * when control has none, when a channel stays without one for too long, or when it is closed. Nothing is read before it
 * is up, so services hear `link_up`, then messages, then `link_down`, whatever the order in which sockets come and go.
 */
import type { NodeId } from '../../causality/identity.ts';
import type { Clock } from '../../kernel/actor.ts';
import { Channel, inflated } from './channel.ts';
import type { PeerConnection } from './connection.ts';
import type { Interpositions } from './interposition.ts';
import type { Lane } from './lane.ts';
import type { ChannelName, PeerDelivery, SendOptions, ServiceName } from './port.ts';
import type { CloseReason } from './protocol.ts';
import { CHANNELS, MESSAGE_BYTES } from './protocol.ts';
import type { WholeMessage } from './reassembly.ts';
import type { LinkSettings } from './settings.ts';
import type { ReceiveWindow, SendWindow } from './windows.ts';

export interface Windows {
  readonly send: SendWindow;
  readonly receive: ReceiveWindow;
}

/** What links need of the node; one for all. */
export interface LinkHost {
  readonly clock: Clock;
  readonly settings: LinkSettings;
  readonly interpositions: Interpositions;
  after(ms: number, run: () => void): void;
  count(counter: string, by?: number): void;
  /** `dead`: no such service here. */
  deliver(service: ServiceName, from: NodeId, body: Uint8Array): 'accepted' | 'refused' | 'dead';
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

interface Message {
  readonly channel: Channel;
  readonly service: ServiceName;
  readonly body: Uint8Array;
  readonly options: SendOptions;
  /** 0: need not be acknowledged. */
  readonly sequence: number;
}

/** Far below the wait for a resend. Low: more wake-ups. High: the sender keeps more. */
const ACK_WITHIN_MS = 10;

export class PeerLink {
  readonly peer: NodeId;
  readonly session: string;
  /** This node opens its connections. */
  readonly isDialler: boolean;
  readonly channels: Readonly<Record<ChannelName, Channel>>;
  readonly #plan: LinkPlan;
  readonly #host: LinkHost;
  readonly #watchers = new Set<(reason: string) => void>();
  #state: 'opening' | 'up' | 'down' = 'opening';
  #rttMs: number | undefined;
  /** Channels that owe an acknowledgement and have a timer for it. */
  readonly #acksDue = new Set<ChannelName>();
  #tickedAt: number;

  constructor(plan: LinkPlan, host: LinkHost) {
    this.#plan = plan;
    this.#host = host;
    this.peer = plan.peer;
    this.session = plan.session;
    this.isDialler = plan.isDialler;
    this.#tickedAt = host.clock.now();
    const channel = (name: ChannelName, index: number): Channel =>
      new Channel(
        name,
        plan.parallelism[index],
        host.settings.channels[name],
        plan.windows[name].send,
        host.clock,
      );
    this.channels = Object.fromEntries(
      CHANNELS.map((name, index) => [name, channel(name, index)]),
    ) as Record<ChannelName, Channel>;
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
    const lane = channel.lanes[slot];
    if (this.#state === 'down') return connection.close('disconnected', 'the link is down');
    const older = lane.connection;
    if (older !== undefined) this.#expire(channel, lane);
    lane.connect(connection, () => {
      if (this.#state === 'up') this.#resend(channel);
    });
    older?.close('replaced', 'by a newer connection');
    connection.attach({
      onMessage: (message) => this.#onMessage(name, message),
      onBatch: () => this.#acknowledge(name, lane),
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
    const channel = this.channels[channelName];
    const message = { channel, service, body, options, sequence: 0 };
    if (options.acknowledged === true) return this.#keepAndSend(message);
    if (!channel.hasRoom(body.length) && !channel.mayReplace(options))
      return this.#overloaded(channel);
    return this.#pass(message);
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
      if (this.#state === 'up') this.#resend(channel);
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
      this.#resend(this.channels[name]);
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
    this.#expire(channel, lane);
    if (this.#state === 'down') return;
    if (channel.name === 'control' && channel.connections === 0) {
      this.#fall(`${reason}: ${detail}`, 'disconnected', `control was lost (${reason})`);
    }
  }

  #keepAndSend(message: Message): PeerDelivery {
    const { channel, service, body, options } = message;
    if (!channel.hasRoom(body.length)) return this.#overloaded(channel);
    const window = this.#plan.windows[channel.name].send;
    const kept = window.keep(service, options.partitionKey, body);
    if (kept === undefined) return this.#overloaded(channel);
    this.#pass({ ...message, sequence: kept.sequence });
    return 'queued'; // kept is as good as queued, whatever the hooks do
  }

  #overloaded(channel: Channel): PeerDelivery {
    channel.overloaded++;
    this.#host.count('peer_sends_overloaded');
    return 'overloaded';
  }

  /** To its lane, by way of the hooks. A dropped message that is to be acknowledged counts as sent and comes again. */
  #pass(message: Message): PeerDelivery {
    const { interpositions, after, clock } = this.#host;
    if (interpositions.isEmpty) return this.#enqueue(message, message.body);
    const { channel, service, body, sequence } = message;
    if (sequence > 0) this.#plan.windows[channel.name].send.sent(sequence, clock.now());
    interpositions.pass(
      { direction: 'out', peer: this.peer.name, channel: channel.name, service, body },
      (changed) => {
        if (this.#state === 'up') this.#enqueue(message, changed);
      },
      after,
    );
    return 'queued';
  }

  #enqueue({ channel, service, options, sequence }: Message, body: Uint8Array): PeerDelivery {
    const lane = channel.laneOf(service, options.partitionKey);
    const outgoing = channel.outgoing(service, body, options, sequence);
    if (lane.replace(outgoing)) {
      this.#host.count('peer_messages_replaced');
      return 'queued';
    }
    // Full, and there was nothing to replace.
    if (sequence === 0 && !channel.hasRoom(outgoing.body.length)) return this.#overloaded(channel);
    lane.send(outgoing);
    if (this.#acksDue.has(channel.name)) this.#sayAck(channel.name, lane);
    return 'queued';
  }

  #expire(channel: Channel, lane: Lane): void {
    this.#plan.windows[channel.name].send.expire(
      ({ service, partitionKey }) => channel.laneOf(service, partitionKey) === lane,
    );
  }

  #resend(channel: Channel): void {
    const due = this.#plan.windows[channel.name].send.takeDue(
      this.#host.clock.now(),
      ({ service, partitionKey }) => channel.laneOf(service, partitionKey).connection !== undefined,
    );
    for (const { service, partitionKey, body, sequence, attempts } of due) {
      if (attempts > 0) this.#host.count('peer_messages_resent');
      const options = partitionKey === undefined ? {} : { partitionKey };
      this.#pass({ channel, service, body, options, sequence });
    }
  }

  #onMessage(
    name: ChannelName,
    message: WholeMessage,
  ): 'taken' | 'hold' | { readonly violation: string } {
    const body = inflated(message);
    if (body === undefined) return { violation: 'a message that cannot be inflated' };
    const { interpositions, after } = this.#host;
    if (interpositions.isEmpty) return this.#receive(name, message, body);
    const passing = {
      direction: 'in',
      peer: this.peer.name,
      channel: name,
      service: message.head.service,
      body,
    } as const;
    interpositions.pass(
      passing,
      (changed) => {
        if (this.#state !== 'up') return;
        if (this.#receive(name, message, changed) === 'hold')
          this.#host.count('peer_messages_dropped');
      },
      after,
    );
    return 'taken';
  }

  #receive(
    name: ChannelName,
    { head }: WholeMessage,
    body: Uint8Array,
  ): 'taken' | 'hold' | { readonly violation: string } {
    const { service, sequence, lowest } = head;
    const { receive: window } = this.#plan.windows[name];
    if (sequence > 0) {
      const judged = window.judge(sequence, lowest);
      if (judged === 'impossible') return { violation: `sequence ${sequence} of ${lowest}` };
      if (judged === 'duplicate') {
        this.channels[name].receivedMessages++;
        this.#host.count('peer_duplicates_ignored');
        return 'taken';
      }
    }
    const delivery = this.#host.deliver(service, this.peer, body);
    if (delivery === 'refused') {
      this.#host.count('peer_deliveries_held');
      return 'hold';
    }
    this.channels[name].receivedMessages++;
    if (delivery === 'dead') this.#host.count('peer_messages_for_nobody');
    else if (sequence > 0) window.delivered(sequence, body.length);
    return 'taken';
  }

  /** Soon: what is answered meanwhile takes the acknowledgement along, which saves both sides a wake-up. */
  #acknowledge(name: ChannelName, lane: Lane): void {
    const { owes } = this.#plan.windows[name].receive;
    if (owes === 'much') return this.#sayAck(name, lane);
    if (owes === 'nothing' || this.#acksDue.has(name)) return;
    this.#acksDue.add(name);
    this.#host.after(ACK_WITHIN_MS, () => {
      this.#acksDue.delete(name);
      this.#sayAck(name, lane);
    });
  }

  #sayAck(name: ChannelName, lane: Lane): void {
    const speaker = lane.connection ? lane : this.channels[name].lanes.find((l) => l.connection);
    if (!speaker) return; // it is sent again, and answered then
    const ack = this.#plan.windows[name].receive.takeAck();
    if (ack !== undefined) speaker.connection?.acknowledge(ack);
  }
}
