/** URIs: what is refused with invalid_uri, by message and match policy (WAMP basic/building_blocks.md, "URIs"). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { CODES } from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { RawClient } from '../support/raw-client.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();
const INVALID = 'wamp.error.invalid_uri';

const LOOSE: readonly string[] = [
  'a',
  'a.b.c',
  'Com.Example.UPPER',
  'with-dash.and_underscore',
  'wampum.x',
  'ünï.cödé',
  '数.据',
  'a/b.c:d',
  '1.2.3',
];

const NOT_LOOSE: readonly string[] = [
  '',
  '.',
  '.a',
  'a.',
  'a..b',
  'two words',
  'a. b',
  'a\tb',
  'a\n',
  'a\u00a0b',
  'a#b',
  '#',
];

/** Empty components are allowed where a pattern is expected. */
const PATTERNS: readonly string[] = ['a..b', '.a', 'a.', '..', 'a...b'];
const NOT_PATTERNS: readonly string[] = ['a. .b', 'a#.b', 'a..b\n'];

const REQUESTS: Readonly<Record<string, (client: RawClient, uri: string) => number>> = {
  SUBSCRIBE: (client, uri) => client.request(wamp.SUBSCRIBE, {}, uri),
  REGISTER: (client, uri) => client.request(wamp.REGISTER, {}, uri),
  CALL: (client, uri) => client.request(wamp.CALL, {}, uri),
  PUBLISH: (client, uri) => client.request(wamp.PUBLISH, { acknowledge: true }, uri),
};

forEachWire(SAMPLE, (wire) => {
  for (const [name, send] of Object.entries(REQUESTS)) {
    for (const uri of NOT_LOOSE) {
      test(`${name} of ${JSON.stringify(uri)} is refused`, async (t) => {
        const client = await node.join(t, wire);
        await client.expectError(CODES[name], send(client, uri), INVALID);
      });
    }
    for (const uri of LOOSE) {
      test(`${name} of ${JSON.stringify(uri)} is a loose URI and accepted`, async (t) => {
        const client = await node.join(t, wire);
        const request = send(client, uri);
        const answer = await client.next();
        if (name === 'CALL') assert.equal(answer[4], 'wamp.error.no_such_procedure');
        else assert.deepEqual(answer.slice(0, 2), [CODES[name] + 1, request]);
      });
    }
  }

  for (const [name, code] of [
    ['SUBSCRIBE', wamp.SUBSCRIBE],
    ['REGISTER', wamp.REGISTER],
  ] as const) {
    for (const match of ['prefix', 'wildcard']) {
      for (const uri of PATTERNS) {
        test(`${name} ${match} of ${JSON.stringify(uri)} may have empty components`, async (t) => {
          const client = await node.join(t, wire);
          const request = client.request(code, { match }, uri);
          await client.expectReply(code + 1, request);
        });
      }
      for (const uri of NOT_PATTERNS) {
        test(`${name} ${match} of ${JSON.stringify(uri)} is refused`, async (t) => {
          const client = await node.join(t, wire);
          const request = client.request(code, { match }, uri);
          await client.expectError(code, request, INVALID);
        });
      }
    }
  }

  test('an unacknowledged PUBLISH to a wrong URI is dropped without an answer', async (t) => {
    const client = await node.join(t, wire);
    client.request(wamp.PUBLISH, {}, 'two words');
    await client.expectNothing();
  });

  for (const uri of ['wamp.mine', 'wamp', 'wamp.session.mine']) {
    for (const name of ['REGISTER', 'PUBLISH']) {
      test(`${name} of ${uri} is refused, because it is reserved`, async (t) => {
        const client = await node.join(t, wire);
        const request = REQUESTS[name](client, uri);
        const answer = await client.expect(wamp.ERROR);
        assert.equal(answer[2], request);
        assert([INVALID, 'wamp.error.not_authorized'].includes(answer[4] as string));
      });
    }
  }

  test('URIs are case sensitive', async (t) => {
    const client = await node.join(t, wire);
    const one = await client.subscribe('spec.uris.case');
    const two = await client.subscribe('spec.uris.Case');
    assert.notEqual(one, two);
  });
});
