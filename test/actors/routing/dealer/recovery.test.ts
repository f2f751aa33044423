import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RouterMessage } from '../../../../runtime/wamp/message.ts';
import {
  CALL,
  EMPTY,
  INVOCATION,
  NO_PAYLOAD,
  REGISTER,
  RESULT,
  YIELD,
} from '../../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../../runtime/wamp/uris.ts';
import type { Client } from './rpc.ts';
import { heard, Rpc } from './rpc.ts';

/** The router dies while it sends `client` a message of this type. */
function dieOn(client: Client, type: RouterMessage['type']): void {
  client.outlet.answer = (message) => {
    if (message.type !== type) return 'sent';
    client.outlet.answer = () => 'sent';
    throw new Error('the router dies');
  };
}

const INTERNAL = `ERROR 1 ${ERRORS.internal}`;

describe('after a crash of the router', () => {
  it('registrations, calls in flight, slots and deadlines are as they were', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a', { match: 'prefix', concurrency: 2 });
    caller.call('a.b', { timeout: 100 });
    caller.call('a.b');
    rpc.restart();
    assert.equal(rpc.dealer.nextDeadline, 1_100);
    caller.call('a.b');
    callee.yield(2);
    rpc.dealer.expire(1_100);
    assert.deepEqual(heard(caller), [
      `ERROR 3 ${ERRORS.unavailable}`,
      'RESULT 2',
      `ERROR 1 ${ERRORS.timeout}`,
    ]);
    callee.take();
    caller.call('a.b');
    assert.deepEqual(heard(callee), ['INVOCATION 3 {"procedure":"a.b"}']);
  });

  it('a CALL that died before its INVOCATION was sent is answered once, its slot and id are free', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b', { concurrency: 1 });
    dieOn(callee, INVOCATION);
    assert.throws(() => caller.call('a.b'));
    rpc.restart();
    const call = { type: CALL, request: 1, options: EMPTY, procedure: 'a.b', payload: NO_PAYLOAD };
    rpc.dealer.interrupted(caller.member, call as never);
    assert.deepEqual(heard(caller), [INTERNAL]);
    caller.call('a.b');
    assert.deepEqual(heard(callee), ['INVOCATION 1']);
  });

  it('a CALL that the dealer never saw is answered', () => {
    const rpc = new Rpc();
    const caller = rpc.client();
    rpc.restart();
    const call = { type: CALL, request: 1, options: EMPTY, procedure: 'a.b', payload: NO_PAYLOAD };
    rpc.dealer.interrupted(caller.member, call as never);
    rpc.dealer.interrupted(caller.member, call as never);
    assert.deepEqual(heard(caller), [INTERNAL]);
  });

  it('a CALL that was answered is not answered again', () => {
    const rpc = new Rpc();
    const caller = rpc.client();
    caller.call('a.b');
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.noSuchProcedure}`]);
    rpc.restart();
    const call = { type: CALL, request: 1, options: EMPTY, procedure: 'a.b', payload: NO_PAYLOAD };
    rpc.dealer.interrupted(caller.member, call as never);
    assert.deepEqual(heard(caller), []);
  });

  it('a YIELD that died before its RESULT was sent: one error', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    caller.call('a.b');
    dieOn(caller, RESULT);
    assert.throws(() => callee.yield(1));
    rpc.restart();
    const message = { type: YIELD, request: 1, options: EMPTY, payload: NO_PAYLOAD } as const;
    rpc.dealer.interrupted(callee.member, message);
    assert.deepEqual(heard(caller), [INTERNAL]);
    callee.yield(1);
    assert.deepEqual(heard(caller), []);
    assert.equal(rpc.effects.aborted.length, 0);
  });

  it('a YIELD that the dealer never saw: its call fails', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    caller.call('a.b');
    rpc.restart();
    const message = { type: YIELD, request: 1, options: EMPTY, payload: NO_PAYLOAD } as const;
    rpc.dealer.interrupted(callee.member, message);
    assert.deepEqual(heard(caller), [INTERNAL]);
  });

  it('a chunk that may not have reached the callee ends its call', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    const request = caller.call('a.b', { progress: true });
    callee.take();
    dieOn(callee, INVOCATION);
    assert.throws(() => caller.continueCall(request, 'a.b', {}));
    rpc.restart();
    const chunk = { type: CALL, request, options: EMPTY, procedure: 'a.b', payload: NO_PAYLOAD };
    rpc.dealer.interrupted(caller.member, { ...chunk, continues: true } as never);
    assert.deepEqual(heard(caller), [INTERNAL]);
    assert.deepEqual(heard(callee), ['INTERRUPT 1 {"mode":"killnowait"}']);
  });

  it('a REGISTER that had registered is told so, another one is refused', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.outlet.answer = () => {
      callee.outlet.answer = () => 'sent';
      throw new Error('the router dies');
    };
    assert.throws(() => callee.register('a.b'));
    rpc.restart();
    assert.deepEqual(heard(callee), ['REGISTERED 1']);
    caller.call('a.b');
    assert.deepEqual(heard(callee), ['INVOCATION 1']);
    const register = { type: REGISTER, request: 2, options: EMPTY, procedure: 'a.c' } as const;
    rpc.dealer.interrupted(callee.member, register);
    assert.deepEqual(heard(callee), [`ERROR of 64 2 ${ERRORS.internal}`]);
  });

  it('sessions that ended meanwhile are cleaned up, and their callers hear canceled', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    caller.call('a.b');
    callee.take();
    rpc.restart((member) => member !== callee.member);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.canceled}`]);
    assert.deepEqual(heard(callee), []);
    assert.equal(rpc.registrations.size, 0);
  });
});
