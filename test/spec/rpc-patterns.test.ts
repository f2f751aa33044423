/** Pattern-based registrations and their precedence (WAMP advanced/rpc_pattern_based_registration.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

/** The registrations of the specification's example, and its seven calls with a few more. */
const REGISTRATIONS: readonly (readonly [number, string, string])[] = [
  [1, 'exact', 'a1.b2.c3.d4.e55'],
  [2, 'prefix', 'a1.b2.c3'],
  [3, 'prefix', 'a1.b2.c3.d4'],
  [4, 'wildcard', 'a1.b2..d4.e5'],
  [5, 'wildcard', 'a1.b2.c33..e5'],
  [6, 'wildcard', 'a1.b2..d4.e5..g7'],
  [7, 'wildcard', 'a1.b2..d4..f6.g7'],
];
const CALLS: readonly (readonly [string, number | undefined])[] = [
  ['a1.b2.c3.d4.e55', 1],
  ['a1.b2.c3.d98.e74', 2],
  ['a1.b2.c3.d4.e325', 3],
  ['a1.b2.c55.d4.e5', 4],
  ['a1.b2.c33.d4.e5', 5],
  ['a1.b2.c88.d4.e5.f6.g7', 6],
  ['a2.b2.c2.d2.e2', undefined],
  ['a1.b2.c3.d4.e5', 3],
  ['a1.b2.c88.d4.e6.f6.g7', 7],
  ['a1.b2.c3', 2],
];

forEachWire(SAMPLE, (wire) => {
  test('exact beats the longest prefix, which beats the most specific wildcard', async (t) => {
    const base = fresh('p');
    const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
    const ids = new Map<unknown, number>();
    for (const [number, match, pattern] of REGISTRATIONS) {
      ids.set(await callee.register(`${base}.${pattern}`, { match }), number);
    }
    for (const [procedure, expected] of CALLS) {
      if (expected === undefined) {
        await caller.callFails('wamp.error.no_such_procedure', `${base}.${procedure}`);
        continue;
      }
      const request = caller.request(wamp.CALL, {}, `${base}.${procedure}`);
      const invocation = await callee.answer();
      assert.equal(ids.get(invocation[2]), expected, procedure);
      if (expected !== 1) assert.equal(dict(invocation[3]).procedure, `${base}.${procedure}`);
      await caller.expectReply(wamp.RESULT, request);
    }
  });

  test('the same text with another match policy is another registration', async (t) => {
    const [procedure, one] = [fresh(), await node.join(t, wire)];
    const ids = [];
    for (const match of ['exact', 'prefix', 'wildcard'])
      ids.push(await one.register(procedure, { match }));
    assert.equal(new Set(ids).size, 3);
  });

  test('when the exact registration goes, the prefix answers', async (t) => {
    const base = fresh();
    const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
    const exact = await callee.register(`${base}.a`);
    const prefix = await callee.register(base, { match: 'prefix' });
    for (const expected of [exact, prefix]) {
      const request = caller.request(wamp.CALL, {}, `${base}.a`);
      assert.equal((await callee.answer())[2], expected);
      await caller.expectReply(wamp.RESULT, request);
      if (expected === prefix) break;
      const unregister = callee.request(wamp.UNREGISTER, exact);
      await callee.expectReply(wamp.UNREGISTERED, unregister);
    }
  });

  test('a pattern of one callee may not be registered by another', async (t) => {
    const base = fresh();
    const [one, two] = [await node.join(t, wire), await node.join(t, wire)];
    await one.register(base, { match: 'prefix' });
    const request = two.request(wamp.REGISTER, { match: 'prefix' }, base);
    await two.expectError(wamp.REGISTER, request, 'wamp.error.procedure_already_exists');
  });
});
