/** basic/building_blocks.md, URIs. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { MatchPolicy, UriRule } from '../../../runtime/wamp/uri.ts';
import { isValidUri } from '../../../runtime/wamp/uri.ts';

const SPEC: Record<UriRule, { exact: RegExp; pattern: RegExp }> = {
  loose: {
    exact: /^([^\s.#]+\.)*([^\s.#]+)$/,
    pattern: /^(([^\s.#]+\.)|\.)*([^\s.#]+)?$/,
  },
  strict: {
    exact: /^([0-9a-z_]+\.)*([0-9a-z_]+)$/,
    pattern: /^(([0-9a-z_]+\.)|\.)*([0-9a-z_]+)?$/,
  },
};

describe('URIs', () => {
  it('are valid exactly when the regular expressions of the specification say so', () => {
    const pieces = fc.constantFrom('a', 'Z', '9', '_', '-', '.', '..', '#', ' ', '\t', '\n', '\v', 'é',
      '\u00a0', '\u2028', '\ufeff', '😀', 'com', '\0'); // prettier-ignore
    const uris = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''));
    const matches = fc.constantFrom<MatchPolicy>('exact', 'prefix', 'wildcard');
    fc.assert(
      fc.property(
        uris,
        fc.constantFrom<UriRule>('strict', 'loose'),
        matches,
        (uri, rule, match) => {
          const wanted = SPEC[rule][match === 'exact' ? 'exact' : 'pattern'].test(uri);
          assert.equal(isValidUri(uri, rule, match), wanted);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('may not end in a newline', () => {
    assert.equal(isValidUri('com.example\n', 'loose', 'exact'), false);
    assert.equal(isValidUri('com.example\n', 'strict', 'exact'), false);
  });

  it('have empty components only as patterns', () => {
    assert.equal(isValidUri('com..x', 'loose', 'exact'), false);
    assert.equal(isValidUri('com..x', 'loose', 'wildcard'), true);
    assert.equal(isValidUri('com.', 'strict', 'exact'), false);
    assert.equal(isValidUri('com.', 'strict', 'prefix'), true);
    assert.equal(isValidUri('', 'loose', 'exact'), false);
  });
});
