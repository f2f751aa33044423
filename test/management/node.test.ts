/** What the admin API over WAMP tells of the node, and to whom it says nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operationTable } from '../../actors/management/table.ts';
import { DEFAULT_POLICY } from '../../actors/security/policy/view.ts';
import type { Details } from '../support/raw-client.ts';
import { administrator, ask, enter, MASTER, newRealm, refusal, useManagedNode } from './support.ts';

const node = useManagedNode();

test('the node tells of itself, and of what it has not', async (t) => {
  const admin = await administrator(t, node.urls);
  assert.equal(((await ask(admin, 'bondy.cluster.members')) as unknown[]).length, 1);
  assert.match(String(await ask(admin, 'bondy.telemetry.metrics')), /bondy_/);
  const status = (await ask(admin, 'bondy.backup.status')) as Details;
  assert.equal(status['status'], 'idle');
  assert.deepEqual(await ask(admin, 'bondy.cluster.connections'), []);
  const store = (await ask(admin, 'bondy.store.status')) as Details;
  assert.deepEqual(store['health'], { ok: true, why: [] });
  await newRealm(admin);
  const check = (await ask(admin, 'bondy.store.check')) as Details;
  assert(Number(check['rows']) > 0);
  assert.equal(check['mismatches'], 0);
  const alone = await refusal(admin, 'bondy.error.not_found', 'bondy.store.repair');
  assert.equal(alone['code'], 'no_cluster');
  await refusal(admin, 'wamp.error.no_such_procedure', 'bondy.cluster.leave');
  await admin.callFails('wamp.error.no_such_procedure', 'bondy.oauth2.client.add', []);
});

test('an open realm administers nothing', async (t) => {
  const anybody = await enter(t, node.urls, 'realm1', undefined);
  for (const [uri, ...args] of [
    ['bondy.user.add', { username: 'intruder' }],
    ['bondy.user.list'],
    ['bondy.session.kill', 1],
    ['bondy.realm.list'],
    ['bondy.backup.create'],
    ['com.bondy.realm.create', 'a.b'],
  ] as const) {
    await refusal(anybody, 'wamp.error.not_authorized', uri, ...args);
  }
  assert.equal(await ask(anybody, 'com.bondy.ping'), 'pong');
});

test('arguments that cannot be are refused by every operation', async (t) => {
  const admin = await administrator(t, node.urls);
  const realm = await newRealm(admin);
  const table = operationTable({ masterRealm: MASTER, defaults: DEFAULT_POLICY });
  for (const { uri } of table) {
    const tooMany = Array.from({ length: 9 }, () => realm);
    const error = await refusal(admin, 'wamp.error.invalid_argument', uri, ...tooMany);
    assert.match(String(error['message']), /takes/, uri);
  }
});
