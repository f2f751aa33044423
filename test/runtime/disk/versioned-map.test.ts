/** The memory engine's map against a dumb model: a sorted list, copied for each snapshot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VersionedMap } from '../../../runtime/disk/versioned-map.ts';

type Model = Map<number, string>;

const key = (n: number) => Uint8Array.of(n >> 8, n & 255);
const value = (text: string) => new TextEncoder().encode(text);

function modelled(model: Model, gte: number, lt: number, reverse: boolean): readonly string[] {
  const found = [...model]
    .filter(([n]) => n >= gte && n < lt)
    .sort(([a], [b]) => a - b)
    .map(([n, text]) => `${n}=${text}`);
  return reverse ? found.reverse() : found;
}

function read(entries: Iterator<{ key: Uint8Array; value: Uint8Array }>): readonly string[] {
  const found: string[] = [];
  for (let next = entries.next(); !next.done; next = entries.next()) {
    const { key, value } = next.value;
    found.push(`${(key[0]! << 8) | key[1]!}=${new TextDecoder().decode(value)}`);
  }
  return found;
}

const number = fc.integer({ min: 0, max: 1500 });
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('set'),
      n: number,
      run: fc.integer({ min: 1, max: 300 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('delete'),
      n: number,
      run: fc.integer({ min: 1, max: 200 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('snapshot'), n: number, run: number }) },
);

test('reads what a sorted list would, also from snapshots taken before later writes', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), fc.boolean(), (commands, reverse) => {
      const map = new VersionedMap();
      const model: Model = new Map();
      const snapshots: (() => void)[] = [];
      commands.forEach(({ kind, n, run }, round) => {
        if (kind === 'snapshot') {
          const [gte, lt] = [Math.min(n, run), Math.max(n, run)];
          const entries = map.read({ gte: key(gte), lt: key(lt), reverse });
          const expected = modelled(model, gte, lt, reverse);
          snapshots.push(() => assert.deepEqual(read(entries), expected));
          return;
        }
        for (let at = n; at < n + run; at++) {
          const before: Uint8Array | undefined =
            kind === 'set' ? map.set(key(at), value(`${round}`)) : map.delete(key(at));
          assert.equal(before && new TextDecoder().decode(before), model.get(at));
          if (kind === 'set') model.set(at, `${round}`);
          else model.delete(at);
        }
      });
      for (const check of snapshots) check();
      assert.deepEqual(read(map.read({})), modelled(model, 0, 1e9, false));
      for (let n = 0; n < 1800; n += 7) {
        const found = map.get(key(n));
        assert.equal(found && new TextDecoder().decode(found), model.get(n));
      }
    }),
    { numRuns: 60 },
  );
});
