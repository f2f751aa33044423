/** A node that takes any free port for its peers: others learn the port it took, and a restart reads its roster back. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeNodes, startCluster, untilLinkedTo } from './nodes.ts';

it('a node with peer_port 0 is dialled at the port it took, and keeps a readable roster', async (t) => {
  const [first] = await startCluster(t, 1);
  const settings = { 'cluster.peer_port': 0 };
  const [free] = await makeNodes(t, ['free'], { settings }, [first]);
  const both = [first, free];
  await free.start();
  await Promise.all(both.map((node) => untilLinkedTo(node, both)));
  assert.equal(await first.metric('bondy_membership_malformed_total'), 0);
  await free.kill('SIGTERM');
  // What the first knows of it is on disk, and read again.
  await first.kill('SIGTERM');
  const mark = first.output.length;
  await Promise.all(both.map((node) => node.start()));
  await first.untilSays('node_up  node=bondy@free', mark);
  for (const { name, output } of both) assert.doesNotMatch(output, /roster_damaged/, name);
});
