/** autobahn-js, the client most people have, does everyday things through the router. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import autobahn from 'autobahn';
import type { Failure, Result, Session } from 'autobahn';
import { useTestNode } from '../support/node.ts';
import { Inbox } from '../support/inbox.ts';
import { fresh } from '../support/uris.ts';

const node = useTestNode({
  'realms.realm1.authmethods': 'anonymous',
  'realms.closed.authmethods': 'ticket',
  'realms.closed.users.joe.ticket': 'magic-secret',
});

const { JSONSerializer, MsgpackSerializer, CBORSerializer } = autobahn.serializer;

/** Its transports; its rawsocket speaks JSON only. */
const TRANSPORTS: Readonly<Record<string, () => object>> = {
  'websocket json': () => websocket(new JSONSerializer()),
  'websocket msgpack': () => websocket(new MsgpackSerializer()),
  'websocket cbor': () => websocket(new CBORSerializer()),
  'rawsocket json': () => {
    const { hostname, port } = new URL(node.urls.rawsocket);
    return { type: 'rawsocket', host: hostname, port: Number(port) };
  },
};

function websocket(serializer: object): object {
  return { type: 'websocket', url: node.urls.websocket, serializers: [serializer] };
}

function open(
  t: TestContext,
  transport: object,
  options: Partial<autobahn.ConnectionOptions> = {},
): Promise<Session> {
  return new Promise((resolve, reject) => {
    const connection = new autobahn.Connection({
      realm: 'realm1',
      transports: [transport],
      max_retries: 0,
      ...options,
    });
    connection.onclose = (reason, details) => {
      reject(new Error(`${reason}: ${JSON.stringify(details)}`));
      return true;
    };
    connection.onopen = (session) => {
      t.after(() => connection.close());
      resolve(session);
    };
    connection.open();
  });
}

for (const [name, transport] of Object.entries(TRANSPORTS)) {
  describe(`autobahn over ${name}`, () => {
    test('registers and calls, with arguments and keywords both ways', async (t) => {
      const [callee, caller] = [await open(t, transport()), await open(t, transport())];
      const procedure = fresh();
      await callee.register(procedure, (args, kwargs) => {
        return new autobahn.Result([Number(args[0]) + Number(args[1])], { got: kwargs.what });
      });
      const result = (await caller.call(procedure, [2, 3], { what: 'ünï' })) as Result;
      assert.deepEqual([result.args, result.kwargs], [[5], { got: 'ünï' }]);
    });

    test('gets errors with their URI and payload', async (t) => {
      const [callee, caller] = [await open(t, transport()), await open(t, transport())];
      const procedure = fresh();
      await callee.register(procedure, () => {
        throw new autobahn.Error('spec.error.no_luck', [13], { on: 'friday' });
      });
      const failure = await failed(caller.call(procedure));
      assert.equal(failure.error, 'spec.error.no_luck');
      assert.deepEqual([failure.args, failure.kwargs], [[13], { on: 'friday' }]);
      assert.equal((await failed(caller.call(fresh()))).error, 'wamp.error.no_such_procedure');
    });

    test('subscribes and publishes, and the event knows its publication', async (t) => {
      const [subscriber, publisher] = [await open(t, transport()), await open(t, transport())];
      const topic = fresh();
      const events = new Inbox<readonly unknown[]>();
      const handler: autobahn.EventHandler = (args, kwargs, details) =>
        events.push([args, kwargs, details.publication, details.publisher]);
      await subscriber.subscribe(topic, handler);
      const options = { acknowledge: true, disclose_me: true };
      const publication = await publisher.publish(topic, [1, 'two'], { three: 3 }, options);
      assert.deepEqual(await events.next(3000, 'event'), [
        [1, 'two'],
        { three: 3 },
        publication.id,
        publisher.id,
      ]);
    });

    test('subscribes and registers patterns', async (t) => {
      const [one, two] = [await open(t, transport()), await open(t, transport())];
      const base = fresh();
      const topics = new Inbox<string | undefined>();
      await one.subscribe(base, (_a, _k, details) => topics.push(details.topic), {
        match: 'prefix',
      });
      await two.publish(`${base}.deep.down`, [], {}, { acknowledge: true });
      assert.equal(await topics.next(3000, 'event'), `${base}.deep.down`);
      await one.register(`${base}..get`, (_a, _k, details) => details.procedure, {
        match: 'wildcard',
      });
      assert.equal(await two.call(`${base}.user.get`), `${base}.user.get`);
    });

    test('gets progressive results', async (t) => {
      const [callee, caller] = [await open(t, transport()), await open(t, transport())];
      const procedure = fresh();
      await callee.register(procedure, (_args, _kwargs, { progress }) => {
        assert(progress, 'the endpoint was asked for progress');
        for (const i of [1, 2, 3]) progress([i]);
        return 'done';
      });
      const seen: unknown[] = [];
      const call = caller.call(procedure, [], {}, { receive_progress: true });
      const result = call.then(
        (value) => value,
        (error: unknown) => Promise.reject(error),
        (value) => seen.push(value),
      );
      assert.equal(await result, 'done');
      assert.deepEqual(seen, [1, 2, 3]);
    });

    test('cancels a call', async (t) => {
      const [callee, caller] = [await open(t, transport()), await open(t, transport())];
      const procedure = fresh();
      const invoked = new Inbox<true>();
      await callee.register(procedure, () => {
        invoked.push(true);
        return new Promise(() => {});
      });
      const call = caller.call(procedure);
      await invoked.next(3000, 'invocation');
      call.cancel({ mode: 'kill' });
      assert.equal((await failed(call)).error, 'wamp.error.canceled');
    });

    test('unregisters and unsubscribes', async (t) => {
      const session = await open(t, transport());
      const [procedure, topic] = [fresh(), fresh()];
      await session.unregister(await session.register(procedure, () => 1));
      assert.equal((await failed(session.call(procedure))).error, 'wamp.error.no_such_procedure');
      await session.unsubscribe(await session.subscribe(topic, () => {}));
    });

    test('enters a closed realm with a ticket', async (t) => {
      const session = await open(t, transport(), {
        realm: 'closed',
        authmethods: ['ticket'],
        authid: 'joe',
        onchallenge: () => 'magic-secret',
      });
      assert.equal(session.realm, 'closed');
    });
  });
}

async function failed(call: PromiseLike<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    return error as Failure;
  }
  throw new Error('the call succeeded');
}
