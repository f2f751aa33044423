import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { MatchPolicy } from '../../../../actors/routing/matching/patterns.ts';
import { MATCH_POLICIES, PatternIndex } from '../../../../actors/routing/matching/patterns.ts';

interface Entry {
  readonly match: MatchPolicy;
  readonly uri: string;
}

function index(...entries: Entry[]): PatternIndex<Entry> {
  const patterns = new PatternIndex<Entry>();
  for (const entry of entries) patterns.add(entry.match, entry.uri, entry);
  return patterns;
}

function all(patterns: PatternIndex<Entry>, uri: string): Entry[] {
  const found: Entry[] = [];
  patterns.forEachMatch(uri, (entry) => found.push(entry));
  return found;
}

describe('the precedence of registrations, as the specification works it out', () => {
  const patterns = index(
    { match: 'exact', uri: 'a1.b2.c3.d4.e55' },
    { match: 'prefix', uri: 'a1.b2.c3' },
    { match: 'prefix', uri: 'a1.b2.c3.d4' },
    { match: 'wildcard', uri: 'a1.b2..d4.e5' },
    { match: 'wildcard', uri: 'a1.b2.c33..e5' },
    { match: 'wildcard', uri: 'a1.b2..d4.e5..g7' },
    { match: 'wildcard', uri: 'a1.b2..d4..f6.g7' },
  );
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['a1.b2.c3.d4.e55', 'a1.b2.c3.d4.e55'],
    ['a1.b2.c3.d98.e74', 'a1.b2.c3'],
    ['a1.b2.c3.d4.e325', 'a1.b2.c3.d4'],
    ['a1.b2.c55.d4.e5', 'a1.b2..d4.e5'],
    ['a1.b2.c33.d4.e5', 'a1.b2.c33..e5'],
    ['a1.b2.c88.d4.e5.f6.g7', 'a1.b2..d4.e5..g7'],
    ['a2.b2.c2.d2.e2', undefined],
  ];
  for (const [uri, expected] of cases) {
    it(`${uri} goes to ${expected ?? 'nobody'}`, () => {
      assert.equal(patterns.bestMatch(uri)?.uri, expected);
    });
  }
});

describe('patterns', () => {
  it('a prefix is of characters, not of components', () => {
    const patterns = index({ match: 'prefix', uri: 'com.app.to' });
    assert.equal(all(patterns, 'com.app.topic').length, 1);
    assert.equal(all(patterns, 'com.app.to').length, 1);
    assert.equal(all(patterns, 'com.app.t').length, 0);
  });

  it('a prefix that ends inside a component gives way to a wildcard', () => {
    const patterns = index(
      { match: 'prefix', uri: 'com.app.to' },
      { match: 'wildcard', uri: 'com..topic' },
    );
    assert.equal(patterns.bestMatch('com.app.topic')?.match, 'wildcard');
    assert.equal(patterns.bestMatch('com.app.tone')?.match, 'prefix');
  });

  it('a wildcard stands for exactly one component', () => {
    const patterns = index({ match: 'wildcard', uri: 'com..create' });
    assert.equal(all(patterns, 'com.x.create').length, 1);
    assert.equal(all(patterns, 'com.create').length, 0);
    assert.equal(all(patterns, 'com.x.y.create').length, 0);
  });

  it('a pattern of a hundred thousand components is stored, matched and removed', () => {
    const uri = '.'.repeat(100_000);
    const patterns = index({ match: 'wildcard', uri });
    assert.equal(all(patterns, `${'a.'.repeat(100_000)}a`).length, 1);
    assert.equal(patterns.remove('wildcard', uri)?.uri, uri);
    assert.equal(all(patterns, `${'a.'.repeat(100_000)}a`).length, 0);
  });

  it('agree with a list that is searched from end to end, while entries come and go', () => {
    const component = fc.constantFrom('a', 'b', 'ab', 'abc', '');
    const pattern = fc.array(component, { minLength: 1, maxLength: 4 }).map((c) => c.join('.'));
    const step = fc.record({
      add: fc.boolean(),
      match: fc.constantFrom(...MATCH_POLICIES),
      uri: pattern,
    });
    const uris = fc.array(
      fc.array(fc.constantFrom('a', 'b', 'ab', 'abc'), { minLength: 1, maxLength: 4 }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), uris, (steps, questions) => {
        const patterns = new PatternIndex<Entry>();
        const model = new Map<string, Entry>();
        for (const { add, match, uri } of steps) {
          const key = `${match} ${uri}`;
          if (add) {
            const entry = { match, uri };
            patterns.add(match, uri, entry);
            model.set(key, entry);
          } else {
            assert.equal(patterns.remove(match, uri), model.get(key));
            model.delete(key);
          }
        }
        for (const entry of model.values())
          assert.equal(patterns.get(entry.match, entry.uri), entry);
        for (const components of questions) {
          const uri = components.join('.');
          const expected = [...model.values()].filter((entry) => dumbMatch(entry, uri));
          assert.deepEqual(new Set(all(patterns, uri)), new Set(expected));
          assert.equal(patterns.bestMatch(uri), dumbBest(expected, uri));
        }
      }),
      { numRuns: 300 },
    );
  });
});

function dumbMatch({ match, uri: pattern }: Entry, uri: string): boolean {
  if (match === 'exact') return uri === pattern;
  if (match === 'prefix') return uri.startsWith(pattern);
  const wanted = pattern.split('.');
  const given = uri.split('.');
  return (
    wanted.length === given.length && wanted.every((word, i) => word === '' || word === given[i])
  );
}

function dumbBest(matching: readonly Entry[], uri: string): Entry | undefined {
  const rank = (entry: Entry) => {
    if (entry.match === 'exact') return 0;
    if (entry.match === 'wildcard') return 2;
    const isWhole =
      entry.uri === '' || entry.uri.endsWith('.') || /^(\.|$)/.test(uri.slice(entry.uri.length));
    return isWhole ? 1 : 3;
  };
  return [...matching].sort((a, b) => rank(a) - rank(b) || byLength(a, b))[0];
}

function byLength(a: Entry, b: Entry): number {
  if (a.match === 'prefix') return b.uri.length - a.uri.length;
  const runsA = literalRuns(a.uri);
  const runsB = literalRuns(b.uri);
  for (let i = 0; i < Math.max(runsA.length, runsB.length); i++) {
    const difference = (runsB[i] ?? 0) - (runsA[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Lengths of the runs of components before each successive wildcard. */
function literalRuns(pattern: string): number[] {
  const runs = [0];
  for (const component of pattern.split('.')) {
    if (component === '') runs.push(0);
    else runs[runs.length - 1]++;
  }
  return runs;
}
