/** The window of bulk against a model of the way: one queue, a rate, a round trip, on virtual time. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { BulkLimits } from '../../../../runtime/net/peer/bulk-window.ts';
import { BulkWindow } from '../../../../runtime/net/peer/bulk-window.ts';
import { Flight } from '../../../../runtime/net/peer/flight.ts';
import { PIECE_BYTES } from '../../../../runtime/net/peer/frames.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const LIMITS: BulkLimits = { queueingTargetMs: 5, maxBytes: 16 * MIB };

/** Connections that always have something to send, over one queue. */
class Way {
  readonly window = new BulkWindow(LIMITS);
  readonly flights: readonly Flight[];
  readonly #bytesPerMs: number;
  roundTripMs: number;
  now = 0;
  arrived = 0;
  /** What a heartbeat would have waited behind each piece. */
  readonly waits: number[] = [];
  #busyUntil = 0;
  readonly #pongs: { readonly at: number; readonly flight: Flight; readonly token: number }[] = [];

  constructor(bytesPerMs: number, roundTripMs: number, connections = 1) {
    this.#bytesPerMs = bytesPerMs;
    this.roundTripMs = roundTripMs;
    this.flights = Array.from({ length: connections }, () => new Flight());
  }

  run(ms: number): this {
    const end = this.now + ms;
    this.arrived = 0;
    this.waits.length = 0;
    for (const flight of this.flights) this.#fill(flight);
    for (let next = this.#pongs[0]; next !== undefined && next.at <= end; next = this.#pongs[0]) {
      this.#pongs.shift();
      this.now = next.at;
      const asked = next.flight.answered(next.token)!;
      this.arrived += asked.bytes;
      this.window.answered(asked.at, this.now, true);
      for (const flight of this.flights) this.#fill(flight);
    }
    this.now = end;
    return this;
  }

  get medianWaitMs(): number {
    return [...this.waits].sort((a, b) => a - b)[this.waits.length >> 1]!;
  }

  #fill(flight: Flight): void {
    while (flight.unanswered === 0 || flight.bytes + PIECE_BYTES <= this.window.bytes) {
      const start = Math.max(this.now, this.#busyUntil);
      this.#busyUntil = start + PIECE_BYTES / this.#bytesPerMs;
      this.waits.push(this.#busyUntil - this.now);
      if (!flight.sent(PIECE_BYTES, this.window.pingBytes)) continue;
      const token = flight.ask(this.now);
      this.#pongs.push({ at: this.#busyUntil + this.roundTripMs, flight, token });
    }
    this.window.filled();
  }
}

describe('the window of bulk', () => {
  test('uses the way to the full and keeps its queue short, whatever its rate and length', () => {
    const rates = fc.integer({ min: 16 * KIB, max: MIB });
    const trips = fc.double({ min: 0.05, max: 100, noNaN: true });
    fc.assert(
      fc.property(rates, trips, (bytesPerMs, tripMs) => {
        const target = Math.max(LIMITS.queueingTargetMs, tripMs / 4);
        fc.pre(bytesPerMs * (tripMs + target) <= LIMITS.maxBytes);
        const way = new Way(bytesPerMs, tripMs);
        way.run(5_000); // to find out
        way.run(2_000);
        const share = way.arrived / (bytesPerMs * 2_000);
        assert(share >= 0.9, `${share} of the rate`);
        const pieceMs = PIECE_BYTES / bytesPerMs;
        assert(way.medianWaitMs <= 1.5 * target + 2 * pieceMs, `${way.medianWaitMs} ms`);
      }),
    );
  });

  test('is shared fairly by the connections of a link: their queue is as short', () => {
    const way = new Way(200 * KIB, 1, 4);
    way.run(1_000).run(1_000);
    assert(way.medianWaitMs <= 2 * LIMITS.queueingTargetMs, `${way.medianWaitMs} ms`);
    const sizes = way.flights.map(({ bytes }) => bytes);
    assert(Math.max(...sizes) - Math.min(...sizes) <= PIECE_BYTES, String(sizes));
  });

  test('lets a busy reader, whose delay is no queue, have 8 KiB per ms', () => {
    const way = new Way(MIB, 0.2).run(1_000);
    way.roundTripMs = 30;
    way.run(2_000).run(1_000);
    assert(way.arrived >= 0.75 * 8 * KIB * 1_000, `${way.arrived} bytes`);
  });

  test('believes the lowest round trip for a minute, and then that the way is longer', () => {
    const way = new Way(100 * KIB, 1).run(1_000);
    way.roundTripMs = 50;
    assert(way.run(5_000).arrived < 0.5 * 100 * KIB * 5_000);
    way.run(60_000);
    const { arrived } = way.run(10_000);
    assert(arrived >= 0.9 * 100 * KIB * 10_000, `${arrived} bytes`);
  });

  test('keeps its queue short for many minutes, though it never sees the way empty', () => {
    const way = new Way(25 * KIB, 0.3);
    for (let minute = 0; minute < 10; minute++) way.run(60_000);
    assert(way.medianWaitMs <= 2 * LIMITS.queueingTargetMs, `${way.medianWaitMs} ms`);
  });

  test('does not grow while less is sent than it allows, and heartbeats do not move it', () => {
    const window = new BulkWindow(LIMITS);
    const before = window.bytes;
    for (let at = 0; at < 1_000; at += 10) window.answered(at, at + 1, true);
    for (let at = 1_000; at < 9_000; at += 10) window.answered(at, at + 100, false);
    assert.equal(window.bytes, before);
  });
});

describe('a flight', () => {
  test('is over piece by piece, in order, and takes no other answer', () => {
    const flight = new Flight();
    assert.equal(flight.sent(7, 10), false);
    assert.equal(flight.sent(3, 10), true);
    const first = flight.ask(1);
    assert.equal(flight.sent(20, 10), true);
    const second = flight.ask(2);
    assert.equal(flight.answered(second), undefined);
    assert.deepEqual(flight.answered(first), { token: first, bytes: 10, at: 1 });
    assert.equal(flight.answered(first), undefined);
    assert.deepEqual([flight.bytes, flight.unanswered], [20, 1]);
  });
});
