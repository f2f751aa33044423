/** Rights that are taken back on one of three nodes end what sessions of all of them hold. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import * as wamp from '../support/codes.ts';
import type { RawClient } from '../support/raw-client.ts';
import { grantRecord, realmRecord, sourceRecord } from '../support/security.ts';
import { startSecurityCluster } from './security-nodes.ts';
import type { SecurityNode } from './security-nodes.ts';

const SHOP = 'com.example.shop';
const PATIENCE_MS = 20_000;
const POLL_MS = 20;

/** Tries until this node knows the realm and its grants. */
async function enter(t: TestContext, node: SecurityNode): Promise<RawClient> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const client = await node.connect(t);
    client.send([wamp.HELLO, SHOP, { roles: wamp.ALL_ROLES }]);
    const message = await client.next();
    if (message[0] === wamp.WELCOME) return client;
    assert(performance.now() < deadline, JSON.stringify(message));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Repeats a request until it is answered as wanted. */
async function until(ask: () => number, client: RawClient, answer: number): Promise<unknown[]> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    ask();
    const message = await client.next('answer', PATIENCE_MS);
    if (message[0] === answer) return message as unknown[];
    assert(performance.now() < deadline, JSON.stringify(message));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const may = (action: string, uri: string, match: 'exact' | 'prefix' | 'any' = 'exact') =>
  grantRecord(SHOP, 'group/anonymous', `wamp.${action}`, uri, match);

describe('three nodes', { timeout: 120_000 }, () => {
  it('end registrations and subscriptions of their sessions when one is told to', async (t) => {
    const [a, b, c] = (await startSecurityCluster(t, 3)) as [
      SecurityNode,
      SecurityNode,
      SecurityNode,
    ];
    const subscribe = may('subscribe', 'com.example.', 'prefix');
    const register = may('register', 'com.example.', 'prefix');
    await a.commit([
      realmRecord(SHOP, { authmethods: ['anonymous'] }),
      sourceRecord(SHOP, 'anonymous', 'anonymous'),
      ...[subscribe, register, may('publish', '', 'any'), may('call', '', 'any')],
      may('subscribe', 'org.example.open'),
    ]);
    const clients = await Promise.all([a, b, c].map((node) => enter(t, node)));
    for (const [i, client] of clients.entries()) {
      const pattern = () => client.request(wamp.SUBSCRIBE, { match: 'prefix' }, 'com.example.');
      await until(pattern, client, wamp.SUBSCRIBED);
      await until(
        () => client.request(wamp.SUBSCRIBE, {}, 'org.example.open'),
        client,
        wamp.SUBSCRIBED,
      );
      await until(
        () => client.request(wamp.REGISTER, {}, `com.example.p${i}`),
        client,
        wamp.REGISTERED,
      );
    }
    const begun = performance.now();
    await b.commit([
      { ...subscribe, held: false },
      { ...register, held: false },
    ]);
    await Promise.all(
      clients.map(async (client) => {
        const said = [
          await client.next('revocation', PATIENCE_MS),
          await client.next('revocation', PATIENCE_MS),
        ];
        assert.deepEqual(
          new Set(said.map(([type]) => type)), // two rows: in whichever order they came
          new Set([wamp.UNREGISTERED, wamp.UNSUBSCRIBED]),
        );
        for (const message of said) {
          assert.equal((message[2] as { reason: string }).reason, 'wamp.error.not_authorized');
        }
      }),
    );
    t.diagnostic(`taken from all in ${Math.round(performance.now() - begun)} ms`);
    const [caller, , publisher] = clients as [RawClient, RawClient, RawClient];
    // Of another node: its entries go by the registry.
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      caller.request(wamp.CALL, {}, 'com.example.p2');
      const answer = await caller.next('answer', PATIENCE_MS);
      if (answer[4] === 'wamp.error.no_such_procedure') break;
      assert(performance.now() < deadline, JSON.stringify(answer));
    }
    for (const topic of ['com.example.secret', 'org.example.open']) {
      const request = publisher.request(wamp.PUBLISH, { acknowledge: true }, topic, [topic]);
      await publisher.expectReply(wamp.PUBLISHED, request);
    }
    for (const client of [clients[0]!, clients[1]!]) {
      const event = await client.next('event', PATIENCE_MS);
      assert.deepEqual([event[0], event[4]], [wamp.EVENT, ['org.example.open']]);
    }
  });
});
