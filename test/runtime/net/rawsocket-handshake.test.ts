import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HandshakeResult, HandshakeRules } from '../../../runtime/net/rawsocket-handshake.ts';
import {
  lengthExponent,
  lengthOf,
  RawSocketHandshake,
} from '../../../runtime/net/rawsocket-handshake.ts';

const RULES: HandshakeRules = { lengthExponent: 13, minPeerExponent: 0, isFull: false };

function shake(octets: number[], rules: Partial<HandshakeRules> = {}): HandshakeResult {
  return new RawSocketHandshake({ ...RULES, ...rules }).push(Uint8Array.from(octets));
}

test('accepts each serializer and answers with it and our own length', () => {
  const serializers = [
    [1, 'json'],
    [2, 'msgpack'],
    [3, 'cbor'],
  ] as const;
  for (const [octet, serializer] of serializers) {
    assert.deepEqual(shake([0x7f, 0x50 | octet, 0, 0]), {
      kind: 'accepted',
      serializer,
      peerMaxBytes: 2 ** 14,
      reply: Buffer.of(0x7f, 0xd0 | octet, 0, 0),
      rest: 4,
    });
  }
});

test('reads the length of the peer from 512 bytes to 16 MiB', () => {
  for (let exponent = 0; exponent < 16; exponent++) {
    const result = shake([0x7f, (exponent << 4) | 1, 0, 0]);
    assert.equal(result.kind === 'accepted' && result.peerMaxBytes, 512 * 2 ** exponent);
  }
});

const REFUSALS: readonly [string, number[], Partial<HandshakeRules>, string, number][] = [
  ['serializer 0', [0x7f, 0xf0, 0, 0], {}, 'serializer_unsupported', 0x10],
  ['UBJSON', [0x7f, 0xf4, 0, 0], {}, 'serializer_unsupported', 0x10],
  ['FlatBuffers', [0x7f, 0xf5, 0, 0], {}, 'serializer_unsupported', 0x10],
  ['a reserved serializer', [0x7f, 0xff, 0, 0], {}, 'serializer_unsupported', 0x10],
  ['too short messages', [0x7f, 0x31, 0, 0], { minPeerExponent: 4 }, 'length_unacceptable', 0x20],
  ['a third octet', [0x7f, 0xf1, 1, 0], {}, 'reserved_bits', 0x30],
  ['a fourth octet', [0x7f, 0xf1, 0, 0x80], {}, 'reserved_bits', 0x30],
  ['one too many', [0x7f, 0xf1, 0, 0], { isFull: true }, 'too_many_connections', 0x40],
];

for (const [what, octets, rules, error, code] of REFUSALS) {
  test(`refuses ${what} with error ${code >> 4}`, () => {
    const reply = Uint8Array.of(0x7f, code, 0, 0);
    assert.deepEqual(shake(octets, rules), { kind: 'refused', error, reply });
  });
}

test('says nothing to what does not begin with 7F, from the first octet on', () => {
  for (const octets of [[0x47], [0x16, 3, 1], [0, 0, 0, 0], [0x80]]) {
    assert.deepEqual(shake(octets), { kind: 'refused', error: 'not_rawsocket', reply: undefined });
  }
});

test('takes the octets one by one, and finds what follows them in the same chunk', () => {
  for (let cut = 1; cut < 4; cut++) {
    const handshake = new RawSocketHandshake(RULES);
    const octets = [0x7f, 0xf2, 0, 0, 0xaa, 0xbb];
    assert.deepEqual(handshake.push(Uint8Array.from(octets.slice(0, cut))), { kind: 'incomplete' });
    const result = handshake.push(Uint8Array.from(octets.slice(cut)));
    assert.equal(result.kind === 'accepted' && result.rest, 4 - cut);
  }
  const handshake = new RawSocketHandshake(RULES);
  assert.deepEqual(
    [0x7f, 0xf2, 0, 0].map((octet) => handshake.push(Uint8Array.of(octet)).kind),
    ['incomplete', 'incomplete', 'incomplete', 'accepted'],
  );
});

test('announces the largest length that is not over the configured one', () => {
  assert.equal(lengthOf(lengthExponent(4 * 1024 * 1024)), 4 * 1024 * 1024);
  assert.equal(lengthOf(lengthExponent(4 * 1024 * 1024 - 1)), 2 * 1024 * 1024);
  assert.equal(lengthOf(lengthExponent(1)), 512);
  assert.equal(lengthOf(lengthExponent(2 ** 30)), 16 * 1024 * 1024);
});
