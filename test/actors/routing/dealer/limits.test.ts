import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CALL, NO_PAYLOAD } from '../../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../../runtime/wamp/uris.ts';
import { heard, Rpc, told } from './rpc.ts';

describe('wildcard registrations of one session', () => {
  it('are limited, and room is made by those that go', () => {
    const rpc = new Rpc({ maxWildcardsPerSession: 2 });
    const [client, other] = [rpc.client(), rpc.client()];
    const first = client.registered('a.', { match: 'wildcard' });
    client.registered('b.', { match: 'wildcard' });
    assert.match(told(client.register('c.', { match: 'wildcard' })), /limit_exceeded/);
    client.registered('c', { match: 'prefix' });
    client.registered('c.d');
    other.registered('c.', { match: 'wildcard' });
    client.unregister(first);
    client.registered('d.', { match: 'wildcard' });
    assert.match(told(client.register('e.', { match: 'wildcard' })), /limit_exceeded/);
  });

  it('are counted by a router that takes over', () => {
    const rpc = new Rpc({ maxWildcardsPerSession: 1 });
    const client = rpc.client();
    client.registered('a.', { match: 'wildcard' });
    rpc.restart();
    assert.match(told(client.register('b.', { match: 'wildcard' })), /limit_exceeded/);
  });
});

describe('a routing key', () => {
  it('that is too long to be hashed on the way is refused', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b', { invoke: 'jump_consistent_hash' });
    caller.call('a.b', { rkey: 'k'.repeat(1_000_000) });
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.invalidArgument}`]);
  });
});

describe('congested callees', () => {
  it('are passed over and counted; when all are, the call is refused', () => {
    const rpc = new Rpc();
    const [one, two, caller] = [rpc.client(), rpc.client(), rpc.client()];
    for (const callee of [one, two]) callee.registered('a.b', { invoke: 'first' });
    one.outlet.isCongested = true;
    caller.call('a.b');
    assert.deepEqual(heard(two), ['INVOCATION 1']);
    two.outlet.isCongested = true;
    caller.call('a.b');
    assert.deepEqual(heard(caller), [`ERROR 2 ${ERRORS.unavailable}`]);
    assert.equal(rpc.effects.counters.get('congested_callees_passed_over'), 3);
  });
});

describe('request ids', () => {
  it('start again at 1 after 2^53, and those calls are new ones', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    for (const request of [2 ** 53, 1]) {
      const call = { type: CALL, request, options: {}, procedure: 'a.b', payload: NO_PAYLOAD };
      rpc.dealer.call(caller.member, { ...call, type: CALL }, 0);
    }
    callee.yield(1);
    callee.yield(2);
    assert.deepEqual(heard(caller), [`RESULT ${2 ** 53}`, 'RESULT 1']);
  });
});

describe('what the dealer counts', () => {
  it('is handed over once per message, and nothing twice', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    for (let i = 0; i < 3; i++) caller.call('a.b', { receive_progress: true });
    callee.yield(1, { progress: true });
    callee.yield(1);
    callee.error(2, 'a.error');
    caller.call('nobody.has.it');
    caller.call('wamp.registration.list');
    caller.call('wamp.registration.get');
    assert.equal(rpc.effects.counters.get('calls'), undefined);
    rpc.dealer.report();
    rpc.dealer.report();
    const counted = ['calls', 'results', 'call_errors', 'progressive_results', 'registrations'];
    assert.deepEqual(
      counted.map((name) => rpc.effects.counters.get(name)),
      [6, 2, 3, 1, 1],
    );
  });
});

describe('a procedure longer than any that can be registered', () => {
  it('is no URI, also when a pattern would match it', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a', { match: 'prefix' });
    caller.call(`a.${'b'.repeat(2_000)}`);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.invalidUri}`]);
  });
});

describe('calls that may be re-routed', () => {
  const setUp = () => {
    const rpc = new Rpc();
    const [one, two, caller] = [rpc.client(), rpc.client(), rpc.client()];
    for (const callee of [one, two]) callee.registered('a.b', { invoke: 'first' });
    return { one, two, caller };
  };

  it('are few per caller, because each has a copy', () => {
    const { one, two, caller } = setUp();
    for (let i = 0; i < 1_030; i++) caller.call('a.b');
    for (let i = 1; i <= 1_030; i++) one.error(i, ERRORS.unavailable);
    assert.equal(two.take().length, 1_024);
    assert.equal(caller.take().length, 6);
  });

  it('are not large', () => {
    const { one, two, caller } = setUp();
    caller.call('a.b', {}, ['x'.repeat(70_000)]);
    one.error(1, ERRORS.unavailable);
    assert.deepEqual(heard(two), []);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.unavailable}`]);
  });
});
