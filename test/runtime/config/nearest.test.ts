/** Edit distance against a model that tries every edit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearest } from '../../../runtime/config/nearest.ts';

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 7 });

/** Optimal string alignment, straight from its recursive definition. */
function model(from: string, to: string): number {
  if (from === '' || to === '') return from.length + to.length;
  const [a, b] = [from.slice(0, -1), to.slice(0, -1)];
  const costs = [
    model(a, to) + 1,
    model(from, b) + 1,
    model(a, b) + (from.at(-1) === to.at(-1) ? 0 : 1),
  ];
  if (from.length > 1 && to.length > 1 && from.at(-1) === to.at(-2) && from.at(-2) === to.at(-1)) {
    costs.push(model(from.slice(0, -2), to.slice(0, -2)) + 1);
  }
  return Math.min(...costs);
}

test('the distance is that of the definition, and the limit where it is at least that', () => {
  fc.assert(
    fc.property(word, word, fc.integer({ min: 1, max: 9 }), (from, to, limit) => {
      assert.equal(editDistance(from, to), model(from, to));
      assert.equal(editDistance(from, to, limit), Math.min(model(from, to), limit));
    }),
    { numRuns: 60 },
  );
});

test('the nearest word is the one with the fewest edits', () => {
  assert.equal(nearest('prot', ['host', 'port', 'path']), 'port');
});

test('nothing is nearest when everything is far', () => {
  assert.equal(nearest('port', ['certificate', 'realms', 'x']), undefined);
});
