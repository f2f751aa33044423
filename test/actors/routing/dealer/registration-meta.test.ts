import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RESULT } from '../../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../../runtime/wamp/uris.ts';
import { argsOf } from '../support.ts';
import type { Client } from './rpc.ts';
import { heard, Rpc } from './rpc.ts';

function world() {
  const rpc = new Rpc();
  const [one, two, asker] = [rpc.client(), rpc.client(), rpc.client()];
  const exact = one.registered('a.b', { invoke: 'random' });
  two.registered('a.b', { invoke: 'random' });
  const prefix = one.registered('a', { match: 'prefix' });
  const wildcard = one.registered('..c', { match: 'wildcard' });
  return { rpc, one, two, asker, exact, prefix, wildcard };
}

function ask(asker: Client, procedure: string, ...args: never[] | unknown[]): unknown {
  asker.call(`wamp.registration.${procedure}`, {}, args as never[]);
  const [answer] = asker.take();
  if (answer.type === RESULT) return argsOf(answer.payload)[0];
  return answer.type === 8 ? answer.error : undefined;
}

describe('wamp.registration', () => {
  it('list tells ids by match policy', () => {
    const { asker, exact, prefix, wildcard } = world();
    assert.deepEqual(ask(asker, 'list'), {
      exact: [exact],
      prefix: [prefix],
      wildcard: [wildcard],
    });
  });

  it('lookup finds what is registered under the very pattern', () => {
    const { asker, exact, prefix } = world();
    assert.equal(ask(asker, 'lookup', 'a.b'), exact);
    assert.equal(ask(asker, 'lookup', 'a', { match: 'prefix' }), prefix);
    assert.equal(ask(asker, 'lookup', 'a'), null);
  });

  it('match finds what a call would reach', () => {
    const { asker, exact, prefix, wildcard } = world();
    assert.equal(ask(asker, 'match', 'a.b'), exact);
    assert.equal(ask(asker, 'match', 'a.x'), prefix);
    assert.equal(ask(asker, 'match', 'x.y.c'), wildcard);
    assert.equal(ask(asker, 'match', 'x.y'), null);
    assert.equal(ask(asker, 'match', 'wamp.x.c'), null);
  });

  it('get describes, list_callees and count_callees tell who', () => {
    const { asker, one, two, exact } = world();
    assert.deepEqual(ask(asker, 'get', exact), {
      id: exact,
      created: '2023-11-14T22:13:20.000Z',
      uri: 'a.b',
      match: 'exact',
      invoke: 'random',
    });
    assert.deepEqual(ask(asker, 'list_callees', exact), [one.id, two.id]);
    assert.equal(ask(asker, 'count_callees', exact), 2);
  });

  for (const procedure of ['get', 'list_callees', 'count_callees']) {
    it(`${procedure} of an unknown id is no_such_registration, of no id invalid_argument`, () => {
      const { asker } = world();
      assert.equal(ask(asker, procedure, 1), ERRORS.noSuchRegistration);
      for (const bad of [[], ['1'], [-1], [null]]) {
        assert.equal(ask(asker, procedure, ...bad), ERRORS.invalidArgument);
      }
    });
  }

  it('lookup and match refuse what is no URI argument', () => {
    const { asker } = world();
    for (const procedure of ['lookup', 'match']) {
      assert.equal(ask(asker, procedure), ERRORS.invalidArgument);
      assert.equal(ask(asker, procedure, 7), ERRORS.invalidArgument);
    }
    assert.equal(ask(asker, 'lookup', 'a', 'prefix'), ERRORS.invalidArgument);
    assert.equal(ask(asker, 'lookup', 'a', { match: 'regex' }), ERRORS.invalidArgument);
  });

  it('a reply too large for the caller becomes one error', () => {
    const { asker } = world();
    asker.outlet.answer = ({ type }) => (type === RESULT ? 'too_large' : 'sent');
    asker.call('wamp.registration.list');
    assert.deepEqual(heard(asker), [`ERROR 1 ${ERRORS.payloadSizeExceeded}`]);
  });
});
