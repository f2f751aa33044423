/** Who may use the admin API: passwords, tokens, grants, guessing, and what is open without a login. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { scratch } from '../support/scratch.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { ADMIN, as, basic, send } from './client.ts';

const MASTER = '/realms/com.leapsight.bondy';
const SETTINGS = {
  'admin_api.http.enabled': 'on',
  'admin_api.http.port': '0',
  'security.admin.password': ADMIN.password,
};

async function start(t: TestContext, more: Readonly<Record<string, string>>): Promise<NodeHandle> {
  const node = await startTestNode({ ...SETTINGS, ...more });
  t.after(() => node.stop());
  return node;
}

let node: NodeHandle;
before(async () => {
  node = await startTestNode(SETTINGS);
});
after(() => node.stop());

const statusOf = async (authorization: string | undefined, path = '/realms'): Promise<number> =>
  (
    await send(node.adminUrl, 'GET', path, {
      headers: authorization === undefined ? {} : { authorization },
    })
  ).status;

async function addUser(
  username: string,
  password: string,
  grants: readonly string[],
  at: NodeHandle = node,
): Promise<void> {
  const admin = as(at.adminUrl);
  assert.equal((await admin.post(`${MASTER}/users`, { username, password })).status, 201);
  const source = { usernames: [username], authmethod: 'password' };
  assert.equal((await admin.post(`${MASTER}/sources`, source)).status, 201);
  for (const uri of grants) {
    const grant = { permissions: ['wamp.call'], roles: [`user/${username}`], uri, match: 'exact' };
    assert.equal((await admin.post(`${MASTER}/grants`, grant)).status, 201);
  }
}

describe('without a valid login', () => {
  test('nothing of the API is answered', async () => {
    const given = [
      undefined,
      '',
      'Basic',
      'Basic !!!',
      `Basic ${Buffer.from('admin').toString('base64')}`,
      `Basic ${Buffer.from(':').toString('base64')}`,
      `Basic ${Buffer.from([0x61, 0x3a, 0xff]).toString('base64')}`,
      basic({ username: 'admin', password: 'bondy-admin' }),
      basic({ username: 'admin', password: '' }),
      basic({ username: 'nobody', password: ADMIN.password }),
      basic({ username: 'anonymous', password: 'anonymous' }),
      'Bearer x',
      'Bearer undefined',
      `Bearer ${jws({ alg: 'none' }, { authid: 'admin' })}`,
      `Bearer ${jws({ alg: 'ES256', kid: '1' }, { authid: 'admin', expires_at: 2e9 })}`,
      `Digest username="admin"`,
      `${basic()}, ${basic()}`,
    ];
    for (const each of given) assert.equal(await statusOf(each), 401, each);
    assert.equal(node.counter('admin_unauthorized'), given.length);
  });

  test('a browser is asked for a password when it opens a page, not when a script asks', async () => {
    const challenge = async (headers: Readonly<Record<string, string>>): Promise<unknown> =>
      (await send(node.adminUrl, 'GET', '/realms', { headers })).headers['www-authenticate'];
    assert.equal(await challenge({}), 'Basic realm="bondy", charset="UTF-8"');
    const script = { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' };
    assert.equal(await challenge(script), 'Bearer realm="bondy"');
  });
});

describe('a user of the master realm', () => {
  test('may do what it is granted, and no more', async () => {
    await addUser('reader', 'reader-secret', ['bondy.user.list']);
    const reader = as(node.adminUrl, basic({ username: 'reader', password: 'reader-secret' }));
    assert.equal((await reader.get(`${MASTER}/users`)).status, 200);
    const refused = await reader.post(`${MASTER}/users`, { username: 'mine' });
    assert.deepEqual(
      [refused.status, (refused.json as { code: string }).code],
      [403, 'not_authorized'],
    );
    assert.equal((await reader.get('/realms')).status, 403);
  });

  test('whose password was right before is out as soon as it is disabled, and when it has another', async () => {
    await addUser('leaver', 'leaver-secret', ['bondy.user.list']);
    const path = `${MASTER}/users/leaver`;
    const leaver = basic({ username: 'leaver', password: 'leaver-secret' });
    const tries = () => statusOf(leaver, `${MASTER}/users`);
    assert.equal(await tries(), 200);
    const admin = as(node.adminUrl);
    await admin.delete(`${path}/enabled`);
    assert.equal(await tries(), 401);
    await admin.put(`${path}/enabled`);
    assert.equal(await tries(), 200);
    await admin.post(`${path}/change_password`, { new_password: 'another-secret' });
    assert.equal(await tries(), 401);
    assert.equal(
      await statusOf(basic({ username: 'leaver', password: 'another-secret' }), `${MASTER}/users`),
      200,
    );
    await admin.delete(`${MASTER}/users/leaver/sources?cidr=0.0.0.0/0`);
    assert.equal(
      await statusOf(basic({ username: 'leaver', password: 'another-secret' }), `${MASTER}/users`),
      401,
    );
  });

  test('who sends a burst of requests makes one guess', async (t) => {
    const strict = await start(t, {
      'security.lockout.max_failures_per_user': '3',
      'security.lockout.max_failures_per_address': '3',
    });
    const all = Array.from({ length: 30 }, () => as(strict.adminUrl).get('/realms'));
    assert.deepEqual(new Set((await Promise.all(all)).map(({ status }) => status)), new Set([200]));
  });

  test('cannot be guessed: after a few failures the right password is refused, too', async (t) => {
    const strict = await start(t, {
      'security.lockout.max_failures_per_user': '3',
      'security.lockout.first_wait': '60s',
      'security.lockout.max_wait': '60s',
    });
    for (let guess = 0; guess < 3; guess++) {
      const wrong = as(strict.adminUrl, basic({ username: 'admin', password: `guess-${guess}` }));
      assert.equal((await wrong.get('/realms')).status, 401);
    }
    assert.equal((await as(strict.adminUrl).get('/realms')).status, 401);
    assert.equal(strict.counter('authentications_locked_out'), 1);
  });

  test('who asks too often is told to wait', async (t) => {
    const slow = await start(t, { 'admin_api.http.max_rate': '1' });
    const all = Array.from({ length: 10 }, () => as(slow.adminUrl).get('/realms'));
    const answers = await Promise.all(all);
    const late = answers.find(({ status }) => status === 429);
    assert.equal(late?.headers['retry-after'], '1');
    assert.equal((await send(slow.adminUrl, 'GET', '/ping')).status, 204);
  });
});

test('the operator token of a node with a data directory may do everything', async (t) => {
  const dir = scratch(t);
  const kept = await start(t, { 'store.engine': 'leveldb', 'store.data_dir': dir });
  const token = readFileSync(join(dir, 'operator.token'), 'utf8').trim();
  const operator = as(kept.adminUrl, `Bearer ${token}`);
  assert.equal((await operator.post('/realms', { uri: 'com.example.one' })).status, 201);
  assert.equal((await as(kept.adminUrl, `Bearer ${token.slice(1)}`).get('/realms')).status, 401);
});

test('an administrator has the node do what it is granted, and that is written down with its name', async (t) => {
  const dir = scratch(t);
  const file = join(dir, 'audit.log');
  const settings = {
    'store.engine': 'leveldb',
    'store.data_dir': dir,
    'security.audit.file': file,
  };
  const kept = await start(t, settings);
  assert.equal((await as(kept.adminUrl).post('/backup/create', { name: 'one' })).status, 200);
  assert.equal((await as(kept.adminUrl).post('/store/check', {})).status, 200);
  await kept.stop();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  const { who } = entries.find(({ what }) => what === 'create_backup') ?? {};
  assert.equal(who, 'admin@com.leapsight.bondy');
});

describe('what shows the node', () => {
  const VIEWS = ['/tree', '/metrics', '/cluster', '/crashes', '/', '/main.js', '/openapi.json'];

  test('is open to this machine, unless the configuration says that nothing is', async (t) => {
    const closed = await start(t, { 'admin_api.http.open': 'off' });
    for (const path of VIEWS) {
      assert.equal((await send(node.adminUrl, 'GET', path)).status, 200, path);
      assert.equal((await send(closed.adminUrl, 'GET', path)).status, 401, path);
      assert.equal((await send(closed.adminUrl, 'HEAD', path)).status, 401, path);
      assert.equal((await as(closed.adminUrl).get(path)).status, 200, path);
    }
    assert.equal((await send(closed.adminUrl, 'GET', '/tree/events')).status, 401);
    assert.equal((await send(closed.adminUrl, 'GET', '/ping')).status, 204);
    assert.equal((await send(closed.adminUrl, 'GET', '/ready')).status, 204);
  });

  test('is for users that are granted to read it, and for no others', async (t) => {
    const closed = await start(t, { 'admin_api.http.open': 'off' });
    const names = ['bondy.telemetry.metrics', 'bondy.cluster.info', 'bondy.user.list'];
    for (const name of names) await addUser(name, 'reader-secret', [name], closed);
    const statuses = async (username: string): Promise<readonly number[]> => {
      const reader = as(closed.adminUrl, basic({ username, password: 'reader-secret' }));
      return Promise.all(VIEWS.map(async (path) => (await reader.get(path)).status));
    };
    assert.deepEqual(
      await statuses('bondy.telemetry.metrics'),
      VIEWS.map((path) => (path === '/metrics' ? 200 : 403)),
    );
    assert.deepEqual(
      await statuses('bondy.cluster.info'),
      VIEWS.map((path) => (path === '/metrics' ? 403 : 200)),
    );
    assert.deepEqual(new Set(await statuses('bondy.user.list')), new Set([403]));
    assert.equal(closed.counter('admin_forbidden'), 2 * VIEWS.length);
  });
});

function jws(header: object, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.AAAA`;
}
