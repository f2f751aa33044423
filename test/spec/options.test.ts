/**
 * Options: wrong types and unknown values of what the specification defines are never silently accepted; what it
 * does not define is ignored (WAMP basic/messages.md, "Extensibility"). null counts as absent.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { CODES } from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

type Table = Readonly<Record<string, readonly unknown[]>>;

const NOT_BOOLEAN = [1, 'yes', [], {}];
const NOT_STRING = [1, true, [], {}];
const NOT_LIST = [1, 'x', true, {}];

const WRONG: Readonly<Record<'SUBSCRIBE' | 'REGISTER' | 'PUBLISH' | 'CALL', Table>> = {
  SUBSCRIBE: { match: [...NOT_STRING, 'fuzzy', ''], get_retained: NOT_BOOLEAN },
  REGISTER: {
    match: [...NOT_STRING, 'fuzzy'],
    invoke: [...NOT_STRING, 'best'],
    disclose_caller: NOT_BOOLEAN,
  },
  PUBLISH: {
    acknowledge: NOT_BOOLEAN,
    exclude_me: NOT_BOOLEAN,
    disclose_me: NOT_BOOLEAN,
    retain: NOT_BOOLEAN,
    exclude: [...NOT_LIST, ['x'], [0.5]],
    exclude_authid: [...NOT_LIST, [1]],
    exclude_authrole: [...NOT_LIST, [1]],
    eligible: [...NOT_LIST, ['x']],
    eligible_authid: [...NOT_LIST, [1]],
    eligible_authrole: [...NOT_LIST, [1]],
  },
  CALL: {
    timeout: ['1', true, -1, 1.5, {}],
    receive_progress: NOT_BOOLEAN,
    disclose_me: NOT_BOOLEAN,
    progress: NOT_BOOLEAN,
  },
};

forEachWire(SAMPLE, (wire) => {
  for (const [name, table] of Object.entries(WRONG)) {
    for (const [option, values] of Object.entries(table)) {
      for (const value of values) {
        test(`${name} with ${option}: ${JSON.stringify(value)} is refused`, async (t) => {
          const client = await node.join(t, wire);
          const options =
            name === 'PUBLISH' ? { acknowledge: true, [option]: value } : { [option]: value };
          const request = client.request(CODES[name], options, fresh());
          const answer = await client.next();
          if (answer[0] === wamp.ABORT) return;
          assert.deepEqual(answer.slice(0, 3), [wamp.ERROR, CODES[name], request]);
          assert.notEqual(answer[4], 'wamp.error.no_such_procedure');
        });
      }
      test(`${name} with ${option}: null is as if it were absent`, async (t) => {
        const client = await node.join(t, wire);
        const options: Record<string, unknown> = { [option]: null };
        if (name === 'PUBLISH' && option !== 'acknowledge') options.acknowledge = true;
        const request = client.request(CODES[name], options, fresh());
        if (name === 'CALL') {
          await client.expectError(wamp.CALL, request, 'wamp.error.no_such_procedure');
        } else if (options.acknowledge === null) await client.expectNothing();
        else await client.expectReply(CODES[name] + 1, request);
      });
    }

    test(`${name} ignores options it does not know`, async (t) => {
      const client = await node.join(t, wire);
      const options = { acknowledge: true, _custom_one: [1, { a: null }], x_future: 'x' };
      const request = client.request(CODES[name], options, fresh());
      if (name === 'CALL') {
        await client.expectError(wamp.CALL, request, 'wamp.error.no_such_procedure');
      } else await client.expectReply(CODES[name] + 1, request);
    });
  }

  for (const mode of [1, 'gently', true]) {
    test(`CANCEL with mode ${JSON.stringify(mode)} is refused or ignored, and harmless`, async (t) => {
      const procedure = fresh();
      const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
      await callee.register(procedure);
      const request = caller.request(wamp.CALL, {}, procedure);
      await callee.expect(wamp.INVOCATION);
      caller.send([wamp.CANCEL, request, { mode }]);
      const answer = await caller.next();
      assert([wamp.ERROR, wamp.ABORT].includes(answer[0] as number));
    });
  }
});
