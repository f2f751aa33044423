/** A HELLO that was read before is what the codec would have said again. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HelloMemo } from '../../../actors/sessions/hello-memo.ts';
import { Violation } from '../../../runtime/wamp/codec.ts';
import { codecs } from '../../../runtime/wamp/codecs.ts';

const LIMITS = { maxDepth: 8 };
const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const hello = (authid: string): Buffer => text([1, 'realm1', { authid, roles: { caller: {} } }]);
const read = (memo: HelloMemo, bytes: Uint8Array, codec = codecs.json) =>
  memo.decode(codec, bytes, 0, bytes.length, LIMITS);

describe('a memo of HELLOs', () => {
  it('reads the same bytes once, wherever they stand in a chunk', () => {
    const memo = new HelloMemo();
    const first = read(memo, hello('joe'));
    assert.equal(read(memo, hello('joe')), first);
    const chunk = Buffer.concat([Buffer.from('...'), hello('joe'), Buffer.from('...')]);
    assert.equal(memo.decode(codecs.json, chunk, 3, chunk.length - 3, LIMITS), first);
  });

  it('reads every other HELLO as the codec does', () => {
    const memo = new HelloMemo();
    read(memo, hello('joe'));
    for (const bytes of [hello('jon'), hello('joey'), hello('jo'), text([6, {}, 'wamp.close'])]) {
      const expected = codecs.json.decode(bytes, 0, bytes.length, LIMITS);
      assert.deepEqual(read(memo, bytes), expected);
    }
    assert(read(memo, text([1, 'realm1'])) instanceof Violation);
  });

  it('keeps no view of the chunk that it came in', () => {
    const memo = new HelloMemo();
    const bytes = hello('joe');
    const first = read(memo, bytes);
    bytes.fill(0x20);
    assert.equal(read(memo, hello('joe')), first);
  });

  it('does not take the bytes of one serializer for those of another', () => {
    const memo = new HelloMemo();
    read(memo, hello('joe'));
    assert(read(memo, hello('joe'), codecs.cbor) instanceof Violation);
  });
});
