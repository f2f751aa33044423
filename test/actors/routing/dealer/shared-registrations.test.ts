import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jumpConsistentHash } from '../../../../actors/routing/dealer/invoke-policies.ts';
import { ERRORS } from '../../../../runtime/wamp/uris.ts';
import { ALL_FEATURES, NO_FEATURES } from '../support.ts';
import type { Client } from './rpc.ts';
import { heard, Rpc } from './rpc.ts';

function shared(invoke: string, count = 3, options: Record<string, number> = {}) {
  const rpc = new Rpc();
  const callees = Array.from({ length: count }, () => rpc.client());
  for (const callee of callees) callee.registered('a.b', { invoke, ...options });
  return { rpc, callees, caller: rpc.client() };
}

/** Which callee each of the calls reached. */
function reached(callees: readonly Client[], call: () => void, times: number): number[] {
  return Array.from({ length: times }, () => {
    call();
    const at = callees.findIndex((callee) => callee.outlet.sent.length > 0);
    if (at >= 0) callees[at].take();
    return at;
  });
}

describe('invoke policies', () => {
  for (const [invoke, expected] of [
    ['first', [0, 0, 0, 0]],
    ['last', [2, 2, 2, 2]],
    ['roundrobin', [0, 1, 2, 0]],
  ] as const) {
    it(`${invoke} goes to ${expected.join(', ')}`, () => {
      const { callees, caller } = shared(invoke);
      assert.deepEqual(
        reached(callees, () => caller.call('a.b'), 4),
        expected,
      );
    });
  }

  it('random goes to each about as often', () => {
    const { callees, caller } = shared('random');
    const counts = [0, 0, 0];
    for (const at of reached(callees, () => caller.call('a.b'), 900)) counts[at]++;
    for (const count of counts) assert.ok(count > 240 && count < 360, String(counts));
  });

  it('roundrobin skips nobody when a callee leaves', () => {
    const { callees, caller } = shared('roundrobin');
    assert.deepEqual(
      reached(callees, () => caller.call('a.b'), 2),
      [0, 1],
    );
    callees[0].leave();
    caller.take();
    assert.deepEqual(
      reached(callees, () => caller.call('a.b'), 3),
      [2, 1, 2],
    );
  });

  it('jump_consistent_hash keeps a key where it is', () => {
    const { callees, caller } = shared('jch');
    for (const key of ['rkey', '_routing_key']) {
      const where = reached(callees, () => caller.call('a.b', { [key]: 'user-17' }), 5);
      assert.equal(new Set(where).size, 1);
      assert.equal(where[0], jumpConsistentHash('user-17', 3));
    }
  });

  it('jump_consistent_hash without a key is the caller’s mistake', () => {
    const { caller } = shared('jch');
    caller.call('a.b');
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.invalidArgument}`]);
  });

  it('queue_least_loaded goes to the least busy session', () => {
    const { callees, caller } = shared('qll');
    assert.deepEqual(
      reached(callees, () => caller.call('a.b'), 4),
      [0, 1, 2, 0],
    );
    callees[1].yield(1);
    assert.deepEqual(
      reached(callees, () => caller.call('a.b'), 1),
      [1],
    );
  });

  it('queue_least_loaded_sample never takes the busier of its two', () => {
    const { callees, caller } = shared('qlls', 2);
    const where = reached(callees, () => caller.call('a.b'), 20);
    assert.equal(where.filter((at) => at === 0).length, 10);
  });

  it('runmode partition hashes whatever the policy is, runmode all is refused', () => {
    const { callees, caller } = shared('first');
    const options = { runmode: 'partition', rkey: 4711 };
    const where = reached(callees, () => caller.call('a.b', options), 3);
    assert.deepEqual(where, Array(3).fill(jumpConsistentHash('4711', 3)));
    caller.call('a.b', { runmode: 'partition' });
    caller.call('a.b', { runmode: 'all' });
    assert.deepEqual(heard(caller), [
      `ERROR 4 ${ERRORS.invalidArgument}`,
      `ERROR 5 ${ERRORS.featureNotSupported}`,
    ]);
  });
});

describe('jump consistent hash', () => {
  it('moves about 1/n of the keys when bucket n is added, and only to it', () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => `key-${i}`);
    let moved = 0;
    for (const key of keys) {
      const [before, after] = [jumpConsistentHash(key, 9), jumpConsistentHash(key, 10)];
      if (before === after) continue;
      assert.equal(after, 9);
      moved++;
    }
    assert.ok(moved > 60 && moved < 140, String(moved));
  });
});

describe('callees that are full', () => {
  it('are passed over in the order of the policy', () => {
    const { callees, caller } = shared('first', 2, { concurrency: 1 });
    assert.deepEqual(
      reached(callees, () => caller.call('a.b'), 2),
      [0, 1],
    );
    caller.call('a.b');
    assert.deepEqual(heard(caller), [`ERROR 3 ${ERRORS.unavailable}`]);
    callees[1].yield(1);
    assert.deepEqual(
      reached(callees, () => caller.call('a.b'), 1),
      [1],
    );
  });

  for (const invoke of ['first', 'last', 'roundrobin', 'random', 'jch', 'qll', 'qlls']) {
    it(`never get more than their concurrency (${invoke})`, () => {
      const { callees, caller } = shared(invoke, 3, { concurrency: 2 });
      const where = reached(callees, () => caller.call('a.b', { rkey: 'k' }), 6);
      for (const at of [0, 1, 2]) assert.equal(where.filter((x) => x === at).length, 2);
      caller.take();
      caller.call('a.b', { rkey: 'k' });
      assert.deepEqual(heard(caller), [`ERROR 7 ${ERRORS.unavailable}`]);
    });
  }

  it('or do not read are passed over; when nobody reads the caller hears unavailable', () => {
    const { callees, caller } = shared('first', 2);
    callees[0].outlet.isCongested = true;
    assert.deepEqual(
      reached(callees, () => caller.call('a.b'), 1),
      [1],
    );
    callees[1].outlet.isCongested = true;
    caller.call('a.b');
    assert.deepEqual(heard(caller), [`ERROR 2 ${ERRORS.unavailable}`]);
  });
});

describe('call re-routing', () => {
  it('asks the next callee when one says unavailable', () => {
    const { callees, caller } = shared('first');
    caller.call('a.b', {}, ['once']);
    callees[0].error(1, ERRORS.unavailable);
    callees[1].error(1, ERRORS.unavailable);
    const [invocation] = callees[2].take();
    assert.equal(invocation.type === 68 && invocation.payload.items, 1);
    callees[2].yield(1);
    assert.deepEqual(heard(caller), ['RESULT 1']);
  });

  it('ends in no_available_callee when all have declined', () => {
    const { callees, caller } = shared('roundrobin', 2);
    caller.call('a.b');
    callees[0].error(1, ERRORS.unavailable);
    callees[1].error(1, ERRORS.unavailable);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.noAvailableCallee}`]);
  });

  it('keeps the call’s deadline', () => {
    const { rpc, callees, caller } = shared('first', 2);
    caller.call('a.b', { timeout: 100 });
    rpc.now = 1_050;
    callees[0].error(1, ERRORS.unavailable);
    assert.equal(rpc.dealer.nextDeadline, 1_100);
    rpc.dealer.expire(1_100);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.timeout}`]);
  });

  it('does not happen for other errors, without the feature, or after a result was seen', () => {
    const other = shared('first', 2);
    other.caller.call('a.b');
    other.callees[0].error(1, 'a.error');
    assert.deepEqual(heard(other.caller), ['ERROR 1 a.error']);

    const rpc = new Rpc();
    const [plain, caller] = [rpc.client({ features: NO_FEATURES }), rpc.client()];
    plain.registered('a.b', { invoke: 'first' });
    rpc.client().registered('a.b', { invoke: 'first' });
    caller.call('a.b');
    plain.error(1, ERRORS.unavailable);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.unavailable}`]);

    const seen = shared('first', 2);
    seen.caller.call('a.b', { receive_progress: true });
    seen.callees[0].yield(1, { progress: true });
    seen.callees[0].error(1, ERRORS.unavailable);
    assert.equal(heard(seen.caller).at(-1), `ERROR 1 ${ERRORS.unavailable}`);
  });

  it('keeps the time of a call whose first callee watched it itself', () => {
    const rpc = new Rpc();
    const [one, two, caller] = [rpc.client(), rpc.client(), rpc.client()];
    one.registered('a.b', { invoke: 'first', forward_timeout: true });
    two.registered('a.b', { invoke: 'first' });
    caller.call('a.b', { timeout: 100 });
    assert.equal(rpc.dealer.nextDeadline, undefined);
    rpc.now += 60;
    one.error(1, ERRORS.unavailable);
    assert.deepEqual(heard(two), ['INVOCATION 1']);
    rpc.now += 40;
    rpc.dealer.expire(rpc.now);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.timeout}`]);
  });

  it('survives that the registration is gone meanwhile', () => {
    const { rpc, callees, caller } = shared('first', 2);
    caller.call('a.b');
    callees[1].leave();
    const [registration] = rpc.registrations.values();
    callees[0].unregister(registration.id);
    callees[0].error(1, ERRORS.unavailable);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.noAvailableCallee}`]);
  });
});

describe('payload passthru mode', () => {
  const PPT = { ppt_scheme: 'x_own', ppt_serializer: 'cbor', ppt_cipher: 'aes256gcm' };

  it('attributes travel both ways', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    caller.call('a.b', PPT);
    assert.deepEqual(heard(callee), [`INVOCATION 1 ${JSON.stringify(PPT)}`]);
    callee.yield(1, PPT);
    assert.deepEqual(heard(caller), [`RESULT 1 ${JSON.stringify(PPT)}`]);
  });

  it('of a caller that did not announce it ends its session', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client({ features: NO_FEATURES })];
    callee.registered('a.b');
    caller.call('a.b', PPT);
    assert.equal(rpc.effects.aborted[0]?.member, caller.member);
    assert.deepEqual(heard(callee), []);
  });

  it('to a callee that did not announce it is not supported', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client({ features: NO_FEATURES }), rpc.client()];
    callee.registered('a.b');
    caller.call('a.b', PPT);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.featureNotSupported}`]);
  });

  it('in a YIELD needs both sides: the callee’s session ends, or both hear an error', () => {
    const rpc = new Rpc();
    const plain = { ...ALL_FEATURES, callee: new Set<string>() };
    const [silent, callee, caller] = [
      rpc.client({ features: plain }),
      rpc.client(),
      rpc.client({ features: NO_FEATURES }),
    ];
    silent.registered('a.b');
    callee.registered('a.c');
    caller.call('a.b');
    silent.yield(1, PPT);
    assert.equal(rpc.effects.aborted[0]?.member, silent.member);
    silent.leave();
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.canceled}`]);
    caller.call('a.c');
    callee.take();
    callee.yield(1, PPT);
    assert.deepEqual(heard(caller), [`ERROR 2 ${ERRORS.featureNotSupported}`]);
    assert.deepEqual(heard(callee), [`ERROR of 70 1 ${ERRORS.featureNotSupported}`]);
  });
});
