/** The store of a node, checked and mended through the admin API: the same reports whichever way it is asked for. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AdminCluster } from '../support/admin-cluster.ts';
import { startAdminCluster } from '../support/admin-cluster.ts';
import { ADMIN, as } from './client.ts';

let cluster: AdminCluster;
let api: ReturnType<typeof as>;

before(async () => {
  const names = ['a@127.0.0.1', 'b@127.0.0.1'];
  cluster = await startAdminCluster(names, { 'security.admin.password': ADMIN.password });
  const [near] = cluster.nodes;
  await near!.until(({ members }) => members.states.up === 2);
  api = as(near!.url);
  assert.equal((await api.post('/realms', { uri: 'com.example.one' })).status, 201);
});
after(() => cluster?.stop());

test('a check tells the same by name, by its route, and by the route of operators', async () => {
  const byName = await api.post('/services/call', { procedure: 'bondy.store.check' });
  assert.equal(byName.status, 200, byName.text);
  const [report] = (byName.json as { readonly args: readonly { readonly rows: number }[] }).args;
  assert(report!.rows > 0);
  assert.deepEqual((await api.post('/services/check_store', {})).json, report);
  assert.deepEqual((await api.post('/store/check', {})).json, report);
});

test('a repair compares with every linked node', async () => {
  assert.deepEqual((await api.get('/cluster/connections')).json, [{ name: 'b@127.0.0.1' }]);
  const { status, json } = await api.post('/services/repair_store', {});
  assert.equal(status, 200);
  const { exchanges, damaged } = json as {
    readonly exchanges: readonly { readonly peer: string; readonly kind: string }[];
    readonly damaged: number;
  };
  assert.equal(damaged, 0);
  assert.deepEqual(
    exchanges.map(({ peer, kind }) => [peer, kind === 'failed']),
    [['b@127.0.0.1', false]],
  );
});
