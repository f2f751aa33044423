import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PlainMap, PlainValue } from '../../../runtime/net/peer/codec.ts';
import { decodeBody, encodeBody } from '../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import { MAX_RECORDS, parseMessage, plainMessage } from '../../../actors/membership/parse.ts';
import { member, message } from './arbitraries.ts';

const plain = fc.letrec<{ value: PlainValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.string(),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value')),
  ),
})).value;

describe('a message of membership', () => {
  test('comes back from the wire as it was sent', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const value = decodeBody(encodeBody(plainMessage(sent)));
        assert(!(value instanceof Malformed));
        assert.deepEqual(parseMessage(value), structuredClone(sent)); // plain prototypes
      }),
      { numRuns: 1_000 },
    );
  });

  test('is refused, never thrown over, whatever a peer sends', () => {
    fc.assert(fc.property(plain, (value) => void parseMessage(value)));
  });

  test('with any one field replaced is a message or a reason', () => {
    fc.assert(
      fc.property(message, fc.nat(), plain, (sent, which, junk) => {
        const fields = { ...(plainMessage(sent) as PlainMap) };
        const keys = Object.keys(fields);
        fields[keys[which % keys.length]!] = junk;
        const parsed = parseMessage(fields);
        assert(typeof parsed === 'string' || typeof parsed.kind === 'string');
      }),
      { numRuns: 2_000 },
    );
  });

  test('has bounds on counters, names, lists and addresses', () => {
    const ping = { kind: 'ping', sequence: 1, beat: 1, health: 'alive' };
    assert.equal(typeof parseMessage(ping), 'object');
    const accuse = { kind: 'accuse', name: 'a', incarnation: 1, beat: 1, by: 'b' };
    assert.equal(typeof parseMessage(accuse), 'object');
    const refused: readonly PlainValue[] = [
      { ...ping, sequence: -1 },
      { ...ping, sequence: 1.5 },
      { ...ping, sequence: 2 ** 49 },
      { ...ping, sequence: 2n ** 60n },
      { ...ping, health: 'healthy' },
      { ...accuse, name: '' },
      { ...accuse, name: 'a b' },
      { ...accuse, name: 'é' },
      { ...accuse, name: 'x'.repeat(256) },
      { kind: 'rumor', members: Array.from({ length: MAX_RECORDS + 1 }, () => []) },
      { kind: 'rumor', members: [['a', 1, 9, 1, [], 1, 1]] },
      { kind: 'rumor', members: [['a', 1, 1, 1, ['h', 0], 1, 1]] },
      { kind: 'rumor', members: [['a', 1, 1, 1, ['h'], 1, 1]] },
      { kind: 'buckets', buckets: [1, 2, 3] },
      { kind: 'shuffle', path: Array.from({ length: 17 }, () => 'a'), ttl: 1, sample: [] },
      { kind: 'digest', digest: 'xyz' },
    ];
    for (const value of refused) assert.equal(typeof parseMessage(value), 'string');
  });

  test('with a thousand records fits the channel it travels on', () => {
    const longest = fc.sample(member, 1)[0]!;
    const addresses = Array.from({ length: 8 }, () => ({ host: 'h'.repeat(255), port: 65_535 }));
    const members = Array.from({ length: MAX_RECORDS }, () => ({ ...longest, addresses }));
    const bytes = encodeBody(plainMessage({ kind: 'rumor', members }));
    assert(bytes.length < 4 * 1024 * 1024, `${bytes.length}`);
  });
});
