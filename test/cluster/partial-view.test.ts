/**
 * Real nodes of an overlay that does not link them all: each procedure is called from each node all the same, each node's
 * tree is shown by each, and questions about sessions are answered for all.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { makeNodes } from './nodes.ts';

/** More than the five neighbours of a partial view and a node itself. */
const NODES = 8;

test('a caller on any node reaches a callee on any other, neighbour or not', async (t) => {
  const names = Array.from({ length: NODES }, (_, i) => `node${i}`);
  const settings = { 'cluster.overlay.topology': 'p2p', 'store.partitions': 1 };
  const nodes = await makeNodes(t, names, { settings });
  // One after the other: all at once they take minutes on a small machine.
  for (const node of nodes) await node.start();
  for (const node of nodes) await node.until('told of all', async () => node.knows(nodes));
  const callees = await Promise.all(nodes.map((node) => node.join(t)));
  for (const [i, callee] of callees.entries()) await callee.register(`com.example.on${i}`);
  const caller = await nodes[0].join(t);
  for (const i of nodes.keys()) {
    await nodes[0].until(`aware of procedure ${i}`, async () => {
      const lookup = [`com.example.on${i}`];
      const request = caller.request(wamp.CALL, {}, 'wamp.registration.lookup', lookup);
      const { 3: found } = await caller.expectReply(wamp.RESULT, request);
      return (found as unknown[])[0] !== null;
    });
  }
  const links = await nodes[0].links();
  t.diagnostic(`${links} links before the calls`);
  assert(links < NODES - 1, `${links} links`);
  // Each question through a node of its own, so that none finds the links of another.
  await nodes[1].until('without some links', async () => (await nodes[1].links()) < NODES - 1);
  for (const { name } of nodes) {
    const shown = await fetch(`http://127.0.0.1:${nodes[1].ports.admin}/tree?node=bondy@${name}`);
    assert.equal(shown.status, 200, `the tree of ${name}: ${await shown.text()}`);
  }
  await nodes[2].until('without some links', async () => (await nodes[2].links()) < NODES - 1);
  const request = callees[2].request(wamp.CALL, {}, 'wamp.session.count');
  const { 3: counted } = await callees[2].expectReply(wamp.RESULT, request);
  assert.deepEqual(counted, [NODES + 1]);
  for (const [i, callee] of callees.entries()) {
    const request = caller.request(wamp.CALL, {}, `com.example.on${i}`, [i]);
    await callee.answer(['here', i]);
    assert.deepEqual((await caller.expectReply(wamp.RESULT, request))[3], ['here', i]);
  }
});
