import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERROR, INVOCATION, RESULT } from '../../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../../runtime/wamp/uris.ts';
import { argsOf, payloadOf, seededRandom } from '../support.ts';
import { heard, Rpc, told } from './rpc.ts';

function pair(procedure = 'a.b', options = {}) {
  const rpc = new Rpc();
  const [callee, caller] = [rpc.client(), rpc.client()];
  const registration = callee.registered(procedure, options);
  return { rpc, callee, caller, registration };
}

describe('a CALL', () => {
  it('reaches the callee with its payload and comes back as a RESULT', () => {
    const { callee, caller, registration } = pair();
    caller.call('a.b', {}, [1, 2]);
    const [invocation] = callee.take();
    assert.equal(invocation.type, INVOCATION);
    assert.equal(invocation.registration, registration);
    assert.deepEqual(invocation.details, Object.create(null));
    assert.deepEqual(argsOf(invocation.payload), [1, 2]);
    callee.yield(1, {}, payloadOf([3]));
    const [result] = caller.take();
    assert.equal(result.type, RESULT);
    assert.deepEqual(argsOf(result.payload), [3]);
  });

  it('leaves no row behind', () => {
    const { rpc, callee, caller } = pair();
    caller.call('a.b');
    callee.yield(1);
    for (const party of rpc.parties.values()) {
      assert.equal(party.calls.size + party.invocations.size + party.answering, 0);
    }
  });

  it('gets the callee’s ERROR with its details and payload', () => {
    const { callee, caller } = pair();
    caller.call('a.b');
    callee.error(1, 'com.app.error.broken', { hint: 1 });
    const [error] = caller.take();
    assert.equal(told(error), 'ERROR 1 com.app.error.broken');
    assert.deepEqual(error.type === ERROR && error.details, { hint: 1 });
  });

  it('numbers invocations per callee from 1', () => {
    const rpc = new Rpc();
    const [one, two, caller] = [rpc.client(), rpc.client(), rpc.client()];
    one.registered('a.one');
    two.registered('a.two');
    for (const uri of ['a.one', 'a.two', 'a.one']) caller.call(uri);
    assert.deepEqual(heard(one), ['INVOCATION 1', 'INVOCATION 2']);
    assert.deepEqual(heard(two), ['INVOCATION 1']);
  });

  it('of nothing registered gets no_such_procedure, of no URI invalid_uri', () => {
    const { caller } = pair('a', { match: 'prefix' });
    caller.call('b.c');
    caller.call('a.#');
    caller.call('wamp.nothing');
    assert.deepEqual(heard(caller), [
      `ERROR 1 ${ERRORS.noSuchProcedure}`,
      `ERROR 2 ${ERRORS.invalidUri}`,
      `ERROR 3 ${ERRORS.noSuchProcedure}`,
    ]);
  });

  it('never reaches a client’s pattern when it is for the router', () => {
    const { callee, caller } = pair('', { match: 'prefix' });
    caller.call('wamp.session.no_such_thing');
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.noSuchProcedure}`]);
    assert.deepEqual(heard(callee), []);
  });

  it('names the procedure to the callee of a pattern', () => {
    const { callee, caller } = pair('a..c', { match: 'wildcard' });
    caller.call('a.b.c');
    assert.deepEqual(heard(callee), ['INVOCATION 1 {"procedure":"a.b.c"}']);
  });

  for (const options of [
    { timeout: -1 },
    { timeout: 'soon' },
    { receive_progress: 1 },
    { disclose_me: 'yes' },
    { runmode: 'some' },
    { rkey: [] },
    { ppt_scheme: 1 },
  ]) {
    it(`refuses the options ${JSON.stringify(options)}`, () => {
      const { callee, caller } = pair();
      caller.call('a.b', options);
      assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.invalidArgument}`]);
      assert.deepEqual(heard(callee), []);
    });
  }

  it('stops at the limit of unanswered calls', () => {
    const rpc = new Rpc({ maxCallsPerSession: 1 });
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    caller.call('a.b');
    caller.call('a.b');
    assert.deepEqual(heard(caller), [`ERROR 2 ${ERRORS.limitExceeded}`]);
    callee.yield(1);
    caller.call('a.b');
    assert.deepEqual(heard(callee), ['INVOCATION 1', 'INVOCATION 2']);
  });

  it('to oneself works', () => {
    const rpc = new Rpc();
    const both = rpc.client();
    both.registered('a.b');
    const request = both.call('a.b');
    both.yield(1);
    assert.deepEqual(heard(both), ['INVOCATION 1', `RESULT ${request}`]);
  });
});

describe('frames that cannot be sent', () => {
  it('an INVOCATION over the callee’s limit: the caller hears it, the invocation id is not spent', () => {
    const { callee, caller } = pair();
    callee.outlet.answer = () => 'too_large';
    caller.call('a.b');
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.payloadSizeExceeded}`]);
    callee.outlet.answer = () => 'sent';
    caller.call('a.b');
    assert.deepEqual(heard(callee), ['INVOCATION 1']);
  });

  it('an INVOCATION not sayable in the callee’s serializer: the caller hears invalid_payload', () => {
    const { callee, caller } = pair();
    callee.outlet.answer = () => 'unencodable';
    caller.call('a.b');
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.invalidPayload}`]);
  });

  it('an INVOCATION to a connection that has just closed: canceled, as when the callee leaves', () => {
    const { callee, caller } = pair();
    callee.outlet.answer = () => 'closed';
    caller.call('a.b');
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.canceled}`]);
  });

  it('a shared procedure goes on to a callee that is there', () => {
    const rpc = new Rpc();
    const [gone, there, caller] = [rpc.client(), rpc.client(), rpc.client()];
    gone.registered('a.b', { invoke: 'first' });
    there.registered('a.b', { invoke: 'first' });
    gone.outlet.answer = () => 'closed';
    caller.call('a.b');
    assert.deepEqual(heard(there), ['INVOCATION 1']);
  });

  for (const [failure, error] of [
    ['too_large', ERRORS.payloadSizeExceeded],
    ['unencodable', ERRORS.invalidPayload],
  ] as const) {
    it(`a RESULT that is ${failure} becomes one ERROR`, () => {
      const { callee, caller } = pair();
      caller.call('a.b');
      caller.outlet.answer = (message) => (message.type === RESULT ? failure : 'sent');
      callee.yield(1);
      assert.deepEqual(heard(caller), [`ERROR 1 ${error}`]);
      callee.yield(1);
      assert.deepEqual(heard(caller), []);
    });
  }
});

describe('answers nobody asked for', () => {
  it('a second YIELD is dropped and counted', () => {
    const { rpc, callee, caller } = pair();
    caller.call('a.b');
    callee.yield(1);
    callee.yield(1);
    assert.deepEqual(heard(caller), ['RESULT 1']);
    assert.equal(rpc.effects.counters.get('late_answers'), 1);
    assert.equal(rpc.effects.aborted.length, 0);
  });

  it('a YIELD or ERROR for an invocation that never was ends the session', () => {
    for (const answer of ['yield', 'error'] as const) {
      const { rpc, callee } = pair();
      if (answer === 'yield') callee.yield(1);
      else callee.error(1, 'a.b');
      assert.deepEqual(
        rpc.effects.aborted.map(({ member, reason }) => [member.id, reason]),
        [[callee.id, ERRORS.protocolViolation]],
      );
    }
  });

  it('nobody answers for another callee', () => {
    const { rpc, callee, caller } = pair();
    const thief = rpc.client();
    caller.call('a.b');
    thief.yield(1);
    assert.deepEqual(heard(caller), []);
    assert.equal(rpc.effects.aborted[0]?.member, thief.member);
    callee.yield(1);
    assert.deepEqual(heard(caller), ['RESULT 1']);
  });

  it('an ERROR whose URI is none becomes invalid_uri', () => {
    const { callee, caller } = pair();
    caller.call('a.b');
    callee.error(1, 'not a uri');
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.invalidUri}`]);
  });
});

describe('leaving', () => {
  it('of the callee cancels what it was working on', () => {
    const { callee, caller } = pair();
    caller.call('a.b');
    callee.leave();
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.canceled}`]);
    caller.call('a.b');
    assert.deepEqual(heard(caller), [`ERROR 2 ${ERRORS.noSuchProcedure}`]);
  });

  it('of the caller interrupts the callee, whose late answer is dropped', () => {
    const { rpc, callee, caller } = pair();
    caller.call('a.b');
    callee.take();
    caller.leave();
    assert.deepEqual(heard(callee), ['INTERRUPT 1 {"mode":"killnowait"}']);
    callee.yield(1);
    assert.deepEqual(heard(caller), []);
    assert.equal(rpc.effects.aborted.length, 0);
    assert.equal(rpc.parties.has(caller.member), false);
  });

  it('of a session that calls itself sends it nothing', () => {
    const rpc = new Rpc();
    const both = rpc.client();
    both.registered('a.b', { concurrency: 1 });
    both.call('a.b');
    both.take();
    both.leave();
    assert.deepEqual(heard(both), []);
    assert.equal(rpc.parties.size, 0);
  });
});

describe('identity', () => {
  it('of the caller is told on disclose_me, and by disclose_caller for every call', () => {
    const { rpc, callee, caller } = pair();
    const identity = { caller: 2, caller_authid: 'user-2', caller_authrole: 'anonymous' };
    caller.call('a.b', { disclose_me: true });
    caller.call('a.b', { disclose_me: false });
    callee.registered('a.c', { disclose_caller: true });
    caller.call('a.c');
    assert.deepEqual(heard(callee), [
      `INVOCATION 1 ${JSON.stringify(identity)}`,
      'INVOCATION 2',
      `INVOCATION 3 ${JSON.stringify(identity)}`,
    ]);
    assert.equal(rpc.effects.aborted.length, 0);
  });

  it('is not disclosed where the realm forbids it', () => {
    const rpc = new Rpc({}, { authorizer: { mayI: () => true, mayDisclose: () => false } });
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    assert.match(told(callee.register('a.c', { disclose_caller: true })), /option_not_allowed/);
    caller.call('a.b', { disclose_me: true });
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.discloseMeDisallowed}`]);
    assert.deepEqual(heard(callee), []);
  });

  it('comes with the caller’s trust level when it has one', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client({ trustlevel: 3 })];
    callee.registered('a.b');
    caller.call('a.b');
    assert.deepEqual(heard(callee), ['INVOCATION 1 {"trustlevel":3}']);
  });
});

it('registration ids never repeat a living one', () => {
  const random = seededRandom(7);
  let asked = 0;
  const stubborn = { next: () => random.next(), integer: () => (asked++ < 3 ? 5 : 6) };
  const rpc = new Rpc({}, { random: stubborn });
  const callee = rpc.client();
  assert.equal(callee.registered('a.b'), 5);
  assert.equal(callee.registered('a.c'), 6);
});
