/** wampy, the client of many browsers, does everyday things through the router. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import WebSocket from 'ws';
import { Wampy } from 'wampy';
import { CborSerializer } from 'wampy/CborSerializer.js';
import { JsonSerializer } from 'wampy/JsonSerializer.js';
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js';
import { Inbox } from '../support/inbox.ts';
import { useTestNode } from '../support/node.ts';
import { fresh } from '../support/uris.ts';

const node = useTestNode({
  'realms.realm1.authmethods': 'anonymous',
  'realms.closed.authmethods': 'ticket',
  'realms.closed.users.joe.ticket': 'magic-secret',
});

const SERIALIZERS = {
  json: () => new JsonSerializer(),
  msgpack: () => new MsgpackSerializer(),
  cbor: () => new CborSerializer(),
};

type Options = ConstructorParameters<typeof Wampy>[1];

async function open(
  t: TestContext,
  serializer: keyof typeof SERIALIZERS,
  options: Partial<Exclude<Options, undefined>> = {},
): Promise<Wampy> {
  const client = new Wampy(node.urls.websocket, {
    realm: 'realm1',
    ws: WebSocket as never,
    serializer: SERIALIZERS[serializer](),
    autoReconnect: false,
    ...options,
  });
  await client.connect();
  t.after(() => client.disconnect());
  return client;
}

for (const serializer of ['json', 'msgpack', 'cbor'] as const) {
  describe(`wampy over websocket ${serializer}`, () => {
    test('registers and calls, with arguments and keywords both ways', async (t) => {
      const [callee, caller] = [await open(t, serializer), await open(t, serializer)];
      const procedure = fresh();
      await callee.register(procedure, ({ argsList = [], argsDict = {} }) => ({
        argsList: [Number(argsList[0]) + Number(argsList[1])],
        argsDict: { got: argsDict.what },
      }));
      const payload = { argsList: [2, 3], argsDict: { what: 'ünï' } };
      const result = await caller.call(procedure, payload);
      assert.deepEqual([result.argsList, result.argsDict], [[5], { got: 'ünï' }]);
    });

    test('gets errors with their URI and payload', async (t) => {
      const [callee, caller] = [await open(t, serializer), await open(t, serializer)];
      const procedure = fresh();
      await callee.register(procedure, ({ error_handler }) => {
        error_handler({ error: 'spec.error.no_luck', argsList: [13], argsDict: { on: 'friday' } });
      });
      await assert.rejects(caller.call(procedure), {
        errorUri: 'spec.error.no_luck',
        argsList: [13],
        argsDict: { on: 'friday' },
      });
      await assert.rejects(caller.call(fresh()), { errorUri: 'wamp.error.no_such_procedure' });
    });

    test('subscribes and publishes, and the event knows its publication', async (t) => {
      const [subscriber, publisher] = [await open(t, serializer), await open(t, serializer)];
      const topic = fresh();
      const events = new Inbox<readonly unknown[]>();
      await subscriber.subscribe(topic, ({ details, argsList, argsDict }) =>
        events.push([argsList, argsDict, details.publisher]),
      );
      const payload = { argsList: [1, 'two'], argsDict: { three: 3 } };
      await publisher.publish(topic, payload, { disclose_me: true });
      assert.deepEqual(await events.next(3000, 'event'), [
        [1, 'two'],
        { three: 3 },
        publisher.getSessionId(),
      ]);
    });

    test('subscribes and registers patterns', async (t) => {
      const [one, two] = [await open(t, serializer), await open(t, serializer)];
      const base = fresh();
      const topics = new Inbox<unknown>();
      await one.subscribe(base, ({ details }) => topics.push(details.topic), { match: 'prefix' });
      await two.publish(`${base}.deep.down`, null);
      assert.equal(await topics.next(3000, 'event'), `${base}.deep.down`);
      await one.register(`${base}..get`, ({ details }) => ({ argsList: [details.procedure] }), {
        match: 'wildcard',
      });
      assert.deepEqual((await two.call(`${base}.user.get`)).argsList, [`${base}.user.get`]);
    });

    test('gets progressive results', async (t) => {
      const [callee, caller] = [await open(t, serializer), await open(t, serializer)];
      const procedure = fresh();
      await callee.register(procedure, ({ result_handler }) => {
        for (const i of [1, 2, 3]) result_handler({ argsList: [i], options: { progress: true } });
        result_handler({ argsList: ['done'], options: { progress: false } });
      });
      const seen: unknown[] = [];
      const result = await caller.call(procedure, null, {
        progress_callback: ({ argsList }) => void seen.push(argsList?.[0]),
      });
      assert.deepEqual(result.argsList, ['done']);
      assert.deepEqual(seen, [1, 2, 3]);
    });

    test('cancels a call', async (t) => {
      const [callee, caller] = [await open(t, serializer), await open(t, serializer)];
      const procedure = fresh();
      const invoked = new Inbox<true>();
      await callee.register(procedure, () => {
        invoked.push(true);
        return new Promise(() => {});
      });
      const call = caller.call(procedure);
      const { reqId } = caller.getOpStatus();
      await invoked.next(3000, 'invocation');
      caller.cancel(reqId, { mode: 'skip' });
      await assert.rejects(call, { errorUri: 'wamp.error.canceled' });
    });

    test('keeps working through many calls at once', async (t) => {
      const [callee, caller] = [await open(t, serializer), await open(t, serializer)];
      const procedure = fresh();
      await callee.register(procedure, ({ argsList }) => ({ argsList: argsList ?? [] }));
      const numbers = Array.from({ length: 300 }, (_, i) => i);
      const results = await Promise.all(numbers.map((i) => caller.call(procedure, [i])));
      assert.deepEqual(
        results.map((result) => result.argsList?.[0]),
        numbers,
      );
    });

    test('enters a closed realm with a ticket, and not with a wrong one', async (t) => {
      const ticket = (onChallenge: () => string) =>
        open(t, serializer, {
          realm: 'closed',
          authid: 'joe',
          authmethods: ['ticket'],
          onChallenge,
        });
      await ticket(() => 'magic-secret');
      await assert.rejects(
        ticket(() => 'wrong'),
        { errorUri: 'wamp.error.authentication_failed' },
      );
    });
  });
}
