/** Rights that are taken while they are used: what begins after the answer to the administrator is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { SecurityRecord } from '../../actors/security/records.ts';
import * as wamp from '../support/codes.ts';
import type { RawClient } from '../support/raw-client.ts';
import { grantRecord, userRecord } from '../support/security.ts';
import { passwordOf } from '../support/security.ts';
import { connect, enter, entered, put, SHOP, startShop } from './shop.ts';

const P = 'com.example.p';
const taken = (record: SecurityRecord): SecurityRecord => ({ ...record, held: false });
const fact = { held: true, at: 0, realm: SHOP } as const;
const GRANT = grantRecord(SHOP, 'user/alice', 'wamp.call', P);
const GROUP: readonly SecurityRecord[] = [
  { kind: 'group', ...fact, since: 0, name: 'staff', meta: {} },
  grantRecord(SHOP, 'group/staff', 'wamp.call', P),
];
const MEMBER: SecurityRecord = {
  ...{ kind: 'membership', ...fact, of: 'user', member: 'alice', group: 'staff' },
} as SecurityRecord;

async function expectDenied(client: RawClient): Promise<void> {
  await client.callFails('wamp.error.not_authorized', P);
}

describe('a right that is taken back', () => {
  test('is gone for the first call after the answer, and once refused it stays refused', async (t) => {
    const node = await startShop(t);
    await put(node, [GRANT]);
    const alice = await entered(await connect(t, node), 'password');
    for (let round = 0; round < 20; round++) {
      const calls = 50;
      alice.sendAll(Array.from({ length: calls }, () => [wamp.CALL, alice.nextId(), {}, P]));
      const change = put(node, [taken(GRANT)]);
      alice.sendAll(Array.from({ length: calls }, () => [wamp.CALL, alice.nextId(), {}, P]));
      await change;
      const last = alice.request(wamp.CALL, {}, P);
      const said: string[] = [];
      for (;;) {
        const answer = await alice.next();
        said.push(String(answer[4]));
        if (answer[2] === last) break;
      }
      const first = said.indexOf('wamp.error.not_authorized');
      assert(first >= 0);
      assert(said.slice(first).every((uri) => uri === 'wamp.error.not_authorized'));
      await put(node, [GRANT]);
      await alice.callFails('wamp.error.no_such_procedure', P);
    }
  });

  test('is gone with the group that had it, with its grant, and with the membership', async (t) => {
    const node = await startShop(t);
    await put(node, [...GROUP, MEMBER]);
    const alice = await entered(await connect(t, node), 'password');
    for (const lost of [MEMBER, GROUP[1]!, GROUP[0]!]) {
      await alice.callFails('wamp.error.no_such_procedure', P);
      await put(node, [taken(lost)]);
      await expectDenied(alice);
      await put(node, [...GROUP, MEMBER]);
    }
  });

  test('is not had by a group that was chosen at the login', async (t) => {
    const node = await startShop(t);
    await put(node, [...GROUP, MEMBER]);
    const client = await connect(t, node);
    const answer = await enter(client, 'password', { more: { authrole: 'staff' } });
    assert.equal(answer[0], wamp.WELCOME);
    await client.callFails('wamp.error.no_such_procedure', P);
    await put(node, [taken(MEMBER)]);
    await expectDenied(client);
  });

  test('of nobody in particular is not had by switching the security of the realm on again', async (t) => {
    const node = await startShop(t);
    const alice = await entered(await connect(t, node), 'password');
    await expectDenied(alice);
    // A session never changes who it is.
    alice.send([wamp.HELLO, SHOP, { roles: wamp.ALL_ROLES, authmethods: ['anonymous'] }]);
    await alice.expectAbort('wamp.error.protocol_violation');
  });
});

describe('who is thrown out', () => {
  async function racing(t: TestContext, change: (password: object) => SecurityRecord) {
    const node = await startShop(t);
    const password = await passwordOf('another secret');
    for (let round = 0; round < 5; round++) {
      // Some have entered, some are entering while it happens.
      const clients = await Promise.all(Array.from({ length: 10 }, () => connect(t, node)));
      const entering = clients.map((client) => enter(client, 'password', { authid: 'bobby' }));
      if (round % 2 === 0) await entering[0];
      await put(node, [change(password)]);
      const answers = await Promise.all(entering);
      for (const [i, answer] of answers.entries()) {
        if (answer[0] !== wamp.WELCOME) continue;
        assert.equal((await clients[i]!.next('GOODBYE'))[0], wamp.GOODBYE);
      }
      assert.equal(
        (await enter(await connect(t, node), 'password', { authid: 'bobby' }))[0],
        wamp.ABORT,
      );
    }
  }

  test('stays out, although it proves who it is at that moment', (t) =>
    racing(t, () => userRecord(SHOP, 'bobby', { enabled: false })));

  test('by another password stays out with the old one', (t) =>
    racing(t, (password) =>
      userRecord(SHOP, 'bobby', { password: password as never, passwordAt: 2 }),
    ));
});
