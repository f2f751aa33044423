/** The JSON scanner accepts what JSON.parse accepts, and nothing else. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MALFORMED, NOT_UTF8, TOO_DEEP, TRUNCATED } from '../../../runtime/wamp/faults.ts';
import { skipSpace, skipValue } from '../../../runtime/wamp/json/scan.ts';

function scans(text: string): boolean {
  const bytes = Buffer.from(text);
  const stop = skipValue(bytes, 0, bytes.length, 100);
  return stop >= 0 && skipSpace(bytes, stop, bytes.length) === bytes.length;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const NASTY = ['"', '\\', '{', '}', '[', ']', ',', ':', '-', '+', '.', 'e', 'E', '0', '1', ' ', '\t',
  '\n', '\r', '\f', '\u0001', '\u007f', '\u00a0', '\ufeff', 'u', 'd', '\\u', '\\ud800', 'true', 'nul',
  'null', 'é', '😀', '/', '//', "'"]; // prettier-ignore

describe('the JSON scanner', () => {
  it('agrees with JSON.parse on mutated documents', () => {
    const mutated = fc
      .tuple(
        fc.json({ depthSize: 'medium' }),
        fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...NASTY)), { maxLength: 3 }),
      )
      .map(([document, edits]) =>
        edits.reduce((text, [where, cut, insert]) => {
          const at = where % (text.length + 1);
          return text.slice(0, at) + insert + text.slice(at + cut);
        }, document),
      )
      .filter((text) => Buffer.from(text).toString() === text);
    fc.assert(
      fc.property(mutated, (text) => assert.equal(scans(text), parses(text), JSON.stringify(text))),
      { numRuns: 20_000 },
    );
  });

  it('agrees with JSON.parse on soups of tokens', () => {
    const soup = fc
      .array(fc.constantFrom(...NASTY), { maxLength: 8 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(soup, (text) => assert.equal(scans(text), parses(text), JSON.stringify(text))),
      { numRuns: 20_000 },
    );
  });

  const cases: [string, number][] = [
    ['', TRUNCATED],
    ['[1', TRUNCATED],
    ['"abc', TRUNCATED],
    ['-', TRUNCATED],
    ['1.', TRUNCATED],
    ['"\\u12', TRUNCATED],
    ['01]', 1],
    ['.5', MALFORMED],
    ['+1', MALFORMED],
    ['NaN', MALFORMED],
    ['{1:2}', MALFORMED],
    ['{"a" 1}', MALFORMED],
    ['[1,]', MALFORMED],
    ['[1}', MALFORMED],
    ['"\n"', MALFORMED],
    ['"\\x"', MALFORMED],
    ['['.repeat(101), TOO_DEEP],
  ];
  for (const [text, result] of cases) {
    it(`answers ${result} to ${text.slice(0, 20)}`, () => {
      assert.equal(skipValue(Buffer.from(text), 0, Buffer.byteLength(text), 100), result);
    });
  }

  it('refuses strings that are not UTF-8', () => {
    const broken = [
      'ff',
      'c080',
      'e08080',
      'eda080',
      'f08080 80',
      'f4908080',
      'c3',
      'e282',
      'f0908d',
    ];
    for (const sequence of broken) {
      const bytes = Buffer.from(`22${sequence.replace(' ', '')}22`, 'hex');
      assert.equal(skipValue(bytes, 0, bytes.length, 1), NOT_UTF8, sequence);
    }
  });
});
