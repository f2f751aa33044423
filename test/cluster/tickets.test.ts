/**
 * Tickets over three real processes: good everywhere when they are issued, nowhere when they are revoked, and the sessions
 * that they have opened end with them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import autobahn from 'autobahn';
import * as wamp from '../support/codes.ts';
import type { Details, RawClient } from '../support/raw-client.ts';
import {
  grantRecord,
  passwordOf,
  realmRecord,
  sourceRecord,
  userRecord,
} from '../support/security.ts';
import { startSecurityCluster } from './security-nodes.ts';
import type { SecurityNode } from './security-nodes.ts';

const [SSO, SHOP, DEPOT] = ['com.example.sso', 'com.example.shop', 'com.example.depot'];
const PATIENCE_MS = 20_000;
const POLL_MS = 20;
const FAILED = 'wamp.error.authentication_failed';

/** Polls; how many ms it took. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<number> {
  const begun = performance.now();
  while (!(await isSo())) {
    assert(performance.now() < begun + PATIENCE_MS, `never ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return Math.round(performance.now() - begun);
}

/** By password or with a ticket; undefined: not let in. */
async function login(
  t: TestContext,
  node: SecurityNode,
  ticket?: string,
): Promise<RawClient | undefined> {
  const client = await node.connect(t);
  const authmethods = [ticket === undefined ? 'password' : 'ticket'];
  client.send([wamp.HELLO, SHOP, { roles: wamp.BASIC_ROLES, authmethods, authid: 'sue' }]);
  let message = await client.next();
  if (message[0] === wamp.CHALLENGE) {
    client.send([wamp.AUTHENTICATE, ticket ?? 'secret1', {}]);
    message = await client.next();
  }
  return message[0] === wamp.WELCOME ? client : undefined;
}

async function sueOn(t: TestContext, node: SecurityNode): Promise<RawClient> {
  let client: RawClient | undefined;
  await until('let in', async () => (client = await login(t, node)) !== undefined);
  return client!;
}

async function issue(client: RawClient, kwargs: Details = {}): Promise<string> {
  const result = await client.call('bondy.ticket.issue', [], kwargs);
  return ((result[3] as unknown[])[0] as { ticket: string }).ticket;
}

async function revoked(session: RawClient): Promise<void> {
  const [type, , reason] = await session.next('GOODBYE', PATIENCE_MS);
  assert.deepEqual([type, reason], [wamp.GOODBYE, 'bondy.session.ticket_revoked']);
}

/** autobahn-js over rawsocket: `in`, or the reason why not. */
function enter(
  t: TestContext,
  { urls }: SecurityNode,
  realm: string,
  ticket: string,
): Promise<string> {
  const { hostname: host, port } = new URL(urls.rawsocket);
  return new Promise((resolve) => {
    const connection = new autobahn.Connection({
      realm,
      transports: [{ type: 'rawsocket', host, port: Number(port) }],
      max_retries: 0,
      authmethods: ['ticket'],
      authid: 'sue',
      onchallenge: () => ticket,
    });
    connection.onclose = (_reason, details) => {
      resolve(String((details as Details)['reason']));
      return true;
    };
    connection.onopen = (session) => {
      t.after(() => session.isOpen && connection.close());
      resolve('in');
    };
    connection.open();
  });
}

describe('three nodes', { timeout: 120_000 }, () => {
  it('let a ticket of one in at once, in all realms of its user, and none of them when it is revoked', async (t) => {
    const [a, b, c] = (await startSecurityCluster(t, 3)) as [
      SecurityNode,
      SecurityNode,
      SecurityNode,
    ];
    const password = await passwordOf('secret1');
    await a.commit([
      realmRecord(SSO, { isSsoRealm: true, authmethods: ['password'] }),
      userRecord(SSO, 'sue', { password, passwordAt: 1 }),
      ...[SHOP, DEPOT].flatMap((uri) => [
        realmRecord(uri, { ssoRealmUri: SSO, authmethods: ['password', 'ticket'] }),
        userRecord(uri, 'sue', { ssoRealmUri: SSO }),
        sourceRecord(uri, 'all', 'password'),
        sourceRecord(uri, 'all', 'ticket'),
        grantRecord(uri, 'user/sue', 'wamp.call', 'bondy.ticket.', 'prefix'),
        grantRecord(uri, 'user/sue', 'bondy.issue', 'bondy.ticket.scope.', 'prefix'),
      ]),
    ]);
    const [sue] = await Promise.all([a, b, c].map((node) => sueOn(t, node)));
    // Each one is new to b and c, whose rows may be under way.
    for (const device_id of ['one', 'two', 'three', 'one']) {
      const ticket = await issue(sue!, { device_id });
      assert.equal(await enter(t, b, SHOP, ticket), 'in');
      assert.equal(await enter(t, c, DEPOT, ticket), 'in');
    }
    const ticket = await issue(sue!);
    assert.equal(await enter(t, b, DEPOT, ticket), 'in');
    const opened = await Promise.all([a, b, c].map((node) => login(t, node, ticket)));
    await sue!.call('bondy.ticket.revoke', [ticket]);
    for (const session of opened) await revoked(session!);
    assert.equal(await enter(t, a, SHOP, ticket), FAILED);
    for (const node of [b, c]) {
      const isOut = async (): Promise<boolean> => (await enter(t, node, SHOP, ticket)) === FAILED;
      t.diagnostic(`refused elsewhere after ${await until('refused', isOut)} ms`);
    }
    const last = await issue(sue!, { device_id: 'three' });
    const other = await sueOn(t, c);
    const devices = await Promise.all([a, b, c].map((node) => login(t, node, last)));
    await other.call('bondy.ticket.revoke_all', ['sue']);
    for (const session of devices) await revoked(session!);
    for (const node of [a, b, c]) {
      const isOut = async (): Promise<boolean> => (await enter(t, node, SHOP, last)) === FAILED;
      t.diagnostic(`all revoked after ${await until('refused', isOut)} ms`);
    }
    // Of the shop, where it was asked for.
    assert.equal(await enter(t, b, DEPOT, last), 'in');
    await a.commit([userRecord(SSO, 'sue', { password, passwordAt: 2 })]);
    for (const node of [a, b, c]) {
      const isOut = async (): Promise<boolean> => (await enter(t, node, DEPOT, last)) === FAILED;
      t.diagnostic(`out with the password after ${await until('refused', isOut)} ms`);
    }
  });
});
