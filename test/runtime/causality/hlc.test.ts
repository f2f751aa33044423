import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ClockSkew } from '../../../runtime/causality/clock-skew.ts';
import { HybridClock, stampCounter, stampMs, stampOf } from '../../../runtime/causality/hlc.ts';

const DRIFT = { maxDriftMs: 1000 };
const T0 = 1_700_000_000_000;

describe('the hybrid clock', () => {
  test('is greater each time, whatever the wall clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: T0 - 10_000, max: T0 + 10_000 })), (walls) => {
        let wall = T0;
        const clock = new HybridClock(() => wall);
        let before = clock.now();
        for (wall of walls) {
          const stamp = clock.now();
          assert(stamp > before);
          assert(stampMs(stamp) >= wall);
          before = stamp;
        }
      }),
    );
  });

  test('a full counter carries into the milliseconds', () => {
    const clock = new HybridClock(() => T0, stampOf(T0, 0xffff));
    assert.equal(clock.now(), stampOf(T0 + 1, 0));
  });

  test('is greater than what it observed, so a reader that writes wins with a slow clock too', () => {
    const hourBehind = new HybridClock(() => T0 - 3_600_000, 0n, { maxDriftMs: 2 * 3_600_000 });
    const seen = stampOf(T0, 7);
    assert.deepEqual(hourBehind.observe(seen), { kind: 'observed' });
    assert(hourBehind.now() > seen);
  });

  test('refuses a stamp too far ahead and is not moved by it', () => {
    const clock = new HybridClock(() => T0, 0n, DRIFT);
    assert.deepEqual(clock.observe(stampOf(T0 + 1001, 0)), { kind: 'refused', aheadMs: 1001 });
    assert.equal(clock.now(), stampOf(T0, 0));
    assert.deepEqual(clock.observe(stampOf(T0 + 1000, 3)), { kind: 'observed' });
    assert.equal(clock.now(), stampOf(T0 + 1000, 4));
  });

  test('goes on from the persisted floor after a restart with a clock set back', () => {
    const floor = new HybridClock(() => T0).now();
    assert(new HybridClock(() => T0 - 86_400_000, floor).now() > floor);
  });

  test('raises an alarm when its wall clock is far behind what it gave', () => {
    let wall = T0;
    const clock = new HybridClock(() => wall, 0n, DRIFT);
    clock.now();
    assert.equal(clock.alarm, undefined);
    wall -= 5000;
    assert.deepEqual(clock.alarm, { behindMs: 5000 });
  });

  test('a stamp is its milliseconds and its counter', () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat().map((ms) => ms % 2 ** 48),
        fc.nat(0xffff),
        (ms, counter) => {
          const stamp = stampOf(ms, counter);
          assert.deepEqual([stampMs(stamp), stampCounter(stamp)], [ms, counter]);
          assert(stamp < 2n ** 64n);
        },
      ),
    );
  });
});

describe('whose clock is wrong', () => {
  const votes = (offsets: readonly number[], nowMs = 0) => {
    const skew = new ClockSkew({ maxSkewMs: 100, voteTtlMs: 1000 });
    offsets.forEach((offset, i) => skew.heard(`n${i}`, -offset, 0, 0));
    skew.judge(nowMs);
    return skew.judge(nowMs);
  };

  test('ours, when most peers say so', () => {
    assert.deepEqual(votes([3_600_000, 3_600_020, 3]), {
      kind: 'off',
      byMs: 3_600_000,
      voters: 3,
    });
    assert.deepEqual(votes([-500, -510]), { kind: 'off', byMs: -500, voters: 2 });
  });

  test('not ours, when one peer is far off, when peers disagree among each other, or when only one is heard', () => {
    for (const offsets of [[], [5000], [5000, 1, -2], [5000, -5000], [50, 60, 70]]) {
      assert.deepEqual(votes(offsets), { kind: 'in_step' });
    }
  });

  test('an old vote does not count', () => {
    assert.deepEqual(votes([5000, 5000], 1001), { kind: 'in_step' });
  });

  test('what a peer said long ago and is heard late does not count, before or after what it says now', () => {
    const skew = new ClockSkew({ maxSkewMs: 100, voteTtlMs: 1000 });
    const bothSaid = (saidMs: number, nowMs: number) => {
      for (const peer of ['n1', 'n2']) skew.heard(peer, saidMs, nowMs, nowMs);
    };
    bothSaid(-5000, 0);
    assert.deepEqual(skew.judge(0), { kind: 'in_step' });
    bothSaid(10, 10);
    bothSaid(-4000, 20);
    for (const nowMs of [20, 30]) assert.deepEqual(skew.judge(nowMs), { kind: 'in_step' });
  });
});
