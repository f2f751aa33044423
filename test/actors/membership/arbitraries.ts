/** Random records and messages of membership, for property tests. */
import fc from 'fast-check';
import { BUCKETS } from '../../../actors/membership/digest.ts';
import type { Member } from '../../../actors/membership/member.ts';
import { HEALTHS, STATUSES } from '../../../actors/membership/member.ts';
import type { MembershipWire } from '../../../actors/membership/messages.ts';

const small = fc.nat({ max: 3 });
export const nodeName = fc.constantFrom('a', 'b', 'c', 'd@host');
const address = fc.record({
  host: fc.constantFrom('10.0.0.1', 'node-1', '::1'),
  port: fc.integer({ min: 1, max: 65_535 }),
});

/** Few names and small counters, so that records collide in every way. */
export const member: fc.Arbitrary<Member> = fc.record({
  name: nodeName,
  incarnation: small,
  status: fc.constantFrom(...STATUSES),
  version: small,
  addresses: fc.array(address, { maxLength: 2 }),
  beat: small,
  health: fc.constantFrom(...HEALTHS),
});

const members = fc.array(member, { maxLength: 5 });
const digest = fc.constantFrom('0123456789abcdef', '0000000000000000');
const sequence = fc.nat();
const id = fc.record({ epoch: small, counter: small, asker: nodeName });
const names = fc.array(nodeName, { maxLength: 8 });
const bucket = fc.integer({ min: 0, max: BUCKETS - 1 });
const is = <K extends string>(kind: K): fc.Arbitrary<K> => fc.constant(kind);

export const message: fc.Arbitrary<MembershipWire> = fc.oneof(
  fc.record({ kind: is('hello'), member, digest }),
  fc.record({
    kind: is('digest'),
    digest,
    pulse: fc.option(fc.record({ name: nodeName, incarnation: small, count: sequence }), {
      nil: undefined,
    }),
  }),
  fc.record({
    kind: is('buckets'),
    buckets: fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), {
      minLength: BUCKETS * 2,
      maxLength: BUCKETS * 2,
    }),
  }),
  fc.record({
    kind: is('delta'),
    digest,
    buckets: fc.array(bucket),
    members,
    isAnswer: fc.boolean(),
  }),
  fc.record({ kind: is('full'), digest, members, isAnswer: fc.boolean() }),
  fc.record({ kind: is('rumor'), members }),
  fc.record({ kind: is('ping'), sequence, beat: small, health: fc.constantFrom(...HEALTHS) }),
  fc.record({ kind: is('ack'), sequence, member }),
  fc.record({ kind: is('ping_request'), sequence, target: nodeName }),
  fc.record({ kind: is('indirect_ack'), sequence, member }),
  fc.record({ kind: is('nack'), sequence }),
  fc.record({ kind: is('accuse'), name: nodeName, incarnation: small, beat: small, by: nodeName }),
  fc.record({
    kind: is('neighbor_request'),
    id,
    priority: fc.constantFrom('high' as const, 'low' as const),
  }),
  fc.record({ kind: is('neighbor_reply'), id, isAccepted: fc.boolean(), sample: names }),
  fc.record({ kind: is('neighbor_assert'), id }),
  fc.record({ kind: is('neighbor_end'), id }),
  fc.record({ kind: is('shuffle'), path: names, ttl: fc.nat({ max: 6 }), sample: names }),
  fc.record({ kind: is('shuffle_reply'), path: names, sample: names }),
  fc.record({ kind: is('closing') }),
);
