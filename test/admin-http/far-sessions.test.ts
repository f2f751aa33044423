/** Sessions of another node of the cluster, over HTTP: who asks has no session of its own. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AdminCluster } from '../support/admin-cluster.ts';
import { startAdminCluster } from '../support/admin-cluster.ts';
import * as wamp from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import { ADMIN, as } from './client.ts';

const REALM = '/realms/com.example.one';
const WIRE = { transport: 'rawsocket', serializer: 'cbor', batched: false } as const;
const PATIENCE_MS = 10_000;

let cluster: AdminCluster;
let client: RawClient;
let api: ReturnType<typeof as>;

before(async () => {
  const names = ['a@127.0.0.1', 'b@127.0.0.1'];
  cluster = await startAdminCluster(names, { 'security.admin.password': ADMIN.password });
  const [near, far] = cluster.nodes;
  await near!.until(({ members }) => members.states.up === 2);
  api = as(near!.url);
  const made = await api.post('/realms', {
    uri: 'com.example.one',
    authmethods: ['anonymous'],
    sources: [{ usernames: ['anonymous'], authmethod: 'anonymous' }],
  });
  assert.equal(made.status, 201, made.text);
  const urlOf = (name: string): string =>
    far!.node.addresses.find((address) => address.name === name)?.url ?? '';
  const urls = { websocket: urlOf('api_gateway.http'), rawsocket: urlOf('wamp.tcp') };
  client = await joinSoon(urls);
});

after(async () => {
  client?.destroy();
  await cluster?.stop();
});

/** The realm was made on the other node a moment ago. */
async function joinSoon(urls: Parameters<typeof RawClient.connect>[0]): Promise<RawClient> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const made = await RawClient.connect(urls, WIRE);
    try {
      return await made.join({}, 'com.example.one');
    } catch (error) {
      made.destroy();
      if (performance.now() > deadline) throw error;
    }
  }
}

test('are counted, listed with their details, and found', async () => {
  assert.equal((await api.get(`${REALM}/sessions_count`)).json, 1);
  assert.deepEqual((await api.get(`${REALM}/sessions`)).json, [client.session]);
  for (const query of ['', `?search=${client.session}`]) {
    const { json } = await api.get(`${REALM}/sessions_details${query}`);
    const ids = (json as readonly { readonly session: number }[]).map(({ session }) => session);
    assert.deepEqual(ids, [client.session], query);
  }
});

test('are killed', async () => {
  const killed = await api.delete(`${REALM}/sessions/${client.session}?message=enough`);
  assert.equal(killed.status, 204, killed.text);
  const [, details, reason] = await client.expect(wamp.GOODBYE);
  assert.deepEqual([details, reason], [{ message: 'enough' }, 'wamp.close.killed']);
});
