/**
 * The sending end of one channel of a link: a message goes by way of the hooks to the lane of its partition key. One that
 * is to be acknowledged is kept first, and sent again until it is; any other is refused when the queue is full.
 */
import type { NodeId } from '../../causality/identity.ts';
import type { Clock } from '../../kernel/actor.ts';
import type { ChannelReceiver } from './channel-receiver.ts';
import type { Channel } from './channel.ts';
import type { Interpositions } from './interposition.ts';
import type { Lane } from './lane.ts';
import type { PeerDelivery, SendOptions, ServiceName } from './port.ts';
import type { SendWindow } from './windows.ts';

/** What sending needs of the node. */
export interface SenderHost {
  readonly clock: Clock;
  readonly interpositions: Interpositions;
  after(ms: number, run: () => void): void;
  count(counter: string, by?: number): void;
}

export interface SenderParts {
  readonly peer: NodeId;
  readonly channel: Channel;
  readonly window: SendWindow;
  /** Its acknowledgements go along with what is sent. */
  readonly receiver: ChannelReceiver;
  readonly host: SenderHost;
  /** Whether what a hook delayed may still be sent. */
  isUp(): boolean;
}

interface Message {
  readonly service: ServiceName;
  readonly body: Uint8Array;
  readonly options: SendOptions;
  /** 0: need not be acknowledged. */
  readonly sequence: number;
}

export class ChannelSender {
  readonly #peer: NodeId;
  readonly #channel: Channel;
  readonly #window: SendWindow;
  readonly #receiver: ChannelReceiver;
  readonly #host: SenderHost;
  readonly #isUp: () => boolean;

  constructor({ peer, channel, window, receiver, host, isUp }: SenderParts) {
    this.#peer = peer;
    this.#channel = channel;
    this.#window = window;
    this.#receiver = receiver;
    this.#host = host;
    this.#isUp = isUp;
  }

  send(service: ServiceName, body: Uint8Array, options: SendOptions): PeerDelivery {
    const message = { service, body, options, sequence: 0 };
    if (options.acknowledged === true) return this.#keepAndSend(message);
    if (!this.#channel.hasRoom(body.length) && !this.#channel.mayReplace(options))
      return this.#overloaded();
    return this.#pass(message);
  }

  /** What is due of the messages kept, on the lanes that have a connection. */
  resend(): void {
    const channel = this.#channel;
    const due = this.#window.takeDue(
      this.#host.clock.now(),
      ({ service, partitionKey }) => channel.laneOf(service, partitionKey).connection !== undefined,
    );
    for (const { service, partitionKey, body, sequence, attempts } of due) {
      if (attempts > 0) this.#host.count('peer_messages_resent');
      const options = partitionKey === undefined ? {} : { partitionKey };
      this.#pass({ service, body, options, sequence });
    }
  }

  /** The lane has lost its connection: whatever was sent on it may be lost, and is due at once. */
  expire(lane: Lane): void {
    this.#window.expire(
      ({ service, partitionKey }) => this.#channel.laneOf(service, partitionKey) === lane,
    );
  }

  #keepAndSend(message: Message): PeerDelivery {
    const { service, body, options } = message;
    if (!this.#channel.hasRoom(body.length)) return this.#overloaded();
    const kept = this.#window.keep(service, options.partitionKey, body);
    if (kept === undefined) return this.#overloaded();
    this.#pass({ ...message, sequence: kept.sequence });
    return 'queued'; // kept is as good as queued, whatever the hooks do
  }

  #overloaded(): PeerDelivery {
    this.#channel.overloaded++;
    this.#host.count('peer_sends_overloaded');
    return 'overloaded';
  }

  /** To its lane, by way of the hooks. A dropped message that is to be acknowledged counts as sent and comes again. */
  #pass(message: Message): PeerDelivery {
    const { interpositions, after, clock } = this.#host;
    if (interpositions.isEmpty) return this.#enqueue(message, message.body);
    const { service, body, sequence } = message;
    if (sequence > 0) this.#window.sent(sequence, clock.now());
    interpositions.pass(
      { direction: 'out', peer: this.#peer.name, channel: this.#channel.name, service, body },
      (changed) => {
        if (this.#isUp()) this.#enqueue(message, changed);
      },
      after,
    );
    return 'queued';
  }

  #enqueue({ service, options, sequence }: Message, body: Uint8Array): PeerDelivery {
    const channel = this.#channel;
    const lane = channel.laneOf(service, options.partitionKey);
    const outgoing = channel.outgoing(service, body, options, sequence);
    if (lane.replace(outgoing)) {
      this.#host.count('peer_messages_replaced');
      return 'queued';
    }
    // Full, and there was nothing to replace.
    if (sequence === 0 && !channel.hasRoom(outgoing.body.length)) return this.#overloaded();
    lane.send(outgoing);
    this.#receiver.acknowledgeAlong(lane);
    return 'queued';
  }
}
