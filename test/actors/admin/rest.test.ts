/** Requests as calls of operations, by the cores alone. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Type } from '@sinclair/typebox';
import { readPage } from '../../../actors/admin/rest/paging.ts';
import { callOf } from '../../../actors/admin/rest/request.ts';
import type { RestRequest } from '../../../actors/admin/rest/request.ts';
import { body, field, path, query, route } from '../../../actors/admin/rest/route.ts';
import { ERROR_STATUSES, statusOf } from '../../../actors/admin/rest/status.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';

const NOTHING: RestRequest = { params: { realm_uri: 'r1', id: '7' }, query: {}, body: undefined };
const realm = path('realm_uri');

describe('a request', () => {
  test('always names its realm, so that what is missing is not taken for the realm of who asks', () => {
    const add = { access: 'realm', args: { user: Type.Object({}) }, kwargs: {} } as const;
    const made = callOf(route('POST', '/', 'x', [realm, body]), add, NOTHING);
    assert.deepEqual('path' in made && made.path, 'user');
    const given = callOf(route('POST', '/', 'x', [realm, body]), add, { ...NOTHING, body: {} });
    assert.deepEqual(given, { args: ['r1', {}], kwargs: {} });
  });

  test('has numbers and truth values in its address where the operation wants them', () => {
    const kill = {
      access: 'realm',
      args: { session: Type.Integer() },
      kwargs: { force: Type.Optional(Type.Boolean()) },
    } as const;
    const kills = route('DELETE', '/', 'x', [realm, path('id')], {
      kwargs: { force: query('force') },
    });
    const made = callOf(kills, kill, { ...NOTHING, query: { force: 'true' } });
    assert.deepEqual(made, { args: ['r1', 7], kwargs: { force: true } });
    const text = callOf(kills, kill, { ...NOTHING, params: { realm_uri: 'r1', id: '7x' } });
    assert.deepEqual(text, { args: ['r1', '7x'], kwargs: {} });
  });

  test('leaves optional arguments out at the end, and keeps the places of the others', () => {
    const args = { a: Type.Optional(Type.String()), b: Type.Optional(Type.String()) };
    const operation = { access: 'admin', args, kwargs: {} } as const;
    const asks = route('GET', '/', 'x', [query('a'), query('b')]);
    const argsOf = (given: RestRequest['query']) => {
      const made = callOf(asks, operation, { ...NOTHING, query: given });
      return 'args' in made && made.args;
    };
    assert.deepEqual(
      [argsOf({}), argsOf({ a: '1' }), argsOf({ b: '2' })],
      [[], ['1'], [null, '2']],
    );
  });

  test('with a field of an object’s own nature has no such field', () => {
    const operation = {
      access: 'admin',
      args: { constructor: Type.String() },
      kwargs: {},
    } as const;
    const made = callOf(route('POST', '/', 'x', [field('constructor')]), operation, {
      ...NOTHING,
      body: {},
    });
    assert.deepEqual('code' in made && [made.code, made.path], ['invalid_argument', 'constructor']);
  });
});

test('a page without a limit has one', () => {
  assert.deepEqual(readPage({ query: {} }), { limit: 1_000, after: undefined });
});

test('every error that an operation ends with has a status', () => {
  for (const uri of Object.values(ERRORS)) assert(ERROR_STATUSES.includes(statusOf({ uri })), uri);
  assert.equal(statusOf({ uri: 'com.example.error' }), 500);
});
