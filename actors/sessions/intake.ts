/**
 * Whether a session's connection is read. Three reasons not to, each of which ends by itself; it is read again when
 * none is left:
 *
 *   its turn     more chunks wait in its mailbox than may: what comes in faster than it is handled stays outside
 *   its answers  its peer asks and does not read: who is not read from cannot make its own backlog grow
 *   a verdict    it is not in yet, and who it is (or whether its realm can be made) takes time to find out
 */
import type { Connection } from '../../runtime/net/connection.ts';

/** Messages of a session that wait for its turn, each with a chunk in memory. */
const MAX_WAITING = 8;

export class Intake {
  readonly #connection: Pick<Connection, 'pause' | 'resume'>;
  #waiting = 0;
  #awaitsTurn = false;
  #awaitsReader = false;
  #awaitsVerdict = false;

  constructor(connection: Pick<Connection, 'pause' | 'resume'>) {
    this.#connection = connection;
  }

  /** A message with frames is on its way to the session. */
  arrived(): void {
    this.#waiting += 1;
    if (this.#waiting <= MAX_WAITING || this.#awaitsTurn) return;
    this.#awaitsTurn = true;
    this.#connection.pause();
  }

  /** The session has that message; it says `handled` when it is done with it. */
  taken(): void {
    this.#waiting -= 1;
  }

  handled(): void {
    if (!this.#awaitsTurn || this.#waiting !== 0) return;
    this.#awaitsTurn = false;
    this.resume();
  }

  /** Until the peer has read its answers. False: that is awaited already. */
  awaitReader(): boolean {
    if (this.#awaitsReader) return false;
    this.#awaitsReader = true;
    this.#connection.pause();
    return true;
  }

  answersRead(): void {
    if (!this.#awaitsReader) return;
    this.#awaitsReader = false;
    this.resume();
  }

  awaitVerdict(): void {
    this.#awaitsVerdict = true;
    this.#connection.pause();
  }

  /** `resume` is for when it was acted upon: what follows may have to wait for another one. */
  verdictCame(): void {
    this.#awaitsVerdict = false;
  }

  /** Unless there is another reason not to read. */
  resume(): void {
    if (this.#awaitsTurn || this.#awaitsReader || this.#awaitsVerdict) return;
    this.#connection.resume();
  }
}
