/** Documents and details that would change what objects are, or how much a node has to do: none does. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { administrator, ask, SETTINGS } from '../management/support.ts';
import * as wamp from '../support/codes.ts';
import type { WampMessage } from '../support/raw-client.ts';
import { RawClient } from '../support/raw-client.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';
import { assertRefused, connect, enter, hello, PASSWORD, put, SHOP, shopRecords } from './shop.ts';
import { UNHURRIED } from './shop.ts';

let node: NodeHandle;

before(async () => {
  node = await startTestNode({ ...UNHURRIED, ...SETTINGS, 'shutdown.grace_period': '100ms' });
  await put(node, await shopRecords());
});

after(async () => {
  await node.stop();
  assert.deepEqual(node.crashes(), []);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  assert.equal(({} as Record<string, unknown>)['enabled'], undefined);
});

/** With own keys of these names, as no object literal has them. */
const POISON: Readonly<Record<string, object>> = Object.fromEntries(
  [
    '{"__proto__": {"polluted": true, "enabled": true, "authmethods": ["anonymous"]}}',
    '{"constructor": {"prototype": {"polluted": true}}}',
    '{"prototype": {"polluted": true}, "hasOwnProperty": 1, "toString": 2, "valueOf": 3}',
    '{"then": "x", "toJSON": "y", "length": -1}',
  ].map((text) => [text.slice(0, 20), JSON.parse(text) as object]),
);

/** As the administrator, by this serializer. */
async function master(t: TestContext, wire: (typeof SAMPLE)[number]): Promise<RawClient> {
  const client = await connect(t, node, wire);
  const proof = { prove: () => ({ signature: SETTINGS['security.admin.password'] }) };
  const said = { realm: 'com.leapsight.bondy', authid: 'admin' };
  const answer = await enter(client, 'password', said, proof);
  assert.equal(answer[0], wamp.WELCOME);
  return client;
}

async function answered(client: RawClient, uri: string, ...args: unknown[]): Promise<WampMessage> {
  const request = client.request(wamp.CALL, {}, uri, args);
  const answer = await client.next(uri, 10_000);
  const id = answer[0] === wamp.ERROR ? answer[2] : answer[1];
  assert.equal(id, request);
  return answer;
}

forEachWire(SAMPLE, (wire) => {
  for (const [what, poison] of Object.entries(POISON)) {
    test(`HELLO with ${what} in its details opens what it opens without`, async (t) => {
      const client = await connect(t, node, wire);
      const trust = await hello(client, { methods: ['trust'], more: poison, authextra: poison });
      assertRefused(trust, 'wamp.error.no_matching_auth_method');
      const wrong = await connect(t, node, wire);
      await hello(wrong, { methods: ['password'], more: poison, authextra: poison });
      wrong.send([wamp.AUTHENTICATE, 'wrong', poison]);
      assertRefused(await wrong.next());
      const right = await connect(t, node, wire);
      await hello(right, { methods: ['password'], more: poison, authextra: poison });
      right.send([wamp.AUTHENTICATE, PASSWORD, poison]);
      await right.expect(wamp.WELCOME);
    });

    test(`a user, a realm and a grant with ${what} are what they are without`, async (t) => {
      const client = await master(t, wire);
      const username = `user-${wire.serializer}-${Object.keys(POISON).indexOf(what)}`;
      const made = await answered(client, 'bondy.user.add', SHOP, { username, meta: poison });
      if (made[0] === wamp.RESULT) {
        const kept = (await ask(client, 'bondy.user.get', SHOP, username)) as { meta: object };
        // Decoders of the test spell it differently, so as not to be harmed themselves.
        const names = Object.keys(kept.meta).map((name) => name.replace(/^__proto_$/, '__proto__'));
        assert.deepEqual(names.sort(), Object.keys(poison).sort());
        assert.equal('polluted' in kept.meta, false);
      }
      for (const [uri, ...args] of [
        ['bondy.user.add', SHOP, { ...poison, username: `${username}-2` }],
        ['bondy.realm.create', { ...poison, uri: `com.example.${username.replaceAll('-', '')}` }],
        ['bondy.grant.create', SHOP, { ...poison, permissions: ['wamp.call'], roles: ['alice'] }],
        ['bondy.user.get', SHOP, '__proto__'],
        ['bondy.group.add', SHOP, { name: '__proto__', ...poison }],
      ] as const) {
        const answer = await answered(client, uri, ...args);
        assert([wamp.ERROR, wamp.RESULT].includes(Number(answer[0])), uri);
      }
      const anybody = await connect(t, node, wire);
      assert.equal((await hello(anybody, { methods: ['anonymous'] }))[0], wamp.ABORT);
    });
  }
});

function nested(depth: number, list = false): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = list ? [value] : { a: value };
  return value;
}

describe('a document that is too much', () => {
  const many = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

  for (const [what, document] of Object.entries<() => object>({
    'nested like no policy': () => ({ uri: 'com.example.deep', info: nested(60) }),
    'with a thousand methods': () => ({
      uri: 'com.example.methods',
      authmethods: many(1_000).map((i) => `method${i}`),
    }),
    'with a user name of a megabyte': () => ({
      uri: 'com.example.long',
      users: [{ username: 'x'.repeat(1_000_000) }],
    }),
    'with ten thousand users of the same name': () => ({
      uri: 'com.example.same',
      users: many(10_000).map(() => ({ username: 'alice' })),
    }),
    'with groups that contain each other': () => ({
      uri: 'com.example.cycle',
      groups: [
        { name: 'one1', groups: ['two2'] },
        { name: 'two2', groups: ['one1'] },
      ],
    }),
    'with numbers for names': () => ({ uri: 7, users: 'all', groups: { a: 1 }, grants: [null, 1] }),
    'with passwords that are too long': () => ({
      uri: 'com.example.passwords',
      users: many(100).map((i) => ({ username: `user${i}`, password: 'x'.repeat(10_000) })),
    }),
  })) {
    test(`${what} is refused or taken as a whole, and the node goes on`, async (t) => {
      const client = await administrator(t, node.urls);
      const answer = await answered(client, 'bondy.realm.create', document());
      if (answer[0] === wamp.ERROR) {
        assert.match(
          String(answer[4]),
          /^(wamp\.error\.invalid_argument|bondy\.error\.(invalid_data|inconsistency_error|already_exists|limit_exceeded))$/,
          String(answer[4]),
        );
        assert(JSON.stringify(answer).length < 20_000, 'what is said about it is short');
      }
      assert.equal(await ask(client, 'bondy.user.is_enabled', SHOP, 'alice'), true);
    });
  }

  for (const list of [true, false]) {
    test(`nested a hundred thousand times in ${list ? 'lists' : 'maps'} ends its session and nothing else`, async (t) => {
      for (const wire of SAMPLE) {
        const client = await master(t, wire);
        const open = list ? '[' : '{"a":';
        const close = list ? ']' : '}';
        const deep = Buffer.from(
          `[48,1,{},"bondy.realm.create",[${open.repeat(100_000)}1${close.repeat(100_000)}]]`,
        );
        const bytes =
          wire.serializer === 'json'
            ? deep
            : Buffer.concat([
                Buffer.from([0x85, 0x18, 48, 1, 0xa0, 0x61, 0x61]),
                Buffer.alloc(100_000, wire.serializer === 'cbor' ? 0x81 : 0x91),
              ]);
        client.sendBytes(bytes);
        await client.expectAbort('wamp.error.protocol_violation');
      }
      assert.equal((await enter(await connect(t, node), 'password'))[0], wamp.WELCOME);
    });
  }
});
