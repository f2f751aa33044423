/**
 * The outlet as the router sees it while a session is a member: shut the moment the session leaves (so that nothing
 * follows its GOODBYE), and aware of what a backlog is made of.
 */
import type { Outlet, SendResult } from '../../runtime/net/connection.ts';
import type { SharedFrame } from '../../runtime/net/shared-frame.ts';
import type { Codec } from '../../runtime/wamp/codec.ts';
import { EVENT } from '../../runtime/wamp/message.ts';
import type { RouterMessage } from '../../runtime/wamp/message.ts';

export class MemberOutlet implements Outlet {
  readonly codec: Codec;
  readonly #outlet: Outlet;
  readonly #maxBacklog: number;
  readonly #overflow: () => void;
  #isOpen = true;
  #hasEvents = false;

  /** `overflow` is called once, when the backlog passes `maxBacklog` bytes. */
  constructor(outlet: Outlet, maxBacklog: number, overflow: () => void) {
    this.codec = outlet.codec;
    this.#outlet = outlet;
    this.#maxBacklog = maxBacklog;
    this.#overflow = overflow;
  }

  get backlog(): number {
    return this.#outlet.backlog;
  }

  get isCongested(): boolean {
    return this.#outlet.isCongested;
  }

  /** Events were sent since everything was last read: this is a subscriber that does not read. */
  get hasEventsWaiting(): boolean {
    return this.#hasEvents;
  }

  send(message: RouterMessage): SendResult {
    if (!this.#isOpen) return 'closed';
    this.#note(message.type === EVENT);
    const result = this.#outlet.send(message);
    this.#check();
    return result;
  }

  sendShared(frame: SharedFrame): SendResult {
    if (!this.#isOpen) return 'closed';
    this.#note(true);
    const result = this.#outlet.sendShared(frame);
    this.#check();
    return result;
  }

  shut(): void {
    this.#isOpen = false;
  }

  #note(isEvent: boolean): void {
    if (isEvent) this.#hasEvents = true;
    else if (this.#hasEvents && this.#outlet.backlog === 0) this.#hasEvents = false;
  }

  #check(): void {
    if (this.#outlet.backlog <= this.#maxBacklog) return;
    this.#isOpen = false;
    this.#overflow();
  }
}
