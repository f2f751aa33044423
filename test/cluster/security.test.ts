/** Security data of real processes: on all nodes at once, and still there after a death. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import * as wamp from '../support/codes.ts';
import type { RawClient } from '../support/raw-client.ts';
import {
  grantRecord,
  openRealm,
  passwordOf,
  realmRecord,
  sourceRecord,
  userRecord,
} from '../support/security.ts';
import { Folder, startSecurityCluster } from './security-nodes.ts';
import type { SecurityNode } from './security-nodes.ts';

const SHOP = 'com.example.shop';
const PATIENCE_MS = 20_000;
const POLL_MS = 20;

/** Tries until the node lets the client in. */
async function enter(t: TestContext, node: SecurityNode, details: object): Promise<RawClient> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const client = await node.connect(t);
    client.send([wamp.HELLO, SHOP, { roles: { caller: {}, callee: {} }, ...details }]);
    let message = await client.next();
    if (message[0] === wamp.CHALLENGE) {
      client.send([wamp.AUTHENTICATE, 'secret1', {}]);
      message = await client.next();
    }
    if (message[0] === wamp.WELCOME) return client;
    assert(performance.now() < deadline, JSON.stringify(message));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function goodbye(client: RawClient, reason: string): Promise<void> {
  const [type, , said] = await client.next('GOODBYE', PATIENCE_MS);
  assert.deepEqual([type, said], [wamp.GOODBYE, reason]);
}

/** Calls until the answer is this error. */
async function untilRefused(client: RawClient, error: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    client.request(wamp.CALL, {}, 'com.example.p');
    const said = (await client.next())[4];
    if (said === error) return;
    assert(performance.now() < deadline, `still ${String(said)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const ALICE = { authmethods: ['password'], authid: 'alice' };

describe('three nodes', { timeout: 120_000 }, () => {
  it('open a realm, refuse what is revoked, end sessions of a user and close the realm: whichever node is told', async (t) => {
    const [a, b, c] = (await startSecurityCluster(t, 3)) as [
      SecurityNode,
      SecurityNode,
      SecurityNode,
    ];
    const password = await passwordOf('secret1');
    const grant = grantRecord(SHOP, 'user/alice', 'wamp.call', 'com.example.p');
    await a.commit([
      realmRecord(SHOP, { authmethods: ['password'] }),
      ...['alice', 'bobby'].map((name) => userRecord(SHOP, name, { password, passwordAt: 1 })),
      sourceRecord(SHOP, 'all', 'password'),
      grant,
    ]);
    const clients = await Promise.all([a, b, c].map((node) => enter(t, node, ALICE)));
    const [, , bobby] = await Promise.all(
      [a, b, c].map((node) => enter(t, node, { ...ALICE, authid: 'bobby' })),
    );
    for (const client of clients) {
      await untilRefused(client, 'wamp.error.no_such_procedure');
    }
    let begun = performance.now();
    await b.commit([{ ...grant, held: false }]);
    await Promise.all(clients.map((client) => untilRefused(client, 'wamp.error.not_authorized')));
    t.diagnostic(`revoked everywhere in ${Math.round(performance.now() - begun)} ms`);
    begun = performance.now();
    await c.commit([userRecord(SHOP, 'alice', { enabled: false, password, passwordAt: 1 })]);
    await Promise.all(clients.map((client) => goodbye(client, 'bondy.user.disabled')));
    t.diagnostic(`out everywhere in ${Math.round(performance.now() - begun)} ms`);
    await a.commit([realmRecord(SHOP, { held: false })]);
    await goodbye(bobby!, 'wamp.close.close_realm');
  });
});

describe('a node that is alone', { timeout: 120_000 }, () => {
  it('has what it acknowledged after it was killed', async (t) => {
    const node = new Folder(t).node('data');
    await node.start();
    await node.commit(openRealm(SHOP));
    const before = await enter(t, node, {});
    const request = before.request(
      wamp.PUBLISH,
      { acknowledge: true, retain: true },
      'com.example.t',
      ['kept'],
    );
    await before.expectReply(wamp.PUBLISHED, request);
    await node.kill();
    await node.start();
    const after = await node.connect(t);
    await after.join({}, SHOP);
    await after.subscribe('com.example.t', { get_retained: true });
    const event = await after.expect(wamp.EVENT);
    assert.deepEqual(event[4], ['kept']);
  });

  it('does not start with a database that is damaged, and says which', async (t) => {
    const folder = new Folder(t);
    const node = folder.node('data', { 'store.engine': 'leveldb', 'store.partitions': '2' });
    await node.start();
    await node.commit(openRealm(SHOP));
    await node.kill();
    const database = join(folder.path, 'data', 'store', 'leveldb', '01');
    for (const name of readdirSync(database)) {
      if (name !== 'LOCK') writeFileSync(join(database, name), 'no database');
    }
    const said = await node.tryToStart();
    assert.match(String(said), /leveldb\/01 is damaged, and no other node has what is in it/);
  });
});
