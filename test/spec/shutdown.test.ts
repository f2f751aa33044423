/** The end of a node, as its clients see it: GOODBYE system_shutdown, a while to say goodbye, the close. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GOODBYE } from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import { startTestNode } from '../support/start.ts';
import { MATRIX } from '../support/wire.ts';

test('every session gets GOODBYE wamp.close.system_shutdown', async () => {
  const node = await startTestNode();
  const clients = await Promise.all(
    MATRIX.map(async (wire) => (await RawClient.connect(node.urls, wire)).join()),
  );
  const stopped = node.stop();
  for (const client of clients) {
    const goodbye = await client.expect(GOODBYE);
    assert.equal(goodbye[2], 'wamp.close.system_shutdown');
    client.send([GOODBYE, {}, 'wamp.close.goodbye_and_out']);
    await client.closed();
  }
  await stopped;
  assert.deepEqual(node.crashes(), []);
});

test('a stopped node takes no connections', async () => {
  const node = await startTestNode();
  await node.stop();
  for (const wire of MATRIX) await assert.rejects(RawClient.connect(node.urls, wire));
});
