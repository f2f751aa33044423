/**
 * One place for a connection of a channel: the queue stays while connections come and go, so that messages of a
 * partition key keep their order and what was not sent is not lost.
 */
import type { Clock } from '../../kernel/actor.ts';
import type { PeerConnection } from './connection.ts';
import type { MessageHead } from './frames.ts';
import { PIECE_BYTES } from './frames.ts';
import type { Outgoing } from './send-queue.ts';
import { SendQueue } from './send-queue.ts';
import type { SendWindow } from './windows.ts';

export class Lane {
  readonly #window: SendWindow;
  readonly #clock: Clock;
  readonly #queue: SendQueue;
  #connection: PeerConnection | undefined;
  #sentMessages = 0;
  /** Bytes of connections that are gone. */
  #sentBefore = 0;
  #receivedBefore = 0;

  constructor(window: SendWindow, clock: Clock, maxMessageBytes: number) {
    this.#window = window;
    this.#clock = clock;
    this.#queue = new SendQueue(maxMessageBytes);
  }

  get connection(): PeerConnection | undefined {
    return this.#connection;
  }

  get queuedBytes(): number {
    return this.#queue.bytes + (this.#connection?.backlog ?? 0);
  }

  /** Given to a connection whole; those sent again count again. */
  get sentMessages(): number {
    return this.#sentMessages;
  }

  get sentBytes(): number {
    return this.#sentBefore + (this.#connection?.sentBytes ?? 0);
  }

  get receivedBytes(): number {
    return this.#receivedBefore + (this.#connection?.receivedBytes ?? 0);
  }

  /** True: a queued message with its key now says this. */
  replace(message: Outgoing): boolean {
    return this.#queue.replace(message);
  }

  send(message: Outgoing): void {
    const { body } = message;
    const connection = this.#connection;
    const { length } = body;
    if (connection?.canTake(length) && this.#queue.isEmpty && length <= PIECE_BYTES) {
      connection.write(this.#queue.nextId(), this.#headOf(message), body, 0, length);
      return this.#sent(message);
    }
    // What is acknowledged is kept anyway, and comes first, in its order, when there is a connection again.
    if (connection === undefined && message.sequence > 0) {
      return this.#window.postpone(message.sequence);
    }
    this.#queue.push(message);
    this.pump();
  }

  /** Gives the connection what it can take. */
  pump(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    do {
      while (connection.canTake(PIECE_BYTES)) {
        const piece = this.#queue.next();
        if (piece === undefined) return;
        const { message, id, start, end } = piece;
        const head = start === 0 ? this.#headOf(message) : undefined;
        connection.write(id, head, message.body, start, end);
        if (end === message.body.length) this.#sent(message);
      }
      connection.flush();
    } while (connection.canTake(PIECE_BYTES));
  }

  /** `sendFirst` sends what was postponed, before what waits in the queue. */
  connect(connection: PeerConnection, sendFirst: () => void): void {
    this.disconnect();
    const waiting = this.#queue.clear();
    this.#connection = connection;
    sendFirst();
    for (const message of waiting) this.#queue.push(message);
  }

  /** What was begun begins anew on the next connection. */
  disconnect(): void {
    this.#sentBefore = this.sentBytes;
    this.#receivedBefore = this.receivedBytes;
    this.#connection = undefined;
    for (const message of this.#queue.clear()) {
      if (message.sequence > 0) this.#window.postpone(message.sequence);
      else this.#queue.push(message);
    }
  }

  /** Messages that will never be sent. */
  clear(): readonly Outgoing[] {
    return this.#queue.clear();
  }

  #sent({ sequence }: Outgoing): void {
    this.#sentMessages++;
    if (sequence > 0) this.#window.sent(sequence, this.#clock.now());
  }

  #headOf({ service, body, sequence, inflatedSize }: Outgoing): MessageHead {
    const lowest = sequence > 0 ? Math.min(sequence, this.#window.lowest) : 0;
    return { service, size: body.length, sequence, lowest, inflatedSize };
  }
}
