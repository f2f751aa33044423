/** Every configured limit is answered, and what was there before it is reached goes on working. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';
import * as wamp from '../support/codes.ts';
import { connectRawSocket } from '../support/links.ts';
import { useTestNode } from '../support/node.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, RAWSOCKET_MSGPACK, SAMPLE, WEBSOCKET_JSON } from '../support/wire.ts';

const LIMIT = 'bondy.error.limit_exceeded';

const node = useTestNode({
  'wamp.max_calls_per_session': '3',
  'wamp.max_registrations_per_session': '3',
  'wamp.max_callees_per_registration': '2',
  'wamp.max_subscriptions_per_session': '3',
  'wamp.uri.max_length': '100',
  'wamp.testaments.max_per_session': '2',
  'wamp.allow_force_reregister': 'off',
  'wamp.tcp.max_connections': '5',
  'api_gateway.http.max_connections': '5',
});

forEachWire(SAMPLE, (wire) => {
  test('calls that wait for an answer', async (t) => {
    const procedure = fresh();
    const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
    await callee.register(procedure);
    const requests = [1, 2, 3, 4].map(() => caller.request(wamp.CALL, {}, procedure));
    await caller.expectError(wamp.CALL, requests[3], LIMIT);
    for (const request of requests.slice(0, 3)) {
      await callee.answer();
      await caller.expectReply(wamp.RESULT, request);
    }
    const again = caller.request(wamp.CALL, {}, procedure);
    await callee.answer();
    await caller.expectReply(wamp.RESULT, again);
  });

  test('registrations of a session', async (t) => {
    const client = await node.join(t, wire);
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push(await client.register(fresh()));
    const refused = client.request(wamp.REGISTER, {}, fresh());
    await client.expectError(wamp.REGISTER, refused, LIMIT);
    const unregister = client.request(wamp.UNREGISTER, ids[0]);
    await client.expectReply(wamp.UNREGISTERED, unregister);
    await client.register(fresh());
  });

  test('callees of a procedure', async (t) => {
    const procedure = fresh();
    const clients = [await node.join(t, wire), await node.join(t, wire), await node.join(t, wire)];
    for (const client of clients.slice(0, 2)) await client.register(procedure, { invoke: 'first' });
    const refused = clients[2].request(wamp.REGISTER, { invoke: 'first' }, procedure);
    await clients[2].expectError(wamp.REGISTER, refused, LIMIT);
  });

  test('subscriptions of a session', async (t) => {
    const client = await node.join(t, wire);
    for (let i = 0; i < 3; i++) await client.subscribe(fresh());
    const refused = client.request(wamp.SUBSCRIBE, {}, fresh());
    await client.expectError(wamp.SUBSCRIBE, refused, LIMIT);
  });

  test('the length of a URI', async (t) => {
    const client = await node.join(t, wire);
    const long = `spec.${'x'.repeat(200)}`;
    for (const type of [wamp.SUBSCRIBE, wamp.REGISTER]) {
      await client.expectError(type, client.request(type, {}, long), 'wamp.error.invalid_uri');
    }
    const call = client.request(wamp.CALL, {}, long);
    const error = await client.expect(wamp.ERROR);
    assert.deepEqual(error.slice(1, 3), [wamp.CALL, call]);
  });

  test('testaments of a session', async (t) => {
    const client = await node.join(t, wire);
    for (let i = 0; i < 2; i++) await client.call('wamp.session.add_testament', [fresh(), [], {}]);
    await client.callFails(LIMIT, 'wamp.session.add_testament', [fresh(), [], {}]);
  });

  test('force_reregister where it is not allowed', async (t) => {
    const procedure = fresh();
    const [one, two] = [await node.join(t, wire), await node.join(t, wire)];
    await one.register(procedure);
    const request = two.request(wamp.REGISTER, { force_reregister: true }, procedure);
    const error = await two.expect(wamp.ERROR);
    assert.equal(error[2], request);
    await one.expectNothing();
  });
});

test('rawsocket connections: the next one is refused with error 4', async (t) => {
  const clients = [];
  for (let i = 0; i < 5; i++) clients.push(await node.join(t, RAWSOCKET_MSGPACK));
  const link = await connectRawSocket(node.urls.rawsocket);
  t.after(() => link.destroy());
  link.write(Buffer.from('7ff20000', 'hex'));
  assert.deepEqual([...(await link.handshake(3000))], [0x7f, 0x40, 0, 0]);
  await clients[0].expectNothing();
});

test('websocket connections: the next one is refused with 503', async (t) => {
  const clients = [];
  for (let i = 0; i < 5; i++) clients.push(await node.join(t, WEBSOCKET_JSON));
  const socket = new WebSocket(node.urls.websocket, ['wamp.2.json']);
  const status = await new Promise((resolve) => {
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
      response.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  assert.equal(status, 503);
  await clients[0].expectNothing();
});

test('a connection that goes makes room for the next one', async (t) => {
  const clients = [];
  for (let i = 0; i < 5; i++) clients.push(await node.join(t, RAWSOCKET_MSGPACK));
  await clients[0].leave();
  // The router sees the end when it sees it; until then it answers with error 4.
  for (let attempt = 0; ; attempt++) {
    const client = await node.join(t, RAWSOCKET_MSGPACK).catch((error: Error) => error);
    if (!(client instanceof Error)) break;
    assert.match(client.message, /7f400000/);
    assert(attempt < 500, 'the place of a closed connection was never given to another');
  }
});
