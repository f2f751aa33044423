import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RESULT } from '../../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../../runtime/wamp/uris.ts';
import { ALL_FEATURES, NO_FEATURES } from '../support.ts';
import { heard, Rpc } from './rpc.ts';

function pair(calleeFeatures = ALL_FEATURES, callerFeatures = ALL_FEATURES) {
  const rpc = new Rpc();
  const callee = rpc.client({ features: calleeFeatures });
  const caller = rpc.client({ features: callerFeatures });
  callee.registered('a.b');
  return { rpc, callee, caller };
}

describe('progressive call results', () => {
  it('flow until the final one', () => {
    const { callee, caller } = pair();
    caller.call('a.b', { receive_progress: true });
    assert.deepEqual(heard(callee), ['INVOCATION 1 {"receive_progress":true}']);
    callee.yield(1, { progress: true });
    callee.yield(1, { progress: true });
    callee.yield(1);
    callee.yield(1, { progress: true });
    assert.deepEqual(heard(caller), [
      'RESULT 1 {"progress":true}',
      'RESULT 1 {"progress":true}',
      'RESULT 1',
    ]);
  });

  it('end in an ERROR as well', () => {
    const { callee, caller } = pair();
    caller.call('a.b', { receive_progress: true });
    callee.yield(1, { progress: true });
    callee.error(1, 'a.error');
    assert.deepEqual(heard(caller), ['RESULT 1 {"progress":true}', 'ERROR 1 a.error']);
  });

  it('are asked of a callee that can give them, also when it cannot be stopped (autobahn-js)', () => {
    const features = { ...NO_FEATURES, callee: new Set(['progressive_call_results']) };
    const { callee, caller } = pair(features);
    caller.call('a.b', { receive_progress: true });
    assert.deepEqual(heard(callee), ['INVOCATION 1 {"receive_progress":true}']);
  });

  it('are not asked of a callee that does not announce them, and pass when it gives them', () => {
    for (const features of ['call_canceling', undefined]) {
      const { callee, caller } = pair({
        ...NO_FEATURES,
        callee: new Set(features ? [features] : []),
      });
      caller.call('a.b', { receive_progress: true });
      assert.deepEqual(heard(callee), ['INVOCATION 1']);
      callee.yield(1, { progress: true });
      callee.yield(1);
      assert.deepEqual(heard(caller), ['RESULT 1 {"progress":true}', 'RESULT 1']);
    }
  });

  it('nobody asked for are dropped and counted', () => {
    const { rpc, callee, caller } = pair();
    caller.call('a.b');
    callee.yield(1, { progress: true });
    callee.yield(1);
    assert.deepEqual(heard(caller), ['RESULT 1']);
    assert.equal(rpc.effects.counters.get('unwanted_progress'), 1);
  });

  it('one that is too large ends the call and stops the callee', () => {
    const { callee, caller } = pair();
    caller.call('a.b', { receive_progress: true });
    callee.take();
    caller.outlet.answer = ({ type }) => (type === RESULT ? 'too_large' : 'sent');
    callee.yield(1, { progress: true });
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.payloadSizeExceeded}`]);
    assert.deepEqual(heard(callee), ['INTERRUPT 1 {"mode":"killnowait"}']);
  });

  it('with an option of the wrong type the call fails', () => {
    const { callee, caller } = pair();
    caller.call('a.b', { receive_progress: true });
    callee.yield(1, { progress: 'yes' });
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.invalidArgument}`]);
  });
});

describe('progressive call invocations', () => {
  const MORE = { progress: true };

  it('chunks go to the same callee under the same invocation id', () => {
    const { rpc, callee, caller } = pair();
    rpc.client();
    const request = caller.call('a.b', MORE);
    caller.continueCall(request, 'a.b', MORE);
    caller.continueCall(request, 'a.b', {});
    callee.yield(1);
    assert.deepEqual(heard(callee), [
      'INVOCATION 1 {"progress":true}',
      'INVOCATION 1 {"progress":true}',
      'INVOCATION 1',
    ]);
    assert.deepEqual(heard(caller), ['RESULT 1']);
  });

  it('of a shared procedure stick to the first callee', () => {
    const rpc = new Rpc();
    const [one, two, caller] = [rpc.client(), rpc.client(), rpc.client()];
    one.registered('a.b', { invoke: 'roundrobin' });
    two.registered('a.b', { invoke: 'roundrobin' });
    const request = caller.call('a.b', MORE);
    caller.continueCall(request, 'a.b', MORE);
    assert.equal(one.take().length, 2);
    assert.equal(two.take().length, 0);
  });

  it('keep the options of the first chunk', () => {
    const { callee, caller } = pair();
    const request = caller.call('a.b', { progress: true, receive_progress: true });
    caller.continueCall(request, 'a.b', { disclose_me: true });
    assert.deepEqual(heard(callee), [
      'INVOCATION 1 {"receive_progress":true,"progress":true}',
      'INVOCATION 1 {"receive_progress":true}',
    ]);
  });

  it('the callee may answer before the last chunk; what comes later is dropped', () => {
    const { rpc, callee, caller } = pair();
    const request = caller.call('a.b', MORE);
    callee.yield(1);
    callee.take();
    caller.continueCall(request, 'a.b', MORE);
    assert.deepEqual(heard(callee), []);
    assert.deepEqual(heard(caller), ['RESULT 1']);
    assert.equal(rpc.effects.counters.get('late_chunks'), 1);
    assert.equal(rpc.effects.aborted.length, 0);
  });

  it('after a kill chunks are dropped while the callee stops', () => {
    const { callee, caller } = pair();
    const request = caller.call('a.b', MORE);
    caller.cancel(request, { mode: 'kill' });
    callee.take();
    caller.continueCall(request, 'a.b', MORE);
    assert.deepEqual(heard(callee), []);
  });

  it('need the caller’s announcement, else ABORT', () => {
    const { rpc, callee, caller } = pair(ALL_FEATURES, NO_FEATURES);
    caller.call('a.b', MORE);
    assert.equal(rpc.effects.aborted[0]?.reason, ERRORS.protocolViolation);
    assert.deepEqual(heard(callee), []);
  });

  for (const options of [MORE, { ppt_scheme: 'x_spec' }]) {
    it(`need it whatever else is wrong: ${JSON.stringify(options)} and no such procedure`, () => {
      const { rpc, caller } = pair(ALL_FEATURES, NO_FEATURES);
      for (const procedure of ['nobody.has.it', 'not..valid', 'wamp.session.count']) {
        caller.call(procedure, options);
      }
      assert.deepEqual(
        rpc.effects.aborted.map(({ reason }) => reason),
        Array(3).fill(ERRORS.protocolViolation),
      );
      assert.deepEqual(heard(caller), []);
    });
  }

  it('a chunk for a callee that does not keep up ends the call', () => {
    const { rpc, callee, caller } = pair();
    const request = caller.call('a.b', MORE);
    callee.outlet.isCongested = true;
    caller.continueCall(request, 'a.b', MORE);
    caller.continueCall(request, 'a.b', {});
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.unavailable}`]);
    assert.deepEqual(heard(callee), [
      'INVOCATION 1 {"progress":true}',
      'INTERRUPT 1 {"mode":"killnowait"}',
    ]);
    assert.equal(rpc.effects.counters.get('congested_callees_passed_over'), 1);
  });

  it('need the callee’s announcement, else feature_not_supported', () => {
    for (const features of [[], ['call_canceling'], ['progressive_call_invocations']]) {
      const { caller } = pair({ ...NO_FEATURES, callee: new Set(features) });
      caller.call('a.b', MORE);
      assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.featureNotSupported}`]);
    }
  });

  for (const [name, first, procedure] of [
    ['a call that is not progressive', {}, 'a.b'],
    ['another procedure', MORE, 'a.c'],
  ] as const) {
    it(`a second CALL of ${name} ends the session`, () => {
      const { rpc, caller } = pair();
      const request = caller.call('a.b', first);
      caller.continueCall(request, procedure, MORE);
      assert.equal(rpc.effects.aborted[0]?.member, caller.member);
    });
  }

  it('a chunk after the last one ends the session', () => {
    const { rpc, caller } = pair();
    const request = caller.call('a.b', MORE);
    caller.continueCall(request, 'a.b', {});
    caller.continueCall(request, 'a.b', {});
    assert.equal(rpc.effects.aborted[0]?.reason, ERRORS.protocolViolation);
  });

  it('a chunk that cannot be sent ends the call once', () => {
    for (const [failure, error] of [
      ['too_large', ERRORS.payloadSizeExceeded],
      ['unencodable', ERRORS.invalidPayload],
      ['closed', ERRORS.canceled],
    ] as const) {
      const { callee, caller } = pair();
      const request = caller.call('a.b', MORE);
      callee.outlet.answer = () => failure;
      caller.continueCall(request, 'a.b', MORE);
      callee.yield(1);
      assert.deepEqual(heard(caller), [`ERROR 1 ${error}`]);
    }
  });
});
