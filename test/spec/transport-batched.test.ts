/** Batched WebSocket subprotocols (WAMP advanced/transport_batched_websocket.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import type { WebSocketLink } from '../support/links.ts';
import { useTestNode } from '../support/node.ts';
import type { RawClient } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { BATCHED, forEachWire } from '../support/wire.ts';

const node = useTestNode();

/** Bytes that are no batch, by serializer. */
const BROKEN: Readonly<Record<string, readonly string[]>> = {
  json: ['[48,1,{},"a"]', '\u001e', '[48,1,{},"a"]\u001e\u001e', '[48,1,{},"a"]\u001e[48'],
  msgpack: ['\0\0\0', '\0\0\0\0', '\0\0\0\u0009x', '\xff\xff\xff\xff\x94'],
  cbor: ['\0\0\0', '\0\0\0\0', '\0\0\0\u0009x', '\xff\xff\xff\xff\x84'],
};

forEachWire(BATCHED, (wire) => {
  const linkOf = (client: RawClient): WebSocketLink => client.link as WebSocketLink;

  test('many messages in one frame are handled in order', async (t) => {
    const client = await node.join(t, wire);
    const procedures = Array.from({ length: 50 }, () => fresh());
    client.sendAll(procedures.map((uri) => [wamp.CALL, client.nextId(), {}, uri]));
    for (let id = 1; id <= 50; id++) {
      await client.expectError(wamp.CALL, id, 'wamp.error.no_such_procedure');
    }
  });

  test('what the router sends in one turn shares frames', async (t) => {
    const client = await node.join(t, wire);
    const before = linkOf(client).frames.length;
    client.sendAll(Array.from({ length: 50 }, () => [wamp.CALL, client.nextId(), {}, fresh()]));
    for (let id = 1; id <= 50; id++) await client.expect(wamp.ERROR);
    const frames = linkOf(client).frames.length - before;
    assert(frames < 50, `50 answers came in ${frames} frames`);
  });

  test('an empty batch ends the connection', async (t) => {
    const client = await node.join(t, wire);
    linkOf(client).sendData(Buffer.alloc(0));
    await client.expectAbort();
  });

  for (const text of BROKEN[wire.serializer]) {
    test(`${JSON.stringify(text)} is not a batch`, async (t) => {
      const client = await node.join(t, wire);
      linkOf(client).sendData(Buffer.from(text, wire.serializer === 'json' ? 'utf8' : 'latin1'));
      // What came whole before the broken part may have been answered.
      for (;;) {
        const answer = await client.next().catch((error: Error) => error);
        if (answer instanceof Error) return assert.match(answer.message, /closed/);
        if (answer[0] === wamp.ABORT) return void (await client.closed());
        assert.equal(answer[0], wamp.ERROR);
      }
    });
  }

  test('the node is healthy after all of this', (t) => node.expectHealthy(t));
});
