/** `GET /cluster` of real nodes: what two say of each other, of one that ended, and of having no cluster at all. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KILLED } from '../../runtime/kernel/actor.ts';
import type { AdminCluster } from '../support/admin-cluster.ts';
import { startAdminCluster, startAdminNode } from '../support/admin-cluster.ts';

const A = 'a@127.0.0.1';
const B = 'b@127.0.0.1';

describe('the status of a cluster of two', () => {
  let cluster: AdminCluster;
  before(async () => {
    cluster = await startAdminCluster([A, B]);
  });
  after(() => cluster.stop());

  it('names this node, its cluster and its strategy', async () => {
    const { node, at } = await cluster.nodes[0]!.until(({ members }) => members.states.up === 2);
    assert.equal(node.name, A);
    assert.ok(node.incarnation > 0);
    assert.deepEqual([node.strategy, node.state, node.out], ['full_mesh', 'up', null]);
    assert.equal(node.addresses.length, 1);
    assert.match(node.rosterDigest ?? '', /./);
    assert.ok(Math.abs(Date.now() - at) < 60_000);
  });

  it('lists members with state, since when, addresses, and round trip once it is measured', async () => {
    const { members } = await cluster.nodes[0]!.until(
      ({ members: { list } }) => list[1]?.rttMs !== null && list[1] !== undefined,
    );
    assert.deepEqual([members.total, members.states], [2, { up: 2 }]);
    const [a, b] = members.list;
    assert.deepEqual([a!.name, a!.isSelf, a!.isLinked, a!.rttMs], [A, true, false, null]);
    assert.deepEqual([b!.name, b!.isSelf, b!.isLinked, b!.state], [B, false, true, 'up']);
    assert.match(b!.addresses[0]!, /^127\.0\.0\.1:\d+$/);
    assert.ok(Date.now() - b!.since! < 60_000);
  });

  it('shows what went over each channel, and both ends agree on who has dialled', async () => {
    const [a, b] = cluster.nodes;
    const { links } = await a!.until(({ links: { list } }) =>
      ['control', 'store'].every((name) =>
        list[0]?.channels.some((each) => each.channel === name && each.receivedMessages > 0),
      ),
    );
    assert.equal(links.total, 1);
    const [link] = links.list;
    assert.deepEqual([link!.peer, link!.state], [B, 'up']);
    for (const channel of link!.channels) {
      assert.equal(channel.connections, channel.parallelism, channel.channel);
      assert.ok(channel.sentBytes >= channel.sentMessages);
      assert.equal(channel.overloaded, 0);
    }
    const back = await b!.until(({ links: { list } }) => list.length === 1);
    assert.equal(back.links.list[0]!.isDialler, !link!.isDialler);
  });

  it('shows partitions with equal roots, and the last exchange with the peer', async () => {
    const [a, b] = cluster.nodes;
    const { store } = await a!.until((status) => status.store.exchanges[0]?.outcome === 'equal');
    assert.deepEqual([store.health, store.exchanges[0]!.peer], [{ ok: true, why: [] }, B]);
    assert.equal(store.exchanges[0]!.comparedAt, store.exchanges[0]!.at);
    const other = await b!.until(() => true);
    assert.deepEqual(
      store.partitions.map(({ root }) => root),
      other.store.partitions.map(({ root }) => root),
    );
    for (const { state, root, tombstones, quarantined } of store.partitions) {
      assert.deepEqual([state, tombstones, quarantined], ['ready', 0, 0]);
      assert.match(root, /^[0-9a-f]{16}$/);
    }
  });

  it('shows how broadcasts go, whose entries are known, and what waits', async () => {
    const status = await cluster.nodes[0]!.until(
      ({ broadcast, registry }) =>
        broadcast?.neighbours.length === 1 && registry?.owners.length === 2,
    );
    assert.deepEqual([status.broadcast!.mode, status.broadcast!.neighbours], ['direct', [B]]);
    assert.deepEqual(
      status.registry!.owners.map(({ node, state }) => [node, state]),
      [
        [A, 'up'],
        [B, 'up'],
      ],
    );
    assert.deepEqual(status.relay.held, []);
  });

  it('leaves out an actor that is dead, and shows the rest', async () => {
    const [a] = cluster.nodes;
    const { kernel } = a!.node;
    const asked = a!.status(); // the answer is gathered after the kill below
    assert(kernel.exit('bondy/routing/other nodes/registry', KILLED));
    const status = await asked;
    assert(status.enabled);
    assert.equal(status.members.total, 2);
    await a!.until(({ registry }) => registry?.owners.length === 2); // its successor knows
  });

  it('tells a member that does not answer from one that is up', async () => {
    const [a, b] = cluster.nodes;
    const before = await a!.until(({ members }) => members.list[1]?.state === 'up');
    await b!.node.stop();
    const status = await a!.until(({ members }) => members.list[1]?.state === 'down');
    assert.deepEqual(status.members.states, { up: 1, down: 1 });
    assert.ok(status.members.list[1]!.since! >= before.at);
    assert.equal(status.members.list[1]!.isLinked, false);
    assert.equal(status.links.total, 0);
  });
});

it('a node that is alone says that it has no cluster', async (t) => {
  const alone = await startAdminNode({ 'node.name': A });
  t.after(() => alone.node.stop());
  assert.deepEqual(await alone.status(), { enabled: false, node: { name: A } });
});
