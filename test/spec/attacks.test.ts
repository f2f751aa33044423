/** What a hostile page, scanner or client tries first. */
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import WebSocket from 'ws';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE, WEBSOCKET_JSON } from '../support/wire.ts';

const node = useTestNode({ 'api_gateway.http.handshake_timeout': '500ms' });

async function statusFor(origin: string): Promise<number> {
  const socket = new WebSocket(node.urls.websocket, ['wamp.2.json'], { origin });
  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', reject);
  });
}

for (const origin of [
  'https://evil.example',
  'http://localhost.evil.example',
  'http://127.0.0.1.evil.example',
  'null',
  'file://',
]) {
  test(`a page from ${origin} cannot reach the node`, async () => {
    assert.equal(await statusFor(origin), 403);
  });
}

for (const origin of ['http://localhost:3000', 'http://127.0.0.1', 'https://localhost']) {
  test(`a page from ${origin} can`, async () => {
    assert.equal(await statusFor(origin), 101);
  });
}

for (const [what, request] of Object.entries({
  'endless headers': `GET /ws HTTP/1.1\r\nHost: localhost\r\n${'X: y\r\n'.repeat(20_000)}`,
  'a header without end': `GET /ws HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(200_000)}`,
  'a path without end': `GET /${'x'.repeat(200_000)}`,
  'two lengths': 'POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
  'no HTTP at all': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'a body that never comes':
    'POST /ws HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n',
})) {
  test(`HTTP with ${what} is refused and closed`, async (t) => {
    const { hostname, port } = new URL(node.urls.websocket);
    const socket = net.connect(Number(port), hostname);
    t.after(() => socket.destroy());
    socket.on('error', () => socket.destroy()); // a reset is a close
    socket.resume();
    socket.write(Buffer.from(request, 'latin1'));
    const timer = setTimeout(() => socket.destroy(new Error('still open')), 5000);
    await new Promise((resolve) => socket.once('close', resolve)); // events.once would reject a reset
    clearTimeout(timer);
    assert(!socket.errored || !/still open/.test(socket.errored.message), 'still open');
    await node.expectHealthy(t);
  });
}

forEachWire(SAMPLE, (wire) => {
  test('nobody registers, publishes or answers in the name of the router', async (t) => {
    const client = await node.join(t, wire);
    for (const uri of ['wamp.session.list', 'wamp.registration.get', 'bondy.anything']) {
      const request = client.request(wamp.REGISTER, { force_reregister: true }, uri);
      assert.equal((await client.expect(wamp.ERROR))[2], request);
    }
    for (const match of ['prefix', 'wildcard']) {
      const uri = match === 'prefix' ? 'wamp.' : 'wamp..count';
      const request = client.request(wamp.REGISTER, { match }, uri);
      assert.equal((await client.expect(wamp.ERROR))[2], request);
    }
    const publish = client.request(wamp.PUBLISH, { acknowledge: true }, 'wamp.session.on_join');
    assert.equal((await client.expect(wamp.ERROR))[2], publish);
  });

  test('a prefix over everything does not catch the meta procedures', async (t) => {
    const client = await node.join(t, wire);
    const request = client.request(wamp.REGISTER, { match: 'prefix' }, 'w');
    const answer = await client.next();
    if (answer[0] === wamp.ERROR) return assert.equal(answer[2], request);
    const count = await client.call('wamp.session.count');
    assert.equal(typeof (count[3] as unknown[])[0], 'number');
    // Leaves nothing behind for the other tests of this file.
    const unregister = client.request(wamp.UNREGISTER, answer[2]);
    await client.expectReply(wamp.UNREGISTERED, unregister);
  });

  test("a session cannot answer another session's invocation", async (t) => {
    const procedure = fresh();
    const [callee, caller, thief] = [
      await node.join(t, wire),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, {}, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    thief.send([wamp.YIELD, invocation[1], {}, ['stolen']]);
    await thief.expectAbort();
    callee.send([wamp.YIELD, invocation[1], {}, ['honest']]);
    assert.deepEqual((await caller.expectReply(wamp.RESULT, request))[3], ['honest']);
  });

  test('a client cannot choose what others believe about it', async (t) => {
    const topic = fresh();
    const subscriber = await node.join(t, wire);
    const liar = await node.join(t, wire, { authid: 'root', authrole: 'admin', session: 1 });
    assert.equal(liar.details.authrole, 'anonymous');
    await subscriber.subscribe(topic);
    const lies = {
      publisher: 1,
      publisher_authid: 'root',
      trustlevel: 99,
      topic: 'x',
      retained: true,
    };
    await liar.publish(topic, { ...lies, disclose_me: true });
    const details = dict((await subscriber.expect(wamp.EVENT))[3]);
    assert.equal(details.publisher, liar.session);
    assert.notEqual(details.publisher_authid, 'root');
    assert.equal(details.trustlevel, undefined);
    assert.notEqual(details.retained, true);
  });

  test('dangerous keys are keys', async (t) => {
    const [subscriber, publisher] = [await node.join(t, wire), await node.join(t, wire)];
    const topic = fresh();
    await subscriber.subscribe(topic, JSON.parse('{"__proto__": {"match": "prefix"}}'));
    const options = JSON.parse('{"__proto__": {"exclude_me": false}, "constructor": 1}') as object;
    await publisher.publish(topic, { ...options }, [], { constructor: 1, toString: 2 });
    assert.deepEqual((await subscriber.expect(wamp.EVENT))[5], { constructor: 1, toString: 2 });
    await publisher.expectNothing();
  });

  test('many patterns of one session do not slow down others', async (t) => {
    const [hoarder, other] = [await node.join(t, wire), await node.join(t, wire)];
    const patterns = Array.from({ length: 2000 }, (_, i) => `spec.${'a.'.repeat(i % 50)}.b${i}`);
    hoarder.sendAll(
      patterns.map((uri) => [wamp.SUBSCRIBE, hoarder.nextId(), { match: 'wildcard' }, uri]),
    );
    await hoarder.received();
    const started = performance.now();
    for (let i = 0; i < 200; i++) await other.publish(`spec.${'a.'.repeat(49)}x.c`);
    assert(performance.now() - started < 2000);
  });
});

test('what was refused is counted', async (t) => {
  const before = node.handle.counter('protocol_violations');
  const client = await node.join(t, WEBSOCKET_JSON);
  client.send([wamp.WELCOME, 1, {}]);
  await client.expectAbort();
  assert.equal(node.handle.counter('protocol_violations'), before + 1);
});
