/**
 * The receiving end of one channel of a link. A message is inflated, passes the hooks, is judged by the window that knows
 * what has been had, and goes to its service. Acknowledgements wait a little, because what is sent meanwhile takes them
 * along.
 */
import type { NodeId } from '../../causality/identity.ts';
import type { Channel } from './channel.ts';
import { inflated } from './channel.ts';
import type { Interpositions } from './interposition.ts';
import type { Lane } from './lane.ts';
import type { ServiceName } from './port.ts';
import type { WholeMessage } from './reassembly.ts';
import type { ReceiveWindow } from './windows.ts';

/** What receiving needs of the node. */
export interface ReceiverHost {
  readonly interpositions: Interpositions;
  after(ms: number, run: () => void): void;
  count(counter: string, by?: number): void;
  /** `dead`: no such service here. */
  deliver(service: ServiceName, from: NodeId, body: Uint8Array): 'accepted' | 'refused' | 'dead';
}

export interface ReceiverParts {
  readonly peer: NodeId;
  readonly channel: Channel;
  readonly window: ReceiveWindow;
  readonly host: ReceiverHost;
  /** Whether services may still hear of this link. */
  isUp(): boolean;
}

/** `hold`: the service is full; the connection offers the message again. */
export type Received = 'taken' | 'hold' | { readonly violation: string };

/** Far below the wait for a resend. Low: more wake-ups. High: the sender keeps more. */
const ACK_WITHIN_MS = 10;

export class ChannelReceiver {
  readonly #peer: NodeId;
  readonly #channel: Channel;
  readonly #window: ReceiveWindow;
  readonly #host: ReceiverHost;
  readonly #isUp: () => boolean;
  /** It owes an acknowledgement and has a timer for it. */
  #isAckDue = false;

  constructor({ peer, channel, window, host, isUp }: ReceiverParts) {
    this.#peer = peer;
    this.#channel = channel;
    this.#window = window;
    this.#host = host;
    this.#isUp = isUp;
  }

  receive(message: WholeMessage): Received {
    const body = inflated(message);
    if (body === undefined) return { violation: 'a message that cannot be inflated' };
    const { interpositions, after } = this.#host;
    if (interpositions.isEmpty) return this.#deliver(message, body);
    const passing = {
      direction: 'in',
      peer: this.#peer.name,
      channel: this.#channel.name,
      service: message.head.service,
      body,
    } as const;
    interpositions.pass(
      passing,
      (changed) => {
        if (!this.#isUp()) return;
        if (this.#deliver(message, changed) === 'hold') this.#host.count('peer_messages_dropped');
      },
      after,
    );
    return 'taken';
  }

  /** Soon: what is answered meanwhile takes the acknowledgement along, which saves both sides a wake-up. */
  acknowledge(lane: Lane): void {
    const { owes } = this.#window;
    if (owes === 'much') return this.#sayAck(lane);
    if (owes === 'nothing' || this.#isAckDue) return;
    this.#isAckDue = true;
    this.#host.after(ACK_WITHIN_MS, () => {
      this.#isAckDue = false;
      this.#sayAck(lane);
    });
  }

  /** Something is sent on this lane: an acknowledgement that is due goes along. */
  acknowledgeAlong(lane: Lane): void {
    if (this.#isAckDue) this.#sayAck(lane);
  }

  #deliver({ head }: WholeMessage, body: Uint8Array): Received {
    const { service, sequence, lowest } = head;
    if (sequence > 0) {
      const judged = this.#window.judge(sequence, lowest);
      if (judged === 'impossible') return { violation: `sequence ${sequence} of ${lowest}` };
      if (judged === 'duplicate') {
        this.#channel.receivedMessages++;
        this.#host.count('peer_duplicates_ignored');
        return 'taken';
      }
    }
    const delivery = this.#host.deliver(service, this.#peer, body);
    if (delivery === 'refused') {
      this.#host.count('peer_deliveries_held');
      return 'hold';
    }
    this.#channel.receivedMessages++;
    if (delivery === 'dead') this.#host.count('peer_messages_for_nobody');
    else if (sequence > 0) this.#window.delivered(sequence, body.length);
    return 'taken';
  }

  #sayAck(lane: Lane): void {
    const speaker = lane.connection ? lane : this.#channel.lanes.find((l) => l.connection);
    if (!speaker) return; // it is sent again, and answered then
    const ack = this.#window.takeAck();
    if (ack !== undefined) speaker.connection?.acknowledge(ack);
  }
}
