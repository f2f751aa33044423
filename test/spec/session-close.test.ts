/** Closing a session: GOODBYE from either side, ABORT, and the end of the transport (WAMP basic/sessions.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ABORT, CALL, GOODBYE, HELLO, PUBLISH, WELCOME } from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { BATCHED, forEachWire, MATRIX, SAMPLE, WEBSOCKET_JSON } from '../support/wire.ts';
import { fresh } from '../support/uris.ts';

const node = useTestNode();

forEachWire([...MATRIX, ...BATCHED], (wire) => {
  test('GOODBYE is answered by GOODBYE goodbye_and_out', async (t) => {
    const client = await node.join(t, wire);
    client.send([GOODBYE, {}, 'wamp.close.close_realm']);
    const goodbye = await client.expect(GOODBYE);
    assert.deepEqual(goodbye.slice(1), [{}, 'wamp.close.goodbye_and_out']);
  });
});

forEachWire(SAMPLE, (wire) => {
  test('what follows a GOODBYE is not routed: without a session it is a violation', async (t) => {
    const topic = fresh();
    const subscriber = await node.join(t, wire);
    await subscriber.subscribe(topic);
    const client = await node.join(t, wire);
    client.sendAll([
      [GOODBYE, {}, 'wamp.close.close_realm'],
      [PUBLISH, 1, {}, topic],
      [CALL, 2, {}, 'spec.nobody.registers.this'],
    ]);
    await client.expect(GOODBYE);
    await client.expectAbort();
    await subscriber.expectNothing();
  });

  test('ABORT of an open session is never answered', async (t) => {
    const client = await node.join(t, wire);
    client.send([ABORT, {}, 'wamp.error.system_shutdown']);
    await client.closed();
  });

  test('ABORT instead of HELLO is never answered', async (t) => {
    const client = await node.connect(t, wire);
    client.send([ABORT, { message: 'changed my mind' }, 'spec.error.no']);
    await client.closed();
  });

  test('a session that ends without GOODBYE frees its subscriptions and registrations', async (t) => {
    const [procedure, topic] = [fresh('procedure'), fresh('topic')];
    const gone = await node.join(t, wire);
    await gone.register(procedure);
    await gone.subscribe(topic);
    const watcher = await node.join(t, wire);
    await watcher.subscribe('wamp.session.on_leave');
    gone.destroy();
    for (;;) if (((await watcher.next())[4] as unknown[])[0] === gone.session) break;
    await watcher.callFails('wamp.error.no_such_procedure', procedure);
    await watcher.register(procedure);
  });
});

test('after GOODBYE the transport takes a new session, whose request ids start at 1', async (t) => {
  const client = await node.join(t, WEBSOCKET_JSON);
  await client.subscribe(fresh());
  client.send([GOODBYE, {}, 'wamp.close.close_realm']);
  await client.expect(GOODBYE);
  client.send([HELLO, 'realm1', { roles: { caller: {} } }]);
  const welcome = await client.expect(WELCOME);
  assert.notEqual(welcome[1], client.session);
  client.send([CALL, 1, {}, 'spec.nobody.registers.this']);
  await client.expectError(CALL, 1, 'wamp.error.no_such_procedure');
});
