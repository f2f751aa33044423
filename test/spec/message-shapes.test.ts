/**
 * Every message a client may send, with every element of a wrong type, one too few and one too many: ABORT
 * protocol_violation, never silence, never success (WAMP basic/messages.md).
 */
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { WampMessage } from '../support/raw-client.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

type Kind = 'id' | 'integer' | 'uri' | 'string' | 'dict' | 'list' | 'kwargs';

/** Element kinds after the type code; the first number says how many are required. */
const SHAPES: Readonly<Record<string, readonly [code: number, required: number, kinds: Kind[]]>> = {
  GOODBYE: [wamp.GOODBYE, 2, ['dict', 'uri']],
  ERROR: [wamp.ERROR, 4, ['integer', 'id', 'dict', 'uri', 'list', 'kwargs']],
  PUBLISH: [wamp.PUBLISH, 3, ['id', 'dict', 'uri', 'list', 'kwargs']],
  SUBSCRIBE: [wamp.SUBSCRIBE, 3, ['id', 'dict', 'uri']],
  UNSUBSCRIBE: [wamp.UNSUBSCRIBE, 2, ['id', 'id']],
  CALL: [wamp.CALL, 3, ['id', 'dict', 'uri', 'list', 'kwargs']],
  CANCEL: [wamp.CANCEL, 2, ['id', 'dict']],
  REGISTER: [wamp.REGISTER, 3, ['id', 'dict', 'uri']],
  UNREGISTER: [wamp.UNREGISTER, 2, ['id', 'id']],
  YIELD: [wamp.YIELD, 2, ['id', 'dict', 'list', 'kwargs']],
};

const RIGHT: Record<Kind, unknown> = {
  id: 1,
  integer: wamp.INVOCATION,
  uri: 'spec.shape.x',
  string: 'x',
  dict: {},
  list: [1],
  kwargs: { a: 1 },
};

const WRONG: Record<Kind, readonly unknown[]> = {
  id: [0, -1, 1.5, '1', true, null, [], {}, 2 ** 53 + 2],
  integer: ['68', true, null, {}],
  uri: [1, true, null, [], {}],
  string: [1, null],
  // A null dict is treated as an empty one: real clients write it.
  dict: [1, 'x', true, []],
  list: [1, 'x', true, {}],
  kwargs: [1, 'x', true, [1]],
};

interface Case {
  readonly name: string;
  readonly message: WampMessage;
}

function* wrongCases(): Generator<Case> {
  for (const [name, [code, required, kinds]] of Object.entries(SHAPES)) {
    const right = [code, ...kinds.map((kind) => RIGHT[kind])];
    for (const [index, kind] of kinds.entries()) {
      for (const value of WRONG[kind]) {
        const message: WampMessage = right
          .with(index + 1, value)
          .slice(0, kindsUpTo(index, required));
        yield { name: `${name} whose element ${index + 1} is ${JSON.stringify(value)}`, message };
      }
    }
    yield { name: `${name} that is too short`, message: right.slice(0, required) };
    yield { name: `${name} without anything`, message: [code] };
    yield { name: `${name} that is too long`, message: [...right, 1] };
  }
}

/** The message ends with the wrong element, or with the last required one. */
function kindsUpTo(index: number, required: number): number {
  return Math.max(index, required - 1) + 2;
}

const NOT_MESSAGES: readonly unknown[] = [
  [],
  {},
  null,
  1,
  'x',
  true,
  ['1', 1],
  [null],
  [[1]],
  [1.5],
  [{}],
];

const HELLOS: readonly WampMessage[] = [
  [wamp.HELLO],
  [wamp.HELLO, 'realm1'],
  [wamp.HELLO, 1, { roles: { caller: {} } }],
  [wamp.HELLO, null, { roles: { caller: {} } }],
  [wamp.HELLO, 'realm1', []],
  [wamp.HELLO, 'realm1', 'x'],
  [wamp.HELLO, 'realm1', { roles: { caller: {} } }, 1],
  [wamp.HELLO, 'realm1', { roles: { caller: {} }, authid: 7 }],
  [wamp.HELLO, 'realm1', { roles: { caller: {} }, authmethods: 'anonymous' }],
  [wamp.HELLO, 'realm1', { roles: { caller: {} }, authmethods: [1] }],
  [wamp.HELLO, 'realm1', { roles: { caller: {} }, authextra: 1 }],
];

forEachWire(SAMPLE, (wire) => {
  for (const { name, message } of wrongCases()) {
    test(`${name} is a protocol violation`, async (t) => {
      const client = await node.join(t, wire);
      client.send(message);
      await client.expectAbort();
    });
  }

  for (const value of NOT_MESSAGES) {
    test(`${JSON.stringify(value)} is not a message`, async (t) => {
      const client = await node.join(t, wire);
      client.send(value as WampMessage);
      await client.expectAbort();
    });

    test(`${JSON.stringify(value)} is not a HELLO`, async (t) => {
      const client = await node.connect(t, wire);
      client.send(value as WampMessage);
      await client.expectAbort();
    });
  }

  for (const message of HELLOS) {
    test(`${JSON.stringify(message)} is a protocol violation`, async (t) => {
      const client = await node.connect(t, wire);
      client.send(message);
      await client.expectAbort();
    });
  }

  test('null options and details are taken as empty ones', async (t) => {
    const client = await node.join(t, wire);
    const request = client.request(wamp.SUBSCRIBE, null, 'spec.shape.null');
    await client.expectReply(wamp.SUBSCRIBED, request);
    const call = client.request(wamp.CALL, null, 'spec.shape.nobody');
    await client.expectError(wamp.CALL, call, 'wamp.error.no_such_procedure');
  });

  test('the node is healthy after all of this', (t) => node.expectHealthy(t));
});
