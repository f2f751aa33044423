/**
 * How many bytes of bulk each connection to a node may have on its way. The kernel would take megabytes, which then stand
 * in the network's one queue before the heartbeats; so the window is what keeps the round trip a target above the lowest
 * one seen, as LEDBAT (RFC 6817) does for background transfers. It moves in proportion, as FAST TCP's does (Wei, Jin, Low,
 * Hegde, IEEE/ACM ToN 2006), and doubles until the target is met for the first time.
 *
 * One for all connections of a link: they share the way. Each is bound by itself, so that one whose reader stands still
 * takes nothing from the others.
 */
export interface BulkLimits {
  /** Time that bulk may stand in the network's queues, ms; a quarter of the lowest round trip where that is longer. */
  readonly queueingTargetMs: number;
  /** The longest window. */
  readonly maxBytes: number;
}

const KIB = 1024;
/** One frame: less cannot be sent. */
const MIN_BYTES = 64 * KIB;
const START_BYTES = 256 * KIB;
/**
 * A long round trip may also mean that a reader is busy, and a smaller window mends nothing then. So it is never so
 * small that fewer bytes pass per ms than this, up to the window with which each connection starts.
 */
const MIN_BYTES_PER_MS = 8 * KIB;
/** The lowest of so many measurements counts, so that a pause of one end's event loop is no queue (RFC 6817 3.4.2). */
const SAMPLES = 4;
/** In a window: more measure it sooner, and cost both ends. */
const PINGS = 8;
/**
 * For so long the lowest round trip is believed. Then one round with the smallest window finds out anew, because behind
 * a full window of our own nobody sees how short the way is (as BBR's PROBE_RTT).
 */
const BASE_MS = 60_000;
/** Without bulk for so long, the queues are empty: then a heartbeat finds out as well. */
const QUIET_MS = 1_000;

export class BulkWindow {
  readonly #limits: BulkLimits;
  #bytes: number;
  #pingBytes: number;
  #baseMs = Infinity;
  #baseAt = -Infinity;
  #bulkAt = -Infinity;
  #queueingMs: number | undefined;
  /** Until the target is met for the first time. */
  #isDoubling = true;
  // This round: of what was sent since the window last changed.
  #since = -Infinity;
  #lowestMs = Infinity;
  #samples = 0;
  #wasFull = false;

  constructor(limits: BulkLimits) {
    this.#limits = limits;
    this.#bytes = this.#within(START_BYTES);
    this.#pingBytes = this.#bytes / PINGS;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Behind so much there is a ping. What its pong makes room for goes out at once, so it is no more than half the target. */
  get pingBytes(): number {
    return this.#pingBytes;
  }

  /** How much longer than the lowest the last round trips of bulk took. Undefined: there was none. */
  get queueingMs(): number | undefined {
    return this.#queueingMs;
  }

  /** A connection would have sent more. */
  filled(): void {
    this.#wasFull = true;
  }

  /** The answer to what was sent at `sentAt` is here; a measurement without bulk only shows how short the way is. */
  answered(sentAt: number, now: number, wasBulk: boolean): void {
    const ms = now - sentAt;
    const isQuiet = !wasBulk && sentAt - this.#bulkAt >= QUIET_MS;
    if (ms <= this.#baseMs || (isQuiet && now - this.#baseAt >= BASE_MS)) {
      this.#baseMs = ms;
      this.#baseAt = now;
    }
    if (!wasBulk) return;
    this.#bulkAt = now;
    if (sentAt < this.#since) return;
    this.#lowestMs = Math.min(this.#lowestMs, ms);
    if (++this.#samples >= SAMPLES) this.#adapt(now);
  }

  #adapt(now: number): void {
    this.#queueingMs = this.#lowestMs - this.#baseMs;
    if (now - this.#baseAt >= BASE_MS) {
      this.#baseMs = Infinity;
      this.#bytes = MIN_BYTES;
      this.#isDoubling = true;
    } else {
      this.#move(this.#lowestMs);
    }
    const share = this.#targetMs / 2 / this.#lowestMs;
    this.#pingBytes = this.#bytes * Math.min(1 / PINGS, share);
    this.#since = now;
    this.#lowestMs = Infinity;
    this.#samples = 0;
    this.#wasFull = false;
  }

  #move(ms: number): void {
    const wantedMs = this.#baseMs + this.#targetMs;
    if (ms >= wantedMs) this.#isDoubling = false;
    const factor = this.#isDoubling ? 2 : Math.min(2, Math.max(0.5, wantedMs / ms));
    if (factor > 1 && !this.#wasFull) return; // nothing says that more would pass
    const floor = Math.min(START_BYTES, MIN_BYTES_PER_MS * ms);
    this.#bytes = this.#within(Math.max(floor, this.#bytes * factor));
  }

  /** The round trips of a long way vary by more than a few ms without any queue. */
  get #targetMs(): number {
    return Math.max(this.#limits.queueingTargetMs, this.#baseMs / 4);
  }

  #within(bytes: number): number {
    return Math.max(MIN_BYTES, Math.min(this.#limits.maxBytes, bytes));
  }
}
