import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  at,
  fold,
  utf8Length,
  whyNoGroupName,
  whyNoRealmName,
  whyNoUsername,
} from '../../../../actors/security/policy/names.ts';

describe('folding', () => {
  it('gives one spelling to what case folding takes for the same', () => {
    assert.equal(fold('Alice'), 'alice');
    assert.equal(fold('STRASSE'), fold('straße'));
    assert.equal(fold('ΣΊΣΥΦΟΣ'), fold('σίσυφος'));
    assert.equal(fold('e\u0301'), fold('É'));
  });

  it('keeps apart what case folding keeps apart', () => {
    assert.notEqual(fold('admın'), fold('admin'));
    assert.notEqual(fold('аdmin'), fold('admin')); // Cyrillic
  });

  it('is done once and for all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(fold(fold(text)), fold(text));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('names', () => {
  it('are refused when they are reserved, in any case', () => {
    for (const name of ['all', 'ANY', 'Anonymous', 'from', 'on', 'to']) {
      assert.equal(whyNoGroupName(name), 'is a reserved name');
    }
    assert.equal(whyNoUsername('Any'), 'is a reserved name');
  });

  it('are refused with characters that Bondy forbids, or that nobody sees', () => {
    for (const odd of [
      ' ',
      '\n',
      '\0',
      '<',
      '=',
      '>',
      '\u007f',
      '\u00a0',
      '\u00bf',
      '\u200d',
      '\ud800',
      '\u202e',
    ]) {
      assert.match(whyNoUsername(`ad${odd}min`) ?? '', /character/, JSON.stringify(odd));
    }
    for (const fine of ['ann', 'ann@example.com', 'a/b', 'größe', '名前', 'o’neill']) {
      assert.equal(whyNoUsername(fine), undefined, fine);
    }
  });

  it('have lengths in bytes', () => {
    assert.match(whyNoUsername('ab')!, /shorter/);
    assert.equal(whyNoUsername('é1'), undefined);
    assert.equal(whyNoUsername('x'.repeat(254)), undefined);
    assert.match(whyNoUsername('x'.repeat(255))!, /longer/);
    assert.match(whyNoGroupName('é'.repeat(128))!, /longer/);
    assert.equal(whyNoGroupName('g'), undefined);
    assert.equal(whyNoGroupName(''), 'is empty');
    assert.match(whyNoRealmName('r'.repeat(256))!, /longer/);
    assert.match(whyNoRealmName('com.ex\u200bample')!, /character/);
  });

  it('are measured as they are encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(utf8Length(text), Buffer.byteLength(text));
      }),
      { numRuns: 500 },
    );
  });
});

it('a problem has the path of a field', () => {
  assert.equal(at('users', 3, 'groups', 0), 'users[3].groups[0]');
  assert.equal(at(2, 'uri'), '[2].uri');
});
