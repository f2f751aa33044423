import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action } from '../../../../actors/security/api.ts';
import { ERRORS } from '../../../../runtime/wamp/uris.ts';
import { heard, Rpc, told } from './rpc.ts';

/** A dealer that asks this, and what it has asked. */
function asking(mayI: (action: Action, uri: string) => boolean) {
  const asked: string[] = [];
  const rpc = new Rpc(
    {},
    {
      authorizer: {
        mayI: (_member, action, uri, match) => {
          asked.push(`${action} ${uri} ${match}`);
          return mayI(action, uri);
        },
        mayDisclose: () => true,
      },
    },
  );
  return { rpc, asked };
}

describe('what the authorizer refuses', () => {
  it('is refused with not_authorized and counted', () => {
    const { rpc } = asking(() => false);
    const client = rpc.client();
    assert.equal(told(client.register('a.b')), `ERROR of 64 1 ${ERRORS.notAuthorized}`);
    client.call('a.b');
    assert.deepEqual(heard(client), [`ERROR 2 ${ERRORS.notAuthorized}`]);
    assert.equal(rpc.effects.counters.get('requests_not_authorized'), 2);
    assert.equal(rpc.registrations.size, 0);
  });

  it('includes an UNREGISTER, whose registration stays', () => {
    const { rpc, asked } = asking((action) => action !== 'unregister');
    const client = rpc.client();
    const registration = client.registered('a.', { match: 'prefix' });
    assert.equal(told(client.unregister(registration)), `ERROR of 66 2 ${ERRORS.notAuthorized}`);
    assert.deepEqual(asked, ['register a. prefix', 'unregister a. prefix']);
    assert.equal(rpc.registrations.size, 1);
  });

  it('includes taking a procedure by force from a callee that one may not unregister', () => {
    const { rpc, asked } = asking((action) => action !== 'unregister');
    rpc.client().registered('a.b');
    const thief = rpc.client();
    const answer = thief.register('a.b', { force_reregister: true });
    assert.equal(told(answer), `ERROR of 64 1 ${ERRORS.notAuthorized}`);
    assert.deepEqual(asked.slice(1), ['register a.b exact', 'unregister a.b exact']);
  });

  it('includes a CANCEL, by the procedure that was called: the call goes on', () => {
    const { rpc, asked } = asking((action) => action !== 'cancel');
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a', { match: 'prefix' });
    const request = caller.call('a.b');
    caller.cancel(request);
    assert.deepEqual(heard(caller), []);
    assert.equal(asked.at(-1), 'cancel a.b exact');
    assert.equal(rpc.effects.counters.get('requests_not_authorized'), 1);
    callee.yield(1);
    assert.deepEqual(heard(caller), [`RESULT ${request}`]);
  });

  it('includes procedures of the router itself', () => {
    const { rpc } = asking((_action, uri) => uri !== 'wamp.registration.list');
    const client = rpc.client();
    client.call('wamp.registration.list');
    assert.deepEqual(heard(client), [`ERROR 1 ${ERRORS.notAuthorized}`]);
  });
});

describe('the authorizer', () => {
  it('is asked about the pattern of a REGISTER, and never about one of a CALL', () => {
    const { rpc, asked } = asking(() => true);
    const client = rpc.client();
    client.registered('a', { match: 'prefix' });
    client.call('a.b', { match: 'wildcard' });
    assert.deepEqual(asked, ['register a prefix', 'call a.b exact']);
  });

  it('is asked about every chunk of a call: one that is refused ends the call, which is answered once', () => {
    let isAllowed = true;
    const { rpc } = asking((action) => action === 'register' || isAllowed);
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    const request = caller.call('a.b', { progress: true });
    caller.continueCall(request, 'a.b', { progress: true });
    isAllowed = false;
    heard(callee);
    caller.continueCall(request, 'a.b', {});
    assert.deepEqual(heard(callee), ['INTERRUPT 1 {"mode":"killnowait"}']);
    callee.yield(1);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.notAuthorized}`]);
    assert.equal(rpc.effects.counters.get('requests_not_authorized'), 1);
  });
});
