import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRORS } from '../../../../runtime/wamp/uris.ts';
import { NO_FEATURES } from '../support.ts';
import { heard, Rpc } from './rpc.ts';

function underWay(options = {}, calleeFeatures?: typeof NO_FEATURES) {
  const rpc = new Rpc();
  const callee = rpc.client(calleeFeatures ? { features: calleeFeatures } : {});
  const caller = rpc.client();
  callee.registered('a.b', options);
  caller.call('a.b');
  callee.take();
  return { rpc, callee, caller };
}

const CANCELED = `ERROR 1 ${ERRORS.canceled}`;

describe('CANCEL', () => {
  it('skip answers the caller and leaves the callee alone', () => {
    const { callee, caller } = underWay();
    caller.cancel(1, { mode: 'skip' });
    assert.deepEqual(heard(caller), [CANCELED]);
    assert.deepEqual(heard(callee), []);
    callee.yield(1);
    assert.deepEqual(heard(caller), []);
  });

  it('killnowait answers the caller and interrupts the callee at once', () => {
    const { callee, caller } = underWay();
    caller.cancel(1, { mode: 'killnowait' });
    assert.deepEqual(heard(caller), [CANCELED]);
    assert.deepEqual(heard(callee), ['INTERRUPT 1 {"mode":"killnowait"}']);
    callee.error(1, ERRORS.canceled);
    assert.deepEqual(heard(caller), []);
  });

  it('kill interrupts the callee and waits for what it says', () => {
    const { callee, caller } = underWay();
    caller.cancel(1, { mode: 'kill' });
    assert.deepEqual(heard(caller), []);
    assert.deepEqual(heard(callee), ['INTERRUPT 1 {"mode":"kill"}']);
    callee.error(1, 'com.app.stopped');
    assert.deepEqual(heard(caller), ['ERROR 1 com.app.stopped']);
  });

  it('kill lets a result through that was already on its way', () => {
    const { callee, caller } = underWay();
    caller.cancel(1, { mode: 'kill' });
    callee.yield(1);
    assert.deepEqual(heard(caller), ['RESULT 1']);
  });

  it('kill twice interrupts once, and a killnowait after it ends the wait', () => {
    const { callee, caller } = underWay();
    caller.cancel(1, { mode: 'kill' });
    caller.cancel(1, { mode: 'kill' });
    caller.cancel(1, { mode: 'killnowait' });
    assert.deepEqual(heard(callee), ['INTERRUPT 1 {"mode":"kill"}']);
    assert.deepEqual(heard(caller), [CANCELED]);
  });

  it('without a mode is killnowait', () => {
    const { callee, caller } = underWay();
    caller.cancel(1);
    assert.deepEqual(heard(caller), [CANCELED]);
    assert.deepEqual(heard(callee), ['INTERRUPT 1 {"mode":"killnowait"}']);
  });

  for (const mode of ['kill', 'killnowait', 'skip']) {
    it(`${mode} is skip for a callee that cannot be interrupted`, () => {
      const { callee, caller } = underWay({}, NO_FEATURES);
      caller.cancel(1, { mode });
      assert.deepEqual(heard(caller), [CANCELED]);
      assert.deepEqual(heard(callee), []);
    });
  }

  it('with an unknown mode ends the call as an error of the caller', () => {
    const { callee, caller } = underWay();
    caller.cancel(1, { mode: 'gently' });
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.invalidArgument}`]);
    assert.deepEqual(heard(callee), ['INTERRUPT 1 {"mode":"killnowait"}']);
  });

  it('of an answered, unknown or foreign call does nothing', () => {
    const { rpc, callee, caller } = underWay();
    const stranger = rpc.client();
    stranger.cancel(1);
    caller.cancel(99);
    callee.yield(1);
    caller.cancel(1);
    assert.deepEqual(heard(stranger), []);
    assert.deepEqual(heard(caller), ['RESULT 1']);
    assert.deepEqual(heard(callee), []);
    assert.equal(rpc.effects.counters.get('late_cancels'), 3);
  });
});

describe('the slot of a canceled call', () => {
  it('is free at once when the callee was told to stop', () => {
    const { callee, caller } = underWay({ concurrency: 1 });
    caller.cancel(1, { mode: 'killnowait' });
    caller.take();
    callee.take();
    caller.call('a.b');
    assert.deepEqual(heard(callee), ['INVOCATION 2']);
  });

  it('stays occupied after skip until the callee answers', () => {
    const { callee, caller } = underWay({ concurrency: 1 });
    caller.cancel(1, { mode: 'skip' });
    caller.take();
    caller.call('a.b');
    assert.deepEqual(heard(caller), [`ERROR 2 ${ERRORS.unavailable}`]);
    callee.yield(1);
    caller.call('a.b');
    assert.deepEqual(heard(callee), ['INVOCATION 2']);
    assert.deepEqual(heard(caller), []);
  });
});
