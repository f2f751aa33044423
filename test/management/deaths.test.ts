/** Calls of the admin API in the middle of which something dies are answered once. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KILLED } from '../../runtime/kernel/actor.ts';
import type { RawClient } from '../support/raw-client.ts';
import * as wamp from '../support/codes.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { administrator, ask, MASTER, newRealm, SETTINGS } from './support.ts';

let node: NodeHandle;
before(async () => {
  node = await startTestNode(SETTINGS);
});
after(() => node.stop());

describe('a call that takes time is answered once', () => {
  /** Long enough to be in the middle of it. */
  const slow = { password_opts: { protocols: ['hash'], memory: 65_536, passes: 8 } };

  /** The request is being worked on when a later one has its answer. */
  async function begin(admin: RawClient, username: string): Promise<number> {
    const realm = await newRealm(admin, { ...slow, users: [] });
    const user = { username, password: 'secret-1' };
    const request = admin.request(wamp.CALL, {}, 'bondy.user.add', [realm, user]);
    assert.equal(await ask(admin, 'bondy.ping'), 'pong');
    return request;
  }

  test('when the admin API dies, which comes back', async (t) => {
    const admin = await administrator(t, node.urls);
    const request = await begin(admin, 'user3');
    assert(node.kernel.exit('bondy/security/management', KILLED));
    await admin.expectError(wamp.CALL, request, 'bondy.error.internal_error');
    await newRealm(admin);
    assert.deepEqual(await admin.received(), []);
  });

  test('when the router dies, and the answer that comes later goes nowhere', async (t) => {
    const admin = await administrator(t, node.urls);
    const request = await begin(admin, 'user4');
    assert(node.kernel.exit(`bondy/routing/${MASTER}/router`, KILLED));
    await admin.expectError(wamp.CALL, request, 'bondy.error.internal_error');
    await newRealm(admin); // changes run one after another, so that one is over
    assert.deepEqual(await admin.received(), []);
  });
});
