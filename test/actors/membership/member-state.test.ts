/** A member's status and health in one word, as operators see it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member } from '../../../actors/membership/api.ts';
import { HEALTHS, isMember, isUp, stateOf, STATUSES } from '../../../actors/membership/member.ts';

const all: readonly Member[] = STATUSES.flatMap((status) =>
  HEALTHS.map((health) => ({
    ...{ name: 'a', incarnation: 1, version: 1, addresses: [], beat: 1 },
    ...{ status, health },
  })),
);

test('who has left has left, whatever its health', () => {
  for (const member of all) {
    const hasLeft = ['left', 'removed'].includes(stateOf(member));
    assert.equal(hasLeft, !isMember(member), `${member.status} ${member.health}`);
  }
});

test('the dead are down, and who is suspected is suspect, also while joining or leaving', () => {
  for (const member of all.filter(isMember)) {
    assert.equal(stateOf(member) === 'down', member.health === 'dead');
    assert.equal(stateOf(member) === 'suspect', member.health === 'suspect');
  }
});

test('up is said of those only that take part and answer', () => {
  const up = all.filter((member) => stateOf(member) === 'up');
  assert.deepEqual(
    up.map(({ status, health }) => [status, health]),
    [['up', 'alive']],
  );
  assert.ok(up.every(isUp));
});

test('a member known from disk is unknown until it is heard of', () => {
  const states = all.filter(({ health }) => health === 'unknown').map(stateOf);
  assert.deepEqual(states, ['joining', 'unknown', 'leaving', 'left', 'removed']);
});
