/**
 * Hostile and broken clients: each is told ABORT where WAMP still can, then closed within a bound, and everybody
 * else does not notice.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as wamp from '../support/codes.ts';
import { connectRawSocket } from '../support/links.ts';
import { useTestNode } from '../support/node.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, MATRIX, RAWSOCKET_MSGPACK, SAMPLE, WEBSOCKET_JSON } from '../support/wire.ts';

const node = useTestNode({
  'wamp.hello_timeout': '300ms',
  'api_gateway.http.handshake_timeout': '300ms',
  'wamp.tcp.handshake_timeout': '300ms',
  'wamp.tcp.max_frame_size': '1MB',
  'wamp.websocket.max_frame_size': '1MB',
  'wamp.backlog.high_water': '256KB',
  'wamp.backlog.low_water': '64KB',
  'wamp.max_backlog': '4MB',
  'wamp.slow_consumer_timeout': '500ms',
});

/** Bytes that no serializer takes for a message, by serializer. */
const GARBAGE: Readonly<Record<string, readonly string[]>> = {
  json: [
    '',
    '[',
    '[48,1,{},"a"',
    '{',
    'nul',
    '[48,1,{},"a",]',
    '[048]',
    "['a']",
    '[48,1,{},"a"]]',
    '\ufeff[]',
  ],
  msgpack: [
    '94',
    'c1',
    '9430',
    'dd7fffffff',
    'df7fffffff',
    'dbffffffff',
    'c6ffffffff',
    '94300180a161c1',
    '9430018161',
  ],
  cbor: [
    '84',
    'ff',
    '9f',
    '8418',
    '9b7fffffffffffffff',
    'bb7fffffffffffffff',
    '7bffffffffffffffff',
    '841830011c',
    '1c',
  ],
};

function bytesOf(serializer: string, text: string): Uint8Array {
  return Buffer.from(text, serializer === 'json' ? 'utf8' : 'hex');
}

/** Nested lists as one argument. */
function nested(serializer: string, depth: number): Uint8Array {
  if (serializer === 'json') {
    return Buffer.from(`[48,1,{},"spec.deep",${'['.repeat(depth)}${']'.repeat(depth)}]`);
  }
  const uri = Buffer.from('spec.deep');
  const [list, empty, dict, code] =
    serializer === 'msgpack' ? [0x91, 0x90, 0x80, [0x30]] : [0x81, 0x80, 0xa0, [0x18, 0x30]];
  const head =
    serializer === 'msgpack'
      ? [0x95, ...code, 1, dict, 0xa0 | uri.length]
      : [0x85, ...code, 1, dict, 0x60 | uri.length];
  return Buffer.concat([Buffer.from(head), uri, Buffer.alloc(depth - 1, list), Buffer.of(empty)]);
}

/** Changes, as place and byte, that make a PUBLISH of it. */
const TO_PUBLISH: Readonly<Record<string, [number, number][]>> = {
  json: [
    [1, 0x31],
    [2, 0x36],
  ],
  msgpack: [[1, wamp.PUBLISH]],
  cbor: [[2, wamp.PUBLISH]],
};

forEachWire(MATRIX, (wire) => {
  for (const text of GARBAGE[wire.serializer]) {
    test(`${JSON.stringify(text)} in an open session is a protocol violation`, async (t) => {
      const client = await node.join(t, wire);
      client.sendBytes(bytesOf(wire.serializer, text));
      await client.expectAbort();
    });

    test(`${JSON.stringify(text)} instead of HELLO is a protocol violation`, async (t) => {
      const client = await node.connect(t, wire);
      client.sendBytes(bytesOf(wire.serializer, text));
      await client.expectAbort();
    });
  }

  test('nesting at a reasonable depth passes, beyond the limit it is refused', async (t) => {
    const client = await node.join(t, wire);
    client.sendBytes(nested(wire.serializer, 30));
    await client.expectError(wamp.CALL, 1, 'wamp.error.no_such_procedure');
    for (const depth of [200, 100_000]) {
      const deep = await node.join(t, wire);
      deep.sendBytes(nested(wire.serializer, depth));
      await deep.expectAbort();
    }
  });

  test('random bytes never get an answer other than ABORT', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const client = await node.connect(t, wire);
        client.sendBytes(bytes);
        await client.expectAbort();
      }),
      { numRuns: 40 },
    );
  });

  test('random changes to a right message never hurt anybody else', async (t) => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const client = await node.join(t, wire);
        const bytes = Uint8Array.from(nested(wire.serializer, 10));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        client.sendBytes(bytes);
        // A changed CALL may be what gets no answer, a PUBLISH; then the session goes on, and this one is answered.
        client.send([wamp.CALL, 2, {}, fresh()]);
        const answer = await client.next();
        assert([wamp.ERROR, wamp.ABORT].includes(answer[0] as number));
        client.destroy();
      }),
      { numRuns: 40, examples: [[TO_PUBLISH[wire.serializer]]] },
    );
    await node.expectHealthy(t);
  });
});

forEachWire(SAMPLE, (wire) => {
  test('a connection that never says HELLO is closed', async (t) => {
    const client = await node.connect(t, wire);
    const answer = await client.next();
    assert.equal(answer[0], wamp.ABORT);
    await client.closed();
  });

  test('a subscriber that does not read is let go, and its publisher is not held up', async (t) => {
    const topic = fresh();
    const [sleeper, reader, publisher] = [
      await node.join(t, wire),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await sleeper.subscribe(topic);
    await reader.subscribe(topic);
    const watcher = await node.join(t, RAWSOCKET_MSGPACK);
    await watcher.subscribe('wamp.session.on_leave');
    sleeper.link.pauseReading();
    const payload = 'x'.repeat(64 * 1024);
    // The operating system's buffers take some megabytes before the router notices.
    for (let i = 0; i < 400; i++) {
      await publisher.publish(topic, {}, [payload]);
      await reader.expect(wamp.EVENT);
    }
    for (;;) {
      const event = await watcher.next('on_leave of the sleeper', 5000);
      if ((event[4] as unknown[])[0] === sleeper.session) break;
    }
    await publisher.publish(topic);
    await reader.expect(wamp.EVENT);
  });

  test('a caller that does not read its results does not stop other callers', async (t) => {
    const procedure = fresh();
    const [callee, sleeper, caller] = [
      await node.join(t, wire),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    sleeper.link.pauseReading();
    const payload = 'x'.repeat(64 * 1024);
    for (let i = 0; i < 200; i++) sleeper.request(wamp.CALL, {}, procedure, [i]);
    const own = caller.request(wamp.CALL, {}, procedure, ['own']);
    for (;;) {
      const invocation = await callee.answer([payload]);
      if ((invocation[4] as unknown[])[0] === 'own') break;
    }
    await caller.expectReply(wamp.RESULT, own);
  });

  test('a flood of requests is answered in full while others are served', async (t) => {
    const [flooder, other] = [await node.join(t, wire), await node.join(t, wire)];
    const count = 5000;
    flooder.sendAll(
      Array.from({ length: count }, () => [wamp.CALL, flooder.nextId(), {}, 'spec.nobody']),
    );
    await other.expectNothing();
    for (let id = 1; id <= count; id++) {
      await flooder.expectError(wamp.CALL, id, 'wamp.error.no_such_procedure');
    }
  });

  test('half a message, then the end', async (t) => {
    const client = await node.join(t, wire);
    client.link.write(Buffer.from(wire.transport === 'websocket' ? '81fe' : '000000ff01', 'hex'));
    client.link.end();
    client.destroy();
    await node.expectHealthy(t);
  });
});

test('a rawsocket that never shakes hands is closed', async (t) => {
  const link = await connectRawSocket(node.urls.rawsocket);
  t.after(() => link.destroy());
  await assert.rejects(link.handshake(3000), /closed/);
});

test('a rawsocket that stops within the handshake is closed', async (t) => {
  const link = await connectRawSocket(node.urls.rawsocket);
  t.after(() => link.destroy());
  link.write(Buffer.of(0x7f, 0xf2));
  await assert.rejects(link.handshake(3000), /closed/);
});

test('a websocket request that never ends is closed', async (t) => {
  const link = await connectRawSocket(node.urls.websocket);
  t.after(() => link.destroy());
  link.write(Buffer.from('GET /ws HTTP/1.1\r\nHost: localhost\r\n'));
  await link.closing;
});

test('hundreds of connections that come and go leave nothing behind', async (t) => {
  const watcher = await node.join(t, RAWSOCKET_MSGPACK);
  const count = async (): Promise<unknown> =>
    ((await watcher.call('wamp.session.count'))[3] as unknown[])[0];
  const topic = fresh();
  for (let round = 0; round < 5; round++) {
    const clients = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const client = await node.join(t, i % 2 ? WEBSOCKET_JSON : RAWSOCKET_MSGPACK);
        await client.subscribe(topic);
        return client;
      }),
    );
    for (const client of clients) client.destroy();
  }
  // Each answer is one round trip later; the connections were cut before the first.
  let left = await count();
  for (let i = 0; left !== 1 && i < 5000; i++) left = await count();
  assert.equal(left, 1);
  const lookup = await watcher.call('wamp.subscription.lookup', [topic]);
  assert.deepEqual(lookup[3], [null]);
});
