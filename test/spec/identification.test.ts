/** Publisher and caller identification (WAMP advanced/pubsub_publisher_identification.md, rpc_caller_identification.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALL, EVENT, RESULT } from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

forEachWire(SAMPLE, (wire) => {
  test('a publisher is anonymous to subscribers unless it discloses itself', async (t) => {
    const [topic, subscriber, publisher] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await subscriber.subscribe(topic);
    for (const options of [{}, { disclose_me: false }]) {
      await publisher.publish(topic, options);
      const details = dict((await subscriber.expect(EVENT))[3]);
      assert.deepEqual(
        Object.keys(details).filter((key) => key.startsWith('publisher')),
        [],
      );
    }
  });

  test('disclose_me tells subscribers session, authid and authrole of the publisher', async (t) => {
    const [topic, subscriber, publisher] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await subscriber.subscribe(topic);
    await publisher.publish(topic, { disclose_me: true });
    const details = dict((await subscriber.expect(EVENT))[3]);
    assert.equal(details.publisher, publisher.session);
    assert.equal(details.publisher_authid, publisher.details.authid);
    assert.equal(details.publisher_authrole, 'anonymous');
  });

  test('a caller is anonymous to the callee unless it discloses itself', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(CALL, {}, procedure);
    const details = dict((await callee.answer())[3]);
    await caller.expectReply(RESULT, request);
    assert.deepEqual(
      Object.keys(details).filter((key) => key.startsWith('caller')),
      [],
    );
  });

  test('disclose_me tells the callee session, authid and authrole of the caller', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(CALL, { disclose_me: true }, procedure);
    const details = dict((await callee.answer())[3]);
    await caller.expectReply(RESULT, request);
    assert.equal(details.caller, caller.session);
    assert.equal(details.caller_authid, caller.details.authid);
    assert.equal(details.caller_authrole, 'anonymous');
  });

  test('REGISTER disclose_caller makes the dealer disclose every caller', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure, { disclose_caller: true });
    const request = caller.request(CALL, {}, procedure);
    assert.equal(dict((await callee.answer())[3]).caller, caller.session);
    await caller.expectReply(RESULT, request);
  });
});
