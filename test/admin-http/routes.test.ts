/** The REST routes on a real node, with a real client: what each does, pages, and what mistakes are answered. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PREFIXES, ROUTES } from '../../actors/admin/rest/routes.ts';
import { DEFAULT_POLICY } from '../../actors/security/policy/view.ts';
import { operationsOf } from '../../supervisors/management.ts';
import { RawClient } from '../support/raw-client.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import * as wamp from '../support/codes.ts';
import type { Answered } from './client.ts';
import { ADMIN, as } from './client.ts';

type Fields = Readonly<Record<string, unknown>>;
const REALM = '/realms/com.example.one';

let node: NodeHandle;
let api: ReturnType<typeof as>;
before(async () => {
  node = await startTestNode({
    'admin_api.http.enabled': 'on',
    'admin_api.http.port': '0',
    'admin_api.http.max_rate': '10000',
    'security.admin.password': ADMIN.password,
  });
  api = as(node.adminUrl);
  const document = {
    uri: 'com.example.one',
    authmethods: ['password', 'anonymous'],
    groups: [{ name: 'devs' }],
    users: [{ username: 'user1', password: 'secret-1' }],
    sources: [
      { usernames: 'all', authmethod: 'password' },
      { usernames: ['anonymous'], authmethod: 'anonymous' },
    ],
    grants: [
      { permissions: ['wamp.register'], roles: 'all', uri: 'com.example.', match: 'prefix' },
    ],
  };
  is(await api.post('/realms', document), 201);
});
after(async () => {
  const crashes = node.crashes();
  await node.stop();
  assert.deepEqual(crashes, []);
});

function is(answered: Answered, status: number, expected?: unknown): void {
  assert.equal(answered.status, status, answered.text);
  if (expected !== undefined) assert.deepEqual(answered.json, expected);
}

function refuses(answered: Answered, status: number, code: string, path?: string): void {
  assert.equal(answered.status, status, answered.text);
  const { message, description, ...rest } = answered.json as Fields;
  assert.equal(typeof message, 'string');
  assert.equal(typeof description, 'string');
  assert.deepEqual([rest['code'], rest['path']], [code, path]);
}

describe('a realm', () => {
  test('is made, shown, changed and deleted', async () => {
    const made = await api.post('/realms', { uri: 'com.example.Two' });
    is(made, 201);
    assert.equal(made.headers['location'], '/realms/com.example.two');
    is(await api.put('/realms/com.example.two', { description: 'two' }), 200);
    const { json } = await api.get('/v1.0/realms/com.example.two');
    assert.equal((json as Fields)['description'], 'two');
    is(await api.delete('/realms/com.example.two'), 204);
    refuses(await api.get('/realms/com.example.two'), 404, 'not_found');
  });

  test('with users is deleted only with force', async () => {
    is(await api.post('/realms', { uri: 'com.example.full', users: [{ username: 'one' }] }), 201);
    refuses(await api.delete('/realms/com.example.full'), 409, 'active_users');
    refuses(
      await api.delete('/realms/com.example.full?force=maybe'),
      400,
      'invalid_argument',
      'force',
    );
    is(await api.delete('/realms/com.example.full?force=true'), 204);
  });

  test('has its security switched', async () => {
    is(await api.get(`${REALM}/security_enabled`), 200, true);
    is(await api.delete(`${REALM}/security_enabled`), 204);
    is(await api.get(`${REALM}/security_enabled`), 200, false);
    is(await api.put(`${REALM}/security_enabled`), 204);
    refuses(
      await api.delete('/realms/com.leapsight.bondy/security_enabled'),
      403,
      'not_allowed',
      'security_enabled',
    );
  });
});

describe('a user', () => {
  test('is added, changed, put into groups and given aliases, disabled and deleted', async () => {
    const user = `${REALM}/users/walter`;
    is(await api.post(`${REALM}/users`, { username: 'Walter', meta: { age: 1 } }), 201);
    is(await api.put(`${user}/groups/devs`), 204);
    is(await api.post(`${user}/aliases`, { alias: 'w-1' }), 201);
    is(await api.put(`${user}/aliases/w-2`), 204);
    is(await api.put(user, { meta: { age: 2 } }), 200);
    is(await api.post(`${user}/change_password`, { new_password: 'secret-2' }), 204);
    is(await api.delete(`${user}/enabled`), 204);
    is(await api.get(`${user}/enabled`), 200, false);
    const { json } = await api.get(user);
    const { groups, aliases, has_password: has, meta } = json as Fields;
    assert.deepEqual([groups, aliases, has, meta], [['devs'], ['w-1', 'w-2'], true, { age: 2 }]);
    is(await api.delete(`${user}/aliases/w-1`), 204);
    is(await api.delete(`${user}/groups/devs`), 204);
    is(await api.delete(user), 204);
    refuses(await api.get(user), 404, 'not_found');
  });

  test('whose old password is another one keeps its password', async () => {
    const passwords = { new_password: 'secret-3', old_password: 'not it' };
    const path = `${REALM}/services/change_password`;
    refuses(await api.post(path, { username: 'user1', ...passwords }), 403, 'bad_signature');
  });

  test('may have a name that an address must encode', async () => {
    is(await api.post(`${REALM}/users`, { username: 'a/b?c#%' }), 201);
    const path = `${REALM}/users/${encodeURIComponent('a/b?c#%')}`;
    assert.equal(((await api.get(path)).json as Fields)['username'], 'a/b?c#%');
    is(await api.delete(path), 204);
  });
});

test('groups, grants and sources come and go', async () => {
  is(await api.post(`${REALM}/groups`, { name: 'ops', groups: ['devs'] }), 201);
  is(await api.put(`${REALM}/groups/ops`, { meta: { a: 1 } }), 200);
  is(await api.delete(`${REALM}/groups/ops/groups/devs`), 204);
  is(await api.put(`${REALM}/groups/ops/groups/devs`), 204);
  const grant = { permissions: ['wamp.call'], roles: ['ops'], uri: 'com.a.', match: 'prefix' };
  is(await api.post(`${REALM}/grants`, grant), 201);
  const granted = { permissions: ['wamp.call'], resource: { uri: 'com.a.', match: 'prefix' } };
  is(await api.get(`${REALM}/groups/ops/grants`), 200, [{ ...granted, roles: ['group/ops'] }]);
  is(await api.put(`${REALM}/grants`, grant), 204);
  is(await api.get(`${REALM}/groups/ops/grants`), 200, []);
  is(await api.delete(`${REALM}/groups/ops`), 204);

  const source = { usernames: ['user1'], authmethod: 'wampcra', cidr: '10.0.0.0/8' };
  is(await api.post(`${REALM}/sources`, source), 201);
  const path = `${REALM}/users/user1/sources`;
  assert.equal(((await api.get(path)).json as unknown[]).length, 1);
  refuses(await api.delete(path), 400, 'invalid_argument', 'cidr');
  is(await api.delete(`${path}?cidr=10.0.0.0/8`), 204);
  is(await api.get(path), 200, []);
});

test('a decision is explained', async () => {
  const question = 'authid=user1&permission=wamp.register&resource=com.example.add';
  is(await api.get(`${REALM}/rbac/authorize?${question}`), 200, true);
  const { json } = await api.get(`${REALM}/rbac/explain?${question}`);
  assert.deepEqual([(json as Fields)['allowed'], (json as Fields)['reason']], [true, 'granted']);
});

test('sessions and registrations are shown, and a session is closed', async (t) => {
  const wire = { transport: 'rawsocket', serializer: 'cbor', batched: false } as const;
  const client = await RawClient.connect(node.urls, wire);
  t.after(() => client.destroy());
  client.send([
    wamp.HELLO,
    'com.example.one',
    { roles: wamp.ALL_ROLES, authmethods: ['anonymous'] },
  ]);
  const session = (await client.expect(wamp.WELCOME))[1] as number;
  client.send([wamp.REGISTER, 1, {}, 'com.example.add']);
  const registration = (await client.expect(wamp.REGISTERED))[2] as number;

  is(await api.get(`${REALM}/sessions`), 200, [session]);
  is(await api.get(`${REALM}/sessions_count`), 200, 1);
  assert.equal(
    ((await api.get(`${REALM}/sessions/${session}`)).json as Fields)['session'],
    session,
  );
  const { json } = await api.get(`${REALM}/registrations`);
  assert.deepEqual(
    (json as Fields[]).map(({ id, uri }) => [id, uri]),
    [[registration, 'com.example.add']],
  );
  is(await api.get(`${REALM}/callees?procedure=com.example.add`), 200, [{ session_id: session }]);
  is(await api.delete(`${REALM}/sessions/${session}?message=enough`), 204);
  const [, details] = await client.expect(wamp.GOODBYE);
  assert.equal((details as Fields)['message'], 'enough');
  refuses(await api.get(`${REALM}/sessions/${session}`), 404, 'no_such_session');
  refuses(await api.get(`${REALM}/sessions/nine`), 400, 'invalid_argument', 'session');
});

test('any operation is called by its name, and nothing else', async () => {
  const call = (body: unknown) => api.post('/services/call', body);
  is(await call({ procedure: 'bondy.ping' }), 200, { args: ['pong'], kwargs: {} });
  const old = await call({
    procedure: 'com.leapsight.bondy.security.list_users',
    args: ['com.example.one'],
  });
  is(old, 200);
  refuses(await call({ procedure: 'com.example.add' }), 501, 'no_such_procedure');
  refuses(await call({ procedure: 'wamp.session.list' }), 501, 'no_such_procedure');
  refuses(await call({}), 400, 'invalid_argument', 'procedure');
  refuses(await call({ procedure: 'bondy.ping', args: {} }), 400, 'invalid_argument', 'args');
  refuses(await call({ procedure: 'bondy.ping', more: 1 }), 400, 'invalid_argument', 'more');
  refuses(await call([]), 400, 'invalid_argument');
});

describe('a list', () => {
  test('comes in pages that are whole together, whatever their size', async () => {
    const users = Array.from({ length: 25 }, (_, i) => ({ username: `page-${i}` }));
    is(await api.post('/realms', { uri: 'com.example.pages', users }), 201);
    for (const limit of [1, 7, 25, 26]) {
      const seen: unknown[] = [];
      let next: string | undefined = `/realms/com.example.pages/users?limit=${limit}`;
      while (next !== undefined) {
        const page: Answered = await api.get(next);
        is(page, 200);
        assert.equal(page.headers['x-total-count'], '25');
        const rows = page.json as Fields[];
        assert(rows.length <= limit);
        seen.push(...rows.map(({ username }) => username));
        next = /^<([^>]+)>; rel="next"$/.exec(String(page.headers['link'] ?? ''))?.[1];
      }
      assert.deepEqual(seen, users.map(({ username }) => username).sort(), `limit ${limit}`);
    }
  });

  test('whose page is none is refused', async () => {
    for (const limit of ['0', '-1', '10001', 'all', '']) {
      refuses(await api.get(`/realms?limit=${limit}`), 400, 'invalid_argument', 'limit');
    }
    refuses(await api.get('/realms?limit=1&limit=2'), 400, 'invalid_argument', 'limit');
    refuses(await api.get('/realms?from=1'), 400, 'invalid_argument', 'from');
  });
});

describe('a mistake', () => {
  test('is told with the path of its field, and nothing is changed', async () => {
    const user = { username: 'user9', groups: ['devs', 'nobodys'], meta: {} };
    refuses(await api.post(`${REALM}/users`, user), 400, 'no_such_groups', 'groups[1]');
    refuses(await api.post(`${REALM}/users`, {}), 400, 'invalid_argument', 'username');
    refuses(
      await api.post(`${REALM}/users`, { ...user, admin: true }),
      400,
      'invalid_argument',
      'admin',
    );
    refuses(
      await api.post(`${REALM}/users/user1/aliases`, { alas: 'a' }),
      400,
      'invalid_argument',
      'alas',
    );
    refuses(await api.post(`${REALM}/users/user1/aliases`, {}), 400, 'invalid_argument', 'alias');
    refuses(await api.put(`${REALM}/users/user1`), 400, 'invalid_argument', 'user');
    refuses(await api.get(`${REALM}/users/user9`), 404, 'not_found');
    refuses(
      await api.post(`${REALM}/users`, { username: 'user1' }),
      409,
      'already_exists',
      'username',
    );
    refuses(await api.get('/realms/com.example.none/users'), 404, 'no_such_realm');
    refuses(await api.get('/nothing'), 404, 'not_found');
  });

  test('of a method is answered with those there are', async () => {
    const answered = await api.post(`${REALM}/users/user1`, {});
    refuses(answered, 405, 'method_not_allowed');
    assert.equal(answered.headers['allow'], 'GET, PUT, DELETE');
  });
});

test('every operation has a route, but those of a session and of the cluster', () => {
  const routed = new Set(ROUTES.map(({ operation }) => operation));
  const others = operationsOf('com.leapsight.bondy', DEFAULT_POLICY)
    .map(({ uri }) => uri)
    .filter((uri) => !routed.has(uri));
  assert.deepEqual(others, [
    'bondy.ping',
    'bondy.session.self',
    'bondy.realm.security.status',
    'bondy.realm.grants',
    'bondy.user.add_groups',
    'bondy.user.remove_groups',
    'bondy.group.add_groups',
    'bondy.group.remove_groups',
    'bondy.cluster.join',
    'bondy.cluster.leave',
    'bondy.cluster.remove',
    'bondy.telemetry.metrics',
  ]);
  assert.deepEqual(PREFIXES, ['', '/v1.0']);
});
