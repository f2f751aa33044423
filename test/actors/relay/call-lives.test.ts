/** What may happen to a call while it is on another node: cancel, progress, time, other callees, the end of a node. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { INVOCATION } from '../../../runtime/wamp/message.ts';
import type { Client } from '../../sim/client.ts';
import type { ClusterOptions } from './cluster.ts';
import { TestCluster } from './cluster.ts';

/** A callee on a, a caller on b, and the invocation the callee has. */
function called(
  options: Parameters<Client['call']>[2] = {},
  register = {},
  cluster?: ClusterOptions,
) {
  const here = new TestCluster({ nodes: 2, ...cluster });
  const callee = here.node('a').client();
  const caller = here.node('b').client();
  callee.register('com.work', register);
  here.settle();
  const request = caller.call('com.work', [1], options);
  here.settle(20);
  const invocation = callee.last(INVOCATION);
  assert(invocation?.type === INVOCATION);
  callee.take();
  return { cluster: here, callee, caller, request, invocation: invocation.request };
}

describe('CANCEL', () => {
  it('kill waits for what the callee says', () => {
    const { cluster, callee, caller, request, invocation } = called();
    caller.cancel(request, 'kill');
    cluster.settle(20);
    assert.deepEqual(callee.heard(), ['INTERRUPT {"mode":"kill"}']);
    assert.deepEqual(caller.heard(), []);
    callee.fail(invocation, 'wamp.error.canceled');
    cluster.settle(20);
    assert.deepEqual(caller.heard(), ['ERROR 1 wamp.error.canceled']);
  });

  it('killnowait answers at once and interrupts the callee', () => {
    const { cluster, callee, caller, request, invocation } = called();
    caller.cancel(request, 'killnowait');
    cluster.settle(20);
    assert.deepEqual(callee.heard(), ['INTERRUPT {"mode":"killnowait"}']);
    callee.yield(invocation);
    cluster.settle(20);
    assert.deepEqual(caller.heard(), ['ERROR 1 wamp.error.canceled']);
    assert.equal(cluster.counted('late_answers'), 1);
  });

  it('skip leaves the callee alone and drops its answer', () => {
    const { cluster, callee, caller, request, invocation } = called();
    caller.cancel(request, 'skip');
    cluster.settle(20);
    assert.deepEqual(callee.heard(), []);
    callee.yield(invocation);
    cluster.settle(20);
    assert.deepEqual(caller.heard(), ['ERROR 1 wamp.error.canceled']);
  });
});

describe('progress', () => {
  it('of results reaches the caller in order, before the last one', () => {
    const { cluster, callee, caller, invocation } = called({ receive_progress: true });
    for (let i = 0; i < 5; i++) callee.yield(invocation, [i], { progress: true });
    callee.yield(invocation, ['end']);
    cluster.settle(20);
    assert.deepEqual(caller.heard(), [
      ...[0, 1, 2, 3, 4].map((i) => `RESULT 1 {"progress":true} [${i}]`),
      'RESULT 1 ["end"]',
    ]);
  });

  it('nobody asked for is dropped at the origin', () => {
    const { cluster, callee, caller, invocation } = called();
    callee.yield(invocation, [1], { progress: true });
    callee.yield(invocation, [2]);
    cluster.settle(20);
    assert.deepEqual(caller.heard(), ['RESULT 1 [2]']);
    assert.equal(cluster.node('b').counters.get('unwanted_progress'), 1);
  });

  it('of invocations reaches the callee under one request id', () => {
    const { cluster, callee, caller, request, invocation } = called({ progress: true });
    caller.continueCall(request, 'com.work', [2], { progress: true });
    caller.continueCall(request, 'com.work', [3], {});
    cluster.settle(20);
    const chunks = callee.take();
    assert.deepEqual(
      chunks.map((each) => (each.type === INVOCATION ? [each.request, each.details] : each)),
      [
        [invocation, { progress: true }],
        [invocation, {}],
      ].map(([id, details]) => [id, Object.assign(Object.create(null), details)]),
    );
    callee.yield(invocation, ['all']);
    cluster.settle(20);
    assert.deepEqual(caller.heard(), ['RESULT 1 ["all"]']);
  });
});

describe('time', () => {
  it('is kept at the origin: ERROR for the caller, INTERRUPT for the callee', () => {
    const { cluster, callee, caller } = called({ timeout: 200 });
    cluster.settle(150);
    assert.deepEqual(caller.heard(), []);
    cluster.settle(100);
    assert.deepEqual(caller.heard(), ['ERROR 1 wamp.error.timeout']);
    assert.deepEqual(callee.heard(), ['INTERRUPT {"mode":"killnowait"}']);
  });

  it('is left to a callee that asked for it', () => {
    const { cluster, caller } = called({ timeout: 50 }, { forward_timeout: true });
    cluster.settle(500);
    assert.deepEqual(caller.heard(), []);
  });
});

describe('another callee', () => {
  it('gets the call when the first declines', () => {
    const cluster = new TestCluster();
    const [one, two] = [cluster.node('a').client(), cluster.node('b').client()];
    const caller = cluster.node('c').client();
    one.register('com.work', { invoke: 'first' });
    cluster.settle();
    two.serve('com.work', () => ['two'], { invoke: 'first' });
    cluster.settle();
    one.outlet.onMessage = (message) => {
      if (message.type === INVOCATION) one.fail(message.request, 'wamp.error.unavailable');
    };
    caller.call('com.work');
    cluster.settle();
    assert.deepEqual(caller.heard(), ['RESULT 1 ["two"]']);
    assert.equal(cluster.counted('calls_rerouted'), 1);
  });

  it('gets the call when the first has as many from everywhere as it takes', () => {
    const cluster = new TestCluster();
    const [one, two] = [cluster.node('a').client(), cluster.node('a').client()];
    const callers = [cluster.node('b').client(), cluster.node('c').client()];
    const options = { invoke: 'first', concurrency: 1 };
    one.register('com.work', options);
    cluster.settle();
    two.serve('com.work', () => ['two'], options);
    cluster.settle();
    callers[0].call('com.work');
    cluster.settle();
    callers[1].call('com.work'); // its node has no call to the first yet
    cluster.settle();
    assert.deepEqual(callers[1].heard(), ['RESULT 1 ["two"]']);
    assert.equal(cluster.counted('relay_calls_refused'), 1);
  });

  it('gets the call when the first left before it came', () => {
    const cluster = new TestCluster({ delayMs: () => 10 });
    const [one, two] = [cluster.node('a').client(), cluster.node('b').client()];
    const caller = cluster.node('c').client();
    one.register('com.work', { invoke: 'first' });
    cluster.settle();
    two.serve('com.work', () => ['two'], { invoke: 'first' });
    cluster.settle();
    one.leave();
    caller.call('com.work');
    cluster.settle();
    assert.deepEqual(caller.heard(), ['RESULT 1 ["two"]']);
  });

  it('is not there: the caller hears unavailable', () => {
    const cluster = new TestCluster({ delayMs: () => 10 });
    const one = cluster.node('a').client();
    const caller = cluster.node('c').client();
    one.register('com.work');
    cluster.settle();
    one.leave();
    caller.call('com.work');
    cluster.settle();
    assert.deepEqual(caller.heard(), ['ERROR 1 wamp.error.unavailable']);
  });
});

describe('when somebody goes', () => {
  it('a callee that leaves ends its calls', () => {
    const { cluster, callee, caller } = called();
    callee.leave();
    cluster.settle();
    assert.deepEqual(caller.heard(), ['ERROR 1 wamp.error.canceled']);
  });

  it('a caller that leaves has its callee interrupted', () => {
    const { cluster, callee, caller } = called();
    caller.leave();
    cluster.settle();
    assert.deepEqual(callee.heard(), ['INTERRUPT {"mode":"killnowait"}']);
  });

  it('the callee’s node: its calls are answered once, at once', () => {
    const { cluster, caller } = called();
    caller.call('com.work');
    cluster.settle(20);
    cluster.crash('a', 50);
    cluster.settle(60);
    assert.deepEqual(caller.heard(), [
      'ERROR 1 wamp.error.canceled',
      'ERROR 2 wamp.error.canceled',
    ]);
    cluster.settle(20_000);
    assert.deepEqual(caller.heard(), []);
  });

  it('the caller’s node: the callee is interrupted', () => {
    const { cluster, callee } = called();
    cluster.crash('b', 50);
    cluster.settle(60);
    assert.deepEqual(callee.heard(), ['INTERRUPT {"mode":"killnowait"}']);
  });

  it('only a link, for a moment: nothing is lost', () => {
    const { cluster, callee, caller, invocation } = called();
    cluster.flap('a', 'b', 40);
    callee.yield(invocation, ['late']);
    cluster.settle(200);
    assert.deepEqual(caller.heard(), ['RESULT 1 ["late"]']);
  });

  it('the callee’s router: its calls go on', () => {
    const { cluster, callee, caller, invocation } = called();
    cluster.node('a').kernel.exit('root/realm1', { kind: 'killed' });
    cluster.settle();
    callee.yield(invocation, ['after']);
    cluster.settle();
    assert.deepEqual(caller.heard(), ['RESULT 1 ["after"]']);
  });

  it('the caller’s router: its calls go on', () => {
    const { cluster, callee, caller, invocation } = called();
    cluster.node('b').kernel.exit('root/realm1', { kind: 'killed' });
    cluster.settle();
    callee.yield(invocation, ['after']);
    cluster.settle();
    assert.deepEqual(caller.heard(), ['RESULT 1 ["after"]']);
    caller.call('com.work');
    cluster.settle();
    assert.equal(callee.heard().length, 1);
  });

  it('registry and relay: nobody notices', () => {
    const { cluster, callee, caller, invocation } = called();
    for (const node of ['a', 'b']) {
      for (const part of ['registry', 'relay']) {
        cluster.node(node).kernel.exit(`root/${part}`, { kind: 'killed' });
      }
    }
    callee.register('com.more');
    cluster.settle(300);
    callee.yield(invocation, ['after']);
    caller.call('com.more');
    cluster.settle();
    assert.deepEqual(caller.heard(), ['RESULT 1 ["after"]']);
    assert.deepEqual(callee.heard(), ['REGISTERED', 'INVOCATION []']);
  });
});

describe('what comes twice', () => {
  it('is done once', () => {
    const cluster = new TestCluster({ nodes: 2 });
    for (const node of cluster.nodes.values()) {
      const receive = node.receive.bind(node);
      node.receive = (service, input) => {
        receive(service, input);
        if (service === 'relay') receive(service, input);
      };
    }
    const callee = cluster.node('a').client();
    const caller = cluster.node('b').client();
    callee.serve('com.work', () => ['once']);
    cluster.settle(200);
    callee.take();
    for (let i = 0; i < 3; i++) caller.call('com.work');
    cluster.settle();
    assert.equal(callee.heard().length, 3);
    assert.deepEqual(
      caller.heard(),
      [1, 2, 3].map((request) => `RESULT ${request} ["once"]`),
    );
    assert.equal(cluster.counted('relay_duplicates'), 3);
  });
});

describe('a call that was overtaken while nobody took it in', () => {
  it('is refused and goes to another callee, or its caller is told: none is left without an answer', () => {
    const cluster = new TestCluster({ nodes: 2 });
    const node = cluster.node('a');
    const callee = node.client();
    const caller = cluster.node('b').client();
    callee.serve('com.work', (args) => args);
    cluster.settle(200);
    callee.take();
    const receive = node.receive.bind(node);
    const late: (() => void)[] = [];
    node.receive = (service, input) => {
      if (service !== 'relay' || late.length > 0) return receive(service, input);
      late.push(() => receive(service, input));
    };
    caller.call('com.work', [1]);
    cluster.settle(20);
    caller.call('com.work', [2]);
    cluster.settle(20);
    assert.deepEqual(caller.heard(), ['RESULT 2 [2]']);
    late[0]!();
    cluster.settle(20);
    assert.deepEqual(caller.heard(), ['ERROR 1 wamp.error.unavailable']);
    assert.equal(callee.heard().length, 1);
  });
});

describe('a node that does not keep up', () => {
  it('is passed over, and answers to it wait', () => {
    const { cluster, callee, caller, invocation } = called();
    cluster.network.fill('a', 'b', true);
    callee.yield(invocation, ['waits']);
    cluster.settle(50);
    assert.deepEqual(caller.heard(), []);
    const other = cluster.node('b').client();
    other.register('com.other');
    cluster.settle(200);
    callee.call('com.other'); // its own node cannot say it to b
    cluster.settle(20);
    assert.equal(callee.heard().at(-1), 'ERROR 2 wamp.error.unavailable');
    cluster.network.fill('a', 'b', false);
    cluster.settle(50);
    assert.deepEqual(caller.heard(), ['RESULT 1 ["waits"]']);
  });
});
