/**
 * Parts of a real node are killed, once and until their supervisor gives up, while sessions are open. Who must not
 * take anybody along does not: the sessions are counted by asking each of them to answer a call.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { KILLED } from '../../runtime/kernel/actor.ts';
import * as wamp from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import { startTestNode } from '../support/start.ts';
import type { NodeHandle } from '../support/start.ts';
import { RAWSOCKET_MSGPACK, WEBSOCKET_JSON } from '../support/wire.ts';
import { change, exhausted, find, killed, pidAt } from './support.ts';

const REALMS = {
  'realms.realm1.authmethods': 'anonymous',
  'realms.realm2.authmethods': 'anonymous',
  'admin_api.http.enabled': 'on',
  'admin_api.http.port': '0',
};

interface Stage {
  readonly node: NodeHandle;
  /** In realm1: over each transport, each with a registration. */
  readonly clients: readonly RawClient[];
}

async function stage(t: TestContext): Promise<Stage> {
  const node = await startTestNode(REALMS);
  t.after(() => node.stop());
  const clients = await Promise.all(
    [WEBSOCKET_JSON, RAWSOCKET_MSGPACK].map(async (wire) =>
      (await RawClient.connect(node.urls, wire)).join(),
    ),
  );
  t.after(() => clients.forEach((client) => client.destroy()));
  for (const [i, client] of clients.entries()) await client.register(`com.example.p${i}`);
  return { node, clients };
}

/** Every session calls every other: all are there, and so are their registrations. */
async function assertNobodyLost({ clients }: Stage): Promise<void> {
  for (const caller of clients) {
    for (const [i, callee] of clients.entries()) {
      const request = caller.request(wamp.CALL, {}, `com.example.p${i}`, [i]);
      await callee.answer([i]);
      await caller.expectReply(wamp.RESULT, request);
    }
  }
}

const HARMLESS = [
  'bondy/diagnostics/health',
  'bondy/listeners/api_gateway.http',
  'bondy/listeners/wamp.tcp',
  'bondy/edges/admin',
  'bondy/routing/realm1/router',
];

for (const path of HARMLESS) {
  it(`no session is lost when ${path} is killed`, async (t) => {
    const here = await stage(t);
    const { kernel } = here.node;
    const pid = pidAt(kernel, path);
    await killed(kernel, path);
    assert.notEqual(pidAt(kernel, path), pid);
    await assertNobodyLost(here);
  });
}

describe('a supervisor that cools down', () => {
  for (const [path, above] of [
    ['bondy/diagnostics/health', 'bondy/diagnostics'],
    ['bondy/listeners/wamp.tcp', 'bondy/listeners'],
    ['bondy/edges/admin', 'bondy/edges'],
  ]) {
    it(`takes no session along when ${path} exhausts it, and comes back`, async (t) => {
      const here = await stage(t);
      const { kernel } = here.node;
      const root = pidAt(kernel, 'bondy');
      await exhausted(kernel, path, above);
      await assertNobodyLost(here);
      if (find(kernel, above)?.state !== 'running') {
        await change(
          kernel,
          `${above} runs again`,
          (event) => event.kind === 'state' && event.path === above && event.state === 'running',
        );
      }
      assert.equal(find(kernel, path)?.state, 'running');
      assert.equal(pidAt(kernel, 'bondy'), root);
      await assertNobodyLost(here);
    });
  }
});

describe('routing', () => {
  it('closes the sessions of a realm whose router cannot be kept alive, and of no other', async (t) => {
    const here = await stage(t);
    const { kernel } = here.node;
    const other = await (
      await RawClient.connect(here.node.urls, RAWSOCKET_MSGPACK)
    ).join({}, 'realm2');
    t.after(() => other.destroy());
    await exhausted(kernel, 'bondy/routing/realm1/router', 'bondy/routing/realm1');
    for (const client of here.clients) {
      const goodbye = await client.expect(wamp.GOODBYE);
      assert.equal(goodbye[2], 'wamp.close.close_realm');
    }
    await other.expectNothing();
    const newcomer = await (await RawClient.connect(here.node.urls, RAWSOCKET_MSGPACK)).join();
    t.after(() => newcomer.destroy());
    await newcomer.expectNothing();
  });

  it('closes the sessions of a realm whose keeper is killed', async (t) => {
    const here = await stage(t);
    await killed(here.node.kernel, 'bondy/routing/realm1/realm');
    for (const client of here.clients) await client.expect(wamp.GOODBYE);
  });
});

describe('sessions', () => {
  it('die alone', async (t) => {
    const here = await stage(t);
    const { kernel } = here.node;
    const victim = await (await RawClient.connect(here.node.urls, RAWSOCKET_MSGPACK)).join();
    t.after(() => victim.destroy());
    await victim.register('com.example.victim');
    const newest = find(kernel, 'bondy/sessions')?.children.at(-1);
    assert(newest);
    assert(kernel.exit(newest.path, KILLED));
    await victim.closed();
    await here.clients[0].callFails('wamp.error.no_such_procedure', 'com.example.victim');
    await assertNobodyLost(here);
  });

  it('are lost with their supervisor, after which the node serves as before', async (t) => {
    const here = await stage(t);
    const { kernel } = here.node;
    const reopened = change(
      kernel,
      'listeners start again',
      (event) => event.kind === 'started' && event.path === 'bondy/edges/admin',
    );
    assert(kernel.exit('bondy/sessions', KILLED));
    await Promise.all(here.clients.map((client) => client.closed()));
    await reopened;
    assert.equal(find(kernel, 'bondy/routing/realm1/router')?.restarts, 0);
  });
});
