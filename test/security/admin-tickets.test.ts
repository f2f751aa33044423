/**
 * Tickets of the administrator of the configuration: it comes in by them, in every life of the node, until its password in
 * the configuration is another.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TestContext } from 'node:test';
import * as wamp from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import { scratch } from '../support/scratch.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';

const MASTER = 'com.leapsight.bondy';
const [OLD, NEW] = ['correct horse battery', 'another horse battery'];

/** Undefined: not let in. */
async function enter(
  node: NodeHandle,
  method: 'password' | 'ticket',
  secret: string,
): Promise<RawClient | undefined> {
  const client = await RawClient.connect(node.urls, RAWSOCKET_MSGPACK);
  const hello = { roles: wamp.BASIC_ROLES, authmethods: [method], authid: 'admin' };
  client.send([wamp.HELLO, MASTER, hello]);
  await client.expect(wamp.CHALLENGE);
  client.send([wamp.AUTHENTICATE, secret, {}]);
  const [answer] = await client.next();
  if (answer === wamp.WELCOME) return client;
  client.destroy();
  return undefined;
}

it('the administrator’s ticket lets it in after a restart, and no more when its password is another', async (t: TestContext) => {
  const path = scratch(t);
  const life = async <T>(password: string, live: (node: NodeHandle) => Promise<T>): Promise<T> => {
    const node = await startTestNode({
      ...{ 'store.engine': 'leveldb', 'store.data_dir': path, 'shutdown.grace_period': '100ms' },
      'security.admin.password': password,
    });
    try {
      return await live(node);
    } finally {
      await node.stop();
    }
  };
  const isLetIn = async (node: NodeHandle, ticket: string): Promise<boolean> => {
    const client = await enter(node, 'ticket', ticket);
    client?.destroy();
    return client !== undefined;
  };
  const ticket = await life(OLD, async (node) => {
    const admin = await enter(node, 'password', OLD);
    assert(admin);
    const result = await admin.call('bondy.ticket.issue');
    admin.destroy();
    return ((result[3] as unknown[])[0] as { ticket: string }).ticket;
  });
  assert(await life(OLD, (node) => isLetIn(node, ticket)));
  assert(!(await life(NEW, (node) => isLetIn(node, ticket))));
});
