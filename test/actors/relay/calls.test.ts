/** Calls from one node to another: as on one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Message } from '../../../runtime/wamp/message.ts';
import { INVOCATION, RESULT } from '../../../runtime/wamp/message.ts';
import { TestCluster } from './cluster.ts';

const sum = (args: readonly unknown[]): number[] => [
  (args as number[]).reduce((total, each) => total + each, 0),
];

describe('a call to another node', () => {
  it('reaches the callee and brings its result back', () => {
    const cluster = new TestCluster();
    const callee = cluster.node('a').client();
    const caller = cluster.node('b').client();
    callee.serve('com.sum', sum);
    cluster.settle();
    assert.deepEqual(callee.heard(), ['REGISTERED']);
    caller.call('com.sum', [1, 2, 3]);
    cluster.settle();
    assert.deepEqual(caller.heard(), ['RESULT 1 [6]']);
    assert.deepEqual(callee.heard(), ['INVOCATION [1,2,3]']);
  });

  it('brings the callee’s error back, with its details and arguments', () => {
    const cluster = new TestCluster();
    const callee = cluster.node('a').client();
    const caller = cluster.node('b').client();
    callee.register('com.fail');
    callee.outlet.onMessage = (message) => {
      if (message.type === INVOCATION)
        callee.fail(message.request, 'com.error', ['why'], { at: 7 });
    };
    cluster.settle();
    caller.call('com.fail');
    cluster.settle();
    const [error] = caller.take();
    assert(error?.type === 8);
    assert.equal(error.error, 'com.error');
    assert.equal(error.details['at'], 7);
    assert.deepEqual(caller.argsOf(error.payload), ['why']);
  });

  it('says that there is no such procedure when no node has it', () => {
    const cluster = new TestCluster();
    const caller = cluster.node('b').client();
    caller.call('com.nobody');
    cluster.settle();
    assert.deepEqual(caller.heard(), ['ERROR 1 wamp.error.no_such_procedure']);
  });

  it('finds prefixes and wildcards, and says which procedure was called', () => {
    const cluster = new TestCluster();
    const callee = cluster.node('c').client();
    const caller = cluster.node('a').client();
    callee.serve('com.prefix', () => ['prefix'], { match: 'prefix' });
    callee.register('org..wild', { match: 'wildcard' });
    cluster.settle();
    callee.take();
    caller.call('com.prefix.more');
    caller.call('org.any.wild');
    cluster.settle();
    assert.deepEqual(callee.heard(), [
      'INVOCATION {"procedure":"com.prefix.more"} []',
      'INVOCATION {"procedure":"org.any.wild"} []',
    ]);
  });

  it('discloses the caller as on one node', () => {
    const cluster = new TestCluster();
    const callee = cluster.node('a').client();
    const caller = cluster.node('b').client();
    callee.serve('com.who', () => [], { disclose_caller: true });
    cluster.settle();
    callee.take();
    caller.call('com.who');
    cluster.settle();
    const [invocation] = callee.take();
    assert(invocation?.type === INVOCATION);
    assert.equal(invocation.details['caller'], caller.id);
    assert.equal(invocation.details['caller_authid'], caller.member.authid);
  });

  it('passes payloads between all serializers, and passthru attributes unread', () => {
    for (const from of ['json', 'msgpack', 'cbor'] as const) {
      for (const to of ['json', 'msgpack', 'cbor'] as const) {
        const cluster = new TestCluster({ nodes: 2 });
        const callee = cluster.node('a').client(to);
        const caller = cluster.node('b').client(from);
        callee.serve('com.echo', (args) => args);
        cluster.settle();
        callee.take();
        const args = ['ü', 2 ** 40, -1.5, null, true, [{ deep: [1] }]];
        caller.call('com.echo', args, { ppt_scheme: 'x_custom', ppt_serializer: 'native' });
        cluster.settle();
        const [result] = caller.take();
        assert(result?.type === RESULT, `${from} to ${to}`);
        assert.deepEqual(
          JSON.parse(JSON.stringify(caller.argsOf(result.payload))),
          args,
          `${from} to ${to}`,
        );
        const [invocation] = callee.take();
        assert(invocation?.type === INVOCATION);
        assert.equal(invocation.details['ppt_scheme'], 'x_custom');
      }
    }
  });

  it('keeps the order of each pair, over hundreds of calls', () => {
    const cluster = new TestCluster({ seed: 5 });
    const callee = cluster.node('a').client();
    const callers = [cluster.node('b').client(), cluster.node('c').client()];
    callee.serve('com.echo', (args) => args);
    cluster.settle();
    callee.take();
    for (let i = 0; i < 300; i++)
      for (const caller of callers) caller.call('com.echo', [caller.id, i]);
    cluster.settle();
    for (const caller of callers) {
      const seen = (messages: readonly Message[]): unknown[] =>
        messages.flatMap((message) => {
          if (message.type !== INVOCATION && message.type !== RESULT) return [];
          const [id, i] = callee.argsOf(message.payload);
          return id === caller.id ? [i] : [];
        });
      const expected = Array.from({ length: 300 }, (_, i) => i);
      assert.deepEqual(seen(callee.received), expected);
      assert.deepEqual(seen(caller.received), expected);
    }
  });
});
