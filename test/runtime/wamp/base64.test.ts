/** RFC 4648, section 4, against Node's own. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { base64Size, decodeBase64, writeBase64 } from '../../../runtime/wamp/base64.ts';
import { ByteWriter } from '../../../runtime/wamp/writer.ts';

function encode(bytes: Uint8Array): string {
  const into = new ByteWriter(1);
  writeBase64(bytes, 0, bytes.length, into);
  return into.buffer.toString('latin1', 0, into.at);
}

describe('base64', () => {
  it('is what Node writes, and reads back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        const text = encode(bytes);
        assert.equal(text, Buffer.from(bytes).toString('base64'));
        const encoded = Buffer.from(text);
        const size = base64Size(encoded, 0, encoded.length);
        assert.equal(size, bytes.length);
        const decoded = new Uint8Array(size + 2).fill(7);
        decodeBase64(encoded, 0, size, decoded, 1);
        assert.deepEqual(decoded, Uint8Array.of(7, ...bytes, 7));
      }),
    );
  });

  for (const text of [
    'A',
    'AA',
    'AAA',
    'AA=',
    '====',
    'A===',
    'AA=A',
    'AA==AAAA',
    'AA A',
    'AA-_',
    'AAA\n',
    'AB==',
    'AAB=',
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      assert.equal(base64Size(Buffer.from(text), 0, text.length), -1);
    });
  }
});
