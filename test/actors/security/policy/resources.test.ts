import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GrantIndex } from '../../../../actors/security/policy/grant-index.ts';
import { covers, resourceOf } from '../../../../actors/security/policy/resources.ts';
import type { Match } from '../../../../actors/security/policy-port.ts';
import { every, isCovered, matchedBy, PATTERNS, patternText } from './universe.ts';

const covered = (grant: string, uri: string, of: Match, by: Match | 'any'): boolean =>
  covers({ uri: grant, match: by }, uri, of);

describe('a grant covers a pattern', () => {
  it('only if it matches every URI that the pattern does: exhaustively for small patterns', () => {
    for (const grant of PATTERNS) {
      const index = new GrantIndex();
      index.add('p', grant);
      for (const request of PATTERNS) {
        // A prefix like ".." matches no URI, so whatever is said of it harms nobody.
        if (matchedBy(request).size === 0) continue;
        const wanted = isCovered(grant, request);
        const which = `${patternText(grant)} covers ${patternText(request)}`;
        assert.equal(covers(grant, request.uri, request.match), wanted, which);
        assert.equal(index.covers('p', request.uri, request.match), wanted, `${which} (index)`);
      }
    }
    assert(PATTERNS.length > 90 && every.length > 2_000);
  });

  it('never by an exact URI, never a prefix by a wildcard', () => {
    assert(!covered('com.app', 'com.app', 'prefix', 'exact'));
    assert(!covered('com.app', 'com.', 'wildcard', 'exact'));
    assert(!covered('com..x', 'com.app.x', 'prefix', 'wildcard'));
  });

  it('of a prefix by a shorter one, in characters', () => {
    assert(covered('com.app', 'com.app.', 'prefix', 'prefix'));
    assert(!covered('com.app.', 'com.app', 'prefix', 'prefix')); // com.apple
    assert(covered('', 'anything', 'prefix', 'prefix'));
  });

  it('of a wildcard by a prefix that ends before its first hole', () => {
    assert(covered('com.', 'com..status', 'wildcard', 'prefix'));
    assert(!covered('com.a', 'com..status', 'wildcard', 'prefix'));
    assert(!covered('com.', '.app', 'wildcard', 'prefix'));
  });

  it('of anything if it is not tied to a resource', () => {
    for (const match of ['exact', 'prefix', 'wildcard'] as const)
      assert(covered('', 'x', match, 'any'));
  });
});

describe('the index of grants', () => {
  it('says what looking at each would, also after some are gone', () => {
    const some = fc.uniqueArray(fc.constantFrom(...PATTERNS), { maxLength: 12 });
    fc.assert(
      fc.property(
        some,
        fc.array(fc.nat(20)),
        fc.constantFrom(...PATTERNS),
        (grants, gone, request) => {
          const index = new GrantIndex();
          for (const grant of grants) index.add('p', grant);
          const removed = new Set(gone.map((i) => grants[i]).filter((each) => each !== undefined));
          for (const grant of removed) index.remove('p', grant);
          const left = grants.filter((grant) => !removed.has(grant));
          const wanted = left.some((grant) => covers(grant, request.uri, request.match));
          assert.equal(index.covers('p', request.uri, request.match), wanted);
          assert.equal(index.covers('q', request.uri, request.match), false);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('reads a URI of very many components', () => {
    const index = new GrantIndex();
    const deep = new Array(100_000).fill('').join('.');
    index.add('p', { uri: deep, match: 'wildcard' });
    assert(index.covers('p', deep.replaceAll('.', 'x.') + 'x', 'exact'));
  });
});

describe('a resource as an administrator writes it', () => {
  it('is everything, tied to nothing, or what its text can be', () => {
    assert.deepEqual(resourceOf('*', undefined), { uri: '', match: 'prefix' });
    assert.deepEqual(resourceOf('', 'prefix'), { uri: '', match: 'prefix' });
    assert.deepEqual(resourceOf('any', undefined), { uri: '', match: 'any' });
    assert.deepEqual(resourceOf('any', 'exact'), { uri: 'any', match: 'exact' });
    assert.deepEqual(resourceOf('com.app', undefined), { uri: 'com.app', match: 'exact' });
    assert.deepEqual(resourceOf('com..x', undefined), { uri: 'com..x', match: 'wildcard' });
    assert.deepEqual(resourceOf('com.app.', 'prefix'), { uri: 'com.app.', match: 'prefix' });
  });

  it('is refused when it cannot be what it is called', () => {
    assert.match(String(resourceOf('', 'wildcard')), /everything/);
    assert.match(String(resourceOf('*', 'exact')), /everything/);
    assert.match(String(resourceOf('com..x', 'exact')), /not a URI for match exact/);
    assert.match(String(resourceOf('a b', undefined)), /not a URI/);
    assert.match(String(resourceOf('x'.repeat(1025), undefined)), /longer/);
  });
});
