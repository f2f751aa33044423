import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PlainValue } from '../../../runtime/net/peer/codec.ts';
import { decodeBody, encodeBody } from '../../../runtime/net/peer/codec.ts';
import type { PeerMessage } from '../../../actors/broadcast/message.ts';
import {
  isRefused,
  MAX_ORIGINS,
  parsePeerMessage,
  toWire,
} from '../../../actors/broadcast/message.ts';
import { isOrigin, nodeOf, originOf } from '../../../actors/broadcast/origin.ts';
import { ids, payload, REMOTE } from './support.ts';

const MAX = 1_000;
const parse = (value: unknown) => parsePeerMessage(value, MAX);

describe('messages between broadcasters', () => {
  const all: readonly PeerMessage[] = [
    { kind: 'gossip', payload: payload(7), round: 3 },
    { kind: 'direct', payload: payload(2 ** 53 - 1) },
    { kind: 'supply', payload: payload(1, REMOTE, 0) },
    { kind: 'i_have', ids: [ids(REMOTE, 1, 5, 7, 7), ids('b#2/z', 2, 2 ** 40)] },
    { kind: 'graft', ids: [ids(REMOTE, 1, 1)] },
    { kind: 'prune', root: REMOTE },
    { kind: 'digest', ids: [] },
    { kind: 'want', ids: [ids(REMOTE, 3, 4)] },
    { kind: 'more' },
  ];
  for (const message of all) {
    test(`${message.kind} comes back as it was sent`, () => {
      assert.deepEqual(parse(decodeBody(encodeBody(toWire(message)))), message);
    });
  }

  test('items that a newer node appends are ignored', () => {
    assert.deepEqual(parse([...toWire({ kind: 'more' }), 'new']), { kind: 'more' });
  });

  const hostile: Readonly<Record<string, unknown>> = {
    'no array': { kind: 'more' },
    'an unknown kind': [99],
    'an inherited name as kind': ['__proto__'],
    'an origin without incarnation': [6, 'a/1'],
    'an origin with incarnation 0': [6, 'a#0/1'],
    'an origin that is too long': [6, `${'a'.repeat(300)}#1/1`],
    'sequence 0': [2, REMOTE, 0, 'registry', new Uint8Array(1)],
    'a sequence beyond 2^53': [2, REMOTE, 2n ** 60n, 'registry', new Uint8Array(1)],
    'a topic with a newline': [2, REMOTE, 1, 'a\nb', new Uint8Array(1)],
    'text as payload': [2, REMOTE, 1, 'registry', 'x'],
    'a payload over the limit': [2, REMOTE, 1, 'registry', new Uint8Array(MAX + 1)],
    'round 0': [1, REMOTE, 1, 'registry', new Uint8Array(1), 0],
    'a round that must be a circle': [1, REMOTE, 1, 'registry', new Uint8Array(1), 1e6],
    'ranges that overlap': [4, [[REMOTE, [1, 5, 5, 9]]]],
    'ranges that touch': [4, [[REMOTE, [1, 5, 6, 9]]]],
    'a range that runs backwards': [4, [[REMOTE, [5, 1]]]],
    'half a range': [4, [[REMOTE, [5]]]],
    'no range': [4, [[REMOTE, []]]],
    'one origin twice': [7, [[REMOTE, [1, 1]], [REMOTE, [3, 3]]]], // prettier-ignore
    'too many origins': [
      7,
      Array.from({ length: MAX_ORIGINS + 1 }, (_, i) => [`a#${i + 1}/1`, [1, 1]]),
    ],
    'too many ranges': [7, [[REMOTE, Array.from({ length: 131_074 }, (_, i) => 1 + 2 * i)]]],
  };
  for (const [what, value] of Object.entries(hostile)) {
    test(`${what} is refused`, () => assert(isRefused(parse(value))));
  }

  test('no value makes the parser throw', () => {
    const item = fc.oneof(fc.integer({ min: 0, max: 10 }), fc.constant(REMOTE), fc.anything());
    fc.assert(
      fc.property(fc.array(item, { maxLength: 7 }), (value) => {
        assert(typeof parse(value) === 'object');
      }),
    );
  });

  test('no bytes make decoding throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        assert(typeof parse(decodeBody(bytes) as PlainValue) === 'object');
      }),
    );
  });
});

test('an origin names the incarnation of its node', () => {
  const origin = originOf({ name: 'bondy@10.0.0.7', incarnation: 12 }, Number.MAX_SAFE_INTEGER);
  assert(isOrigin(origin));
  assert.deepEqual(nodeOf(origin), { name: 'bondy@10.0.0.7', incarnation: 12 });
});
