/** A client that asks and does not read the answers owes the node little, whatever it asks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';

const node = useTestNode({
  'wamp.backlog.high_water': '64KB',
  'wamp.backlog.low_water': '16KB',
  'wamp.max_backlog': '1MB',
});

/** With their answers more than the buffers of the operating system and the backlog that ends a session hold. */
const COUNT = 250_000;

test('it is not read from until it reads, and then gets every answer', async (t) => {
  const [mute, other] = [
    await node.join(t, RAWSOCKET_MSGPACK),
    await node.join(t, RAWSOCKET_MSGPACK),
  ];
  mute.link.pauseReading();
  mute.sendAll(Array.from({ length: COUNT }, () => [wamp.UNSUBSCRIBE, mute.nextId(), 1]));
  await other.expectNothing();
  const paused = node.handle.counter('callers_paused');
  // Its backlog is full before all was read; others are served while it waits.
  for (let i = 0; i < 5_000 && node.handle.counter('callers_paused') === paused; i++) {
    await other.expectNothing();
  }
  assert(node.handle.counter('callers_paused') > paused);
  mute.link.resumeReading();
  for (let id = 1; id < COUNT; id++) await mute.nextBytes('an answer');
  const last = await mute.expect(wamp.ERROR);
  assert.deepEqual(last.slice(1, 3), [wamp.UNSUBSCRIBE, COUNT]);
  assert.equal(node.handle.counter('sessions_aborted'), 0);
});
