import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeDots, encodeDots } from '../../../runtime/causality/dots-codec.ts';
import type { Dot } from '../../../runtime/causality/row.ts';
import type { Dots } from '../../../runtime/causality/store-clock.ts';
import { StoreClock } from '../../../runtime/causality/store-clock.ts';
import { Watermarks } from '../../../runtime/causality/watermarks.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';

const dot: fc.Arbitrary<Dot> = fc.record({
  actor: fc.constantFrom('a#1', 'a#2', 'b#1', 'ü#1'),
  sequence: fc.integer({ min: 1, max: 12 }),
});
const dots = fc.array(dot, { maxLength: 40 });
const clockOf = (added: readonly Dot[]) => {
  const clock = new StoreClock();
  for (const one of added) clock.add(one);
  return clock;
};
const key = ({ actor, sequence }: Dot) => `${actor}/${sequence}`;
const keysOf = (plain: Dots) =>
  plain.flatMap(({ origin, ranges }) => {
    const keys: string[] = [];
    for (let i = 0; i < ranges.length; i += 2) {
      for (let n = ranges[i]!; n <= ranges[i + 1]!; n++) keys.push(`${origin}/${n}`);
    }
    return keys;
  });
const sorted = (keys: Iterable<string>) => [...keys].sort();

describe('a store clock', () => {
  test('covers exactly what was added, as the naive set of dots', () => {
    fc.assert(
      fc.property(dots, dots, (added, asked) => {
        const naive = new Set<string>();
        const clock = new StoreClock();
        for (const one of added) {
          assert.equal(clock.add(one), !naive.has(key(one)));
          naive.add(key(one));
        }
        for (const one of asked) assert.equal(clock.covers(one), naive.has(key(one)));
        assert.deepEqual(sorted(keysOf(clock.dots)), sorted(naive));
        for (const [origin, upTo] of clock.frontier) {
          assert(naive.has(`${origin}/${upTo}`) && !naive.has(`${origin}/${upTo + 1}`));
          assert.equal(clock.contiguous(origin), upTo);
        }
      }),
    );
  });

  test('says what it lacks, and after taking it in both cover the same', () => {
    fc.assert(
      fc.property(dots, dots, (mine, theirs) => {
        const [a, b] = [clockOf(mine), clockOf(theirs)];
        const lacking = a.lacks(b.dots);
        const naive = theirs.filter((one) => !a.covers(one)).map(key);
        assert.deepEqual(sorted(keysOf(lacking)), sorted(new Set(naive)));
        assert.deepEqual(b.since(a), lacking);
        assert.equal(a.coversAll(b.dots), lacking.length === 0);
        a.addAll(lacking);
        b.addAll(b.lacks(a.dots));
        assert.deepEqual(a.dots, b.dots);
      }),
    );
  });

  test('merges commutatively, associatively and idempotently', () => {
    fc.assert(
      fc.property(dots, dots, dots, (x, y, z) => {
        const merged = (...parts: readonly (readonly Dot[])[]) => {
          const clock = new StoreClock();
          for (const part of parts) clock.addAll(clockOf(part).dots);
          return clock.dots;
        };
        assert.deepEqual(merged(x, y, z), merged(z, y, x, x));
        assert.equal(new StoreClock(merged(x, y)).addAll(merged(y)), false);
      }),
    );
  });

  test('does not record the dots of invented origins beyond its limit, and counts them', () => {
    const clock = new StoreClock([], { maxOrigins: 2, maxRanges: 4 });
    assert.equal(clock.add({ actor: 'a', sequence: 1 }), true);
    assert.equal(clock.add({ actor: 'b', sequence: 1 }), true);
    assert.equal(clock.add({ actor: 'c', sequence: 1 }), false);
    assert.equal(clock.covers({ actor: 'c', sequence: 1 }), false);
    assert.equal(clock.dropped, 1);
    clock.forget('a');
    assert.equal(clock.add({ actor: 'c', sequence: 1 }), true);
  });
});

describe('the bytes of dots', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(dots, (added) => {
        const plain = clockOf(added).dots;
        assert.deepEqual(decodeDots(encodeDots(plain)), plain);
      }),
    );
  });

  test('of a contiguous clock are few', () => {
    const members = Array.from({ length: 10 }, (_, i) => ({
      origin: `bondy-${i}#12`,
      ranges: [1, 1_000_000],
    }));
    assert(encodeDots(members).length <= 10 * 17);
  });

  test('are refused when changed, cut or random, or are those of other dots', () => {
    fc.assert(
      fc.property(dots, fc.uint8Array({ maxLength: 40 }), fc.nat(), fc.nat(255), (...given) => {
        const [added, random, at, byte] = given;
        const encoded = encodeDots(clockOf(added).dots);
        encoded[at % encoded.length] = byte;
        for (const input of [encoded, random]) {
          const plain = decodeDots(input);
          if (!(plain instanceof Malformed)) assert.deepEqual(encodeDots(plain), input);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('with more origins, ranges or greater sequences than allowed are refused', () => {
    const reasonOf = (plain: Dots, limits?: { maxOrigins: number; maxRanges: number }) => {
      const decoded = decodeDots(encodeDots(plain), limits);
      return decoded instanceof Malformed ? decoded.reason : 'accepted';
    };
    const two = [
      { origin: 'a', ranges: [1, 1, 3, 3] },
      { origin: 'b', ranges: [1, 1] },
    ];
    assert.equal(reasonOf(two, { maxOrigins: 2, maxRanges: 2 }), 'accepted');
    assert.equal(reasonOf(two, { maxOrigins: 1, maxRanges: 2 }), 'integer too large');
    assert.equal(reasonOf(two, { maxOrigins: 2, maxRanges: 1 }), 'integer too large');
    const last = Number.MAX_SAFE_INTEGER;
    assert.equal(reasonOf([{ origin: 'a', ranges: [last, last] }]), 'sequence too large');
  });
});

describe('watermarks', () => {
  const x = (sequence: number): Dot => ({ actor: 'x#1', sequence });

  test('a dot is stable when every member has seen it', () => {
    const marks = new Watermarks();
    marks.setMembers(['a', 'b'], true);
    marks.report('a', [['x#1', 9]]);
    assert.equal(marks.isStable(x(1)), false);
    assert.deepEqual(marks.holdingUp(x(5)), ['b']);
    marks.report('b', [['x#1', 5]]);
    assert.deepEqual([marks.isStable(x(5)), marks.isStable(x(6))], [true, false]);
  });

  test('nothing is stable without members, and who is not a member has no say', () => {
    const marks = new Watermarks();
    assert.equal(marks.report('a', [['x#1', 9]]), false);
    assert.equal(marks.isStable(x(1)), false);
  });

  test('a member that is taken out holds nothing up any more', () => {
    const marks = new Watermarks();
    marks.setMembers(['a', 'gone'], true);
    marks.report('a', [['x#1', 9]]);
    marks.setMembers(['a'], true);
    assert.equal(marks.isStable(x(9)), true);
  });

  test('what was stable stays so when a member joins, but nothing new becomes so until it reports', () => {
    const marks = new Watermarks();
    marks.setMembers(['a'], true);
    marks.report('a', [['x#1', 4]]);
    marks.setMembers(['a', 'new'], true);
    marks.report('a', [['x#1', 9]]);
    assert.deepEqual([marks.isStable(x(4)), marks.isStable(x(5))], [true, false]);
  });

  test('nothing becomes stable while there may be others than those who are known', () => {
    const marks = new Watermarks();
    marks.setMembers(['a'], false);
    marks.report('a', [['x#1', 9]]);
    assert.equal(marks.isStable(x(1)), false);
    marks.setMembers(['a', 'late'], true);
    assert.deepEqual([marks.isStable(x(1)), marks.holdingUp(x(1))], [false, ['late']]);
    marks.setMembers(['a'], true);
    assert.equal(marks.isStable(x(9)), true);
  });

  test('a report never goes back', () => {
    const marks = new Watermarks();
    marks.setMembers(['a'], true);
    marks.report('a', [['x#1', 9]]);
    marks.report('a', [['x#1', 3]]);
    assert.equal(marks.stableUpTo('x#1'), 9);
  });
});
