/** The admin API over WAMP on real nodes: the cluster is told of, joined, left and cleaned up; sessions end wherever they are. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import * as wamp from '../support/codes.ts';
import type { Details, RawClient } from '../support/raw-client.ts';
import { administrator, ask, enter, newRealm, refusal, SETTINGS } from '../management/support.ts';
import type { SecurityNode } from './security-nodes.ts';
import { startSeparateNodes } from './security-nodes.ts';

const PATIENCE_MS = 60_000;
const POLL_MS = 50;

type Two = readonly [SecurityNode, SecurityNode];

async function start(t: TestContext): Promise<{ nodes: Two; addresses: readonly string[] }> {
  const started = await startSeparateNodes(t, 2, () => SETTINGS);
  return { nodes: started.nodes as unknown as Two, addresses: started.addresses };
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert(performance.now() < deadline, `not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** States by name. */
async function members(client: RawClient): Promise<Readonly<Record<string, unknown>>> {
  const list = (await ask(client, 'bondy.cluster.members')) as readonly Details[];
  return Object.fromEntries(list.map(({ name, state }) => [name, state]));
}

const untilMembers = (client: RawClient, expected: Readonly<Record<string, string>>) =>
  until(`members ${JSON.stringify(expected)}`, async () => {
    const now = await members(client);
    const isSo = Object.entries(expected).every(([name, state]) => now[name] === state);
    return isSo && Object.keys(now).length === Object.keys(expected).length ? now : undefined;
  });

const [A, B] = ['node0', 'node1'];
const UP = { [A]: 'up', [B]: 'up' };

describe('two nodes', { timeout: 300_000 }, () => {
  it('join, tell who is up and whom they are linked to, and know who has left', async (t) => {
    const {
      nodes: [a, b],
      addresses,
    } = await start(t);
    const [onA, onB, watcher] = [
      await administrator(t, a.urls),
      await administrator(t, b.urls),
      await administrator(t, a.urls),
    ];
    assert.deepEqual(await members(onA), { [A]: 'up' });
    await refusal(onA, 'wamp.error.invalid_argument', 'bondy.cluster.join', 'nowhere');
    await refusal(onA, 'bondy.error.inconsistency_error', 'bondy.cluster.join', addresses[0]);
    await watcher.subscribe('bondy.cluster.connection.up');
    const joined = (await ask(onA, 'bondy.cluster.join', addresses[1])) as Details;
    assert.equal(joined['peer'], B);
    const [self, peer] = (await watcher.next('EVENT', PATIENCE_MS))[4] as string[];
    assert.deepEqual([self, peer].sort(), [A, B]);
    await untilMembers(onB, UP);
    const info = (await ask(onB, 'bondy.cluster.info')) as Details;
    assert.equal((info['node_spec'] as Details)['name'], B);
    assert.deepEqual((info['nodes'] as Details[]).map(({ name }) => name).sort(), [A, B]);

    const left = (await ask(onB, 'bondy.cluster.leave')) as Details;
    assert.deepEqual(left, { left: B, told: [A] });
    await untilMembers(onA, { [A]: 'up' });
    await refusal(onA, 'bondy.error.not_found', 'bondy.cluster.remove', B);
  });

  it('lose the link to one that dies, which can be removed, and not before it is down', async (t) => {
    const {
      nodes: [a, b],
      addresses,
    } = await start(t);
    const [onA, watcher] = [await administrator(t, a.urls), await administrator(t, a.urls)];
    await ask(onA, 'bondy.cluster.join', addresses[1]);
    await untilMembers(onA, UP);
    await refusal(onA, 'bondy.error.inconsistency_error', 'bondy.cluster.remove', B);
    await watcher.subscribe('bondy.cluster.connection.down');
    await b.kill();
    assert.deepEqual((await watcher.next('EVENT', PATIENCE_MS))[4], [A, B]);
    await untilMembers(onA, { [A]: 'up', [B]: 'down' });
    assert.deepEqual(await ask(onA, 'bondy.cluster.remove', B), { removed: B });
    await untilMembers(onA, { [A]: 'up' });
    const meant = await refusal(onA, 'bondy.error.not_found', 'bondy.cluster.remove', 'node');
    assert.match(String(meant['message']), /node0|node1|cluster status/);
  });

  it('show and end each other’s sessions', async (t) => {
    const {
      nodes: [a, b],
      addresses,
    } = await start(t);
    const onA = await administrator(t, a.urls);
    await ask(onA, 'bondy.cluster.join', addresses[1]);
    const realm = await newRealm(onA);
    // The other node opens the realm when it has heard of it.
    const user = await until('a session on the other node', () =>
      enter(t, b.urls, realm, 'user1').catch(() => undefined),
    );
    await until('the session seen here', async () => {
      const ids = (await ask(onA, 'bondy.session.list', realm)) as readonly number[];
      return ids.includes(user.session) || undefined;
    });
    const shown = (await ask(onA, 'bondy.session.get', realm, user.session)) as Details;
    assert.deepEqual([shown['session'], shown['authid']], [user.session, 'user1']);
    await onA.call('bondy.session.kill', [realm, user.session], {
      reason: 'com.example.enough',
      message: 'it is late',
    });
    const goodbye = await user.next('GOODBYE', PATIENCE_MS);
    assert.equal(goodbye[0], wamp.GOODBYE);
    assert.equal(goodbye[2], 'com.example.enough');
    assert.equal((goodbye[1] as Details)['message'], 'it is late');
    await refusal(onA, 'wamp.error.no_such_session', 'bondy.session.kill', realm, user.session);
  });
});
