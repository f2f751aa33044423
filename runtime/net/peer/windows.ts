/**
 * Acknowledged sends, both ends. The sender keeps each message until it is acknowledged and sends it again with a
 * growing wait; the receiver remembers what it has had. Both are bounded by the same window: the sender never has more
 * than `WINDOW` numbers open, so the receiver needs to remember no more than that.
 */
import type { Ack } from './frames.ts';
import type { ServiceName } from './port.ts';
import { WINDOW } from './protocol.ts';

export interface Kept {
  readonly sequence: number;
  readonly service: ServiceName;
  readonly partitionKey: number | undefined;
  readonly body: Uint8Array;
  /** It waits in a queue of ours, so it need not be put there again. */
  isQueued: boolean;
  attempts: number;
  dueAt: number;
}

export interface ResendWaits {
  /** After the first sending, ms; doubles with each. */
  readonly minMs: number;
  readonly maxMs: number;
}

export class SendWindow {
  readonly #waits: ResendWaits;
  readonly #maxBytes: number;
  readonly #kept = new Map<number, Kept>();
  #bytes = 0;
  #last = 0;

  constructor(waits: ResendWaits, maxBytes: number) {
    this.#waits = waits;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#kept.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** No number below it is kept. */
  get lowest(): number {
    for (const sequence of this.#kept.keys()) return sequence;
    return this.#last + 1;
  }

  /** Undefined: as much is kept as may be. */
  keep(service: ServiceName, partitionKey: number | undefined, body: Uint8Array): Kept | undefined {
    const isFull = this.#last + 1 - this.lowest >= WINDOW;
    if (isFull || (this.#bytes > 0 && this.#bytes + body.length > this.#maxBytes)) return undefined;
    const sequence = ++this.#last;
    const kept = { sequence, service, partitionKey, body, isQueued: true, attempts: 0, dueAt: 0 };
    this.#kept.set(sequence, kept);
    this.#bytes += body.length;
    return kept;
  }

  /** A connection has taken it whole. */
  sent(sequence: number, now: number): void {
    const kept = this.#kept.get(sequence);
    if (kept === undefined) return;
    kept.isQueued = false;
    kept.dueAt = now + Math.min(this.#waits.maxMs, this.#waits.minMs * 2 ** kept.attempts);
    kept.attempts++;
  }

  acknowledged({ contiguous, beyond }: Ack): void {
    for (const sequence of this.#kept.keys()) {
      if (sequence > contiguous) break;
      this.#release(sequence);
    }
    for (const sequence of beyond) this.#release(sequence);
  }

  /** What is to be sent again now, oldest first, of those that can be sent; each is marked as queued. */
  takeDue(now: number, canSend: (kept: Kept) => boolean): readonly Kept[] {
    const due: Kept[] = [];
    for (const kept of this.#kept.values()) {
      if (kept.isQueued || kept.dueAt > now || !canSend(kept)) continue;
      kept.isQueued = true;
      due.push(kept);
    }
    return due;
  }

  /** There is no connection for it: it is due when there is one. */
  postpone(sequence: number): void {
    const kept = this.#kept.get(sequence);
    if (kept === undefined) return;
    kept.isQueued = false;
    kept.dueAt = 0;
  }

  /** A connection is gone: whatever was sent on it may be lost. */
  expire(wasSentOnIt: (kept: Kept) => boolean): void {
    for (const kept of this.#kept.values()) if (wasSentOnIt(kept)) kept.dueAt = 0;
  }

  /** The queues are gone too. */
  unqueue(): void {
    for (const kept of this.#kept.values()) {
      kept.isQueued = false;
      kept.dueAt = 0;
      kept.attempts = 0;
    }
  }

  #release(sequence: number): void {
    const kept = this.#kept.get(sequence);
    if (kept === undefined) return;
    this.#kept.delete(sequence);
    this.#bytes -= kept.body.length;
  }
}

/** Low: more wake-ups. High: the sender keeps more. */
const ACK_MESSAGES = 64;
const ACK_BYTES = 256 * 1024;

export class ReceiveWindow {
  #contiguous = 0;
  readonly #beyond = new Set<number>();
  #unsaid: number[] = [];
  #owesAck = false;
  #unsaidBytes = 0;

  /** `lowest`: the sender will not send anything below it any more. */
  judge(sequence: number, lowest: number): 'new' | 'duplicate' | 'impossible' {
    if (sequence - lowest >= WINDOW) return 'impossible';
    if (lowest - 1 > this.#contiguous) {
      this.#contiguous = lowest - 1;
      for (const had of this.#beyond) if (had <= this.#contiguous) this.#beyond.delete(had);
      this.#advance();
    }
    if (sequence <= this.#contiguous || this.#beyond.has(sequence)) {
      this.#owe(sequence); // it was sent again, so our answer was lost
      return 'duplicate';
    }
    return 'new'; // at most WINDOW beyond what is contiguous
  }

  /** Somebody has it in the mailbox. */
  delivered(sequence: number, bytes = 0): void {
    this.#unsaidBytes += bytes;
    this.#beyond.add(sequence);
    this.#advance();
    this.#owe(sequence);
  }

  /** What to tell the sender, or undefined: nothing new. */
  takeAck(): Ack | undefined {
    if (!this.#owesAck) return undefined;
    this.#owesAck = false;
    this.#unsaidBytes = 0;
    const beyond = this.#unsaid.filter((sequence) => sequence > this.#contiguous);
    this.#unsaid = [];
    return { contiguous: this.#contiguous, beyond: beyond.slice(0, WINDOW) };
  }

  /** Whether there is something to tell the sender, and whether so much that it should not wait. */
  get owes(): 'nothing' | 'little' | 'much' {
    if (!this.#owesAck) return 'nothing';
    const isMuch = this.#unsaid.length >= ACK_MESSAGES || this.#unsaidBytes >= ACK_BYTES;
    return isMuch ? 'much' : 'little';
  }

  /** Numbers remembered one by one. */
  get remembered(): number {
    return this.#beyond.size;
  }

  #owe(sequence: number): void {
    this.#owesAck = true;
    this.#unsaid.push(sequence);
  }

  #advance(): void {
    while (this.#beyond.delete(this.#contiguous + 1)) this.#contiguous++;
  }
}
