/** What happens to whoever does not read, and to nobody else. On a stepper, so that time is the test's. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Message } from '../../../runtime/wamp/message.ts';
import {
  ABORT,
  CALL,
  ERROR,
  EVENT,
  INVOCATION,
  PUBLISHED,
  RESULT,
} from '../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Client } from './stage.ts';
import { Stage } from './stage.ts';

const SETTINGS = { 'wamp.slow_consumer_timeout': '5s' };
/** Small queues, so that little fills them. */
const NARROW = { highWaterBytes: 20_000, lowWaterBytes: 5_000 };
const PIECE = 'x'.repeat(1_000);

function publishMuch(stage: Stage, publisher: Client, topic: string, events: number): void {
  for (let i = 0; i < events; i++) publisher.send(publisher.publish(topic, [PIECE]));
  stage.settle();
}

function errorOf(message: Message | undefined): string | undefined {
  return message?.type === ERROR ? message.error : undefined;
}

describe('a subscriber that does not read', () => {
  it('is aborted after the configured time, and its publisher is never held up', () => {
    const stage = new Stage(SETTINGS);
    const [slow, quick, publisher] = [stage.join(NARROW), stage.join(NARROW), stage.join()];
    for (const client of [slow, quick]) client.subscribe('a.b');
    slow.pause();
    publishMuch(stage, publisher, 'a.b', 100);
    assert.equal(quick.types().length, 100);
    stage.advance(4_900);
    assert.equal(slow.isClosed, false);
    publisher.send(publisher.publish('a.b', [PIECE], { acknowledge: true }));
    stage.settle();
    assert.deepEqual(publisher.types(), [PUBLISHED]);
    stage.advance(200);
    assert.equal(stage.counter('slow_consumers_aborted'), 1);
    slow.resume();
    stage.settle();
    const last = slow.take().at(-1);
    assert.ok(last?.type === ABORT && last.reason === ERRORS.slowConsumer);
    assert.equal(slow.isClosed, true);
    assert.equal(stage.counter('sessions_closed'), 1);
  });

  it('keeps its session when it reads in time, and starts anew then', () => {
    const stage = new Stage(SETTINGS);
    const [slow, publisher] = [stage.join(NARROW), stage.join()];
    slow.subscribe('a.b');
    for (let round = 0; round < 3; round++) {
      slow.pause();
      publishMuch(stage, publisher, 'a.b', 100);
      stage.advance(4_000);
      slow.resume();
      stage.settle();
      assert.equal(slow.types().length, 100);
    }
    assert.equal(stage.counter('slow_consumers_aborted'), 0);
  });

  it('is aborted at once when its backlog passes the limit', () => {
    const stage = new Stage({ ...SETTINGS, 'wamp.max_backlog': '2MB' });
    const [slow, publisher] = [stage.join(), stage.join()];
    slow.subscribe('a.b');
    slow.pause();
    publishMuch(stage, publisher, 'a.b', 3_000);
    assert.equal(stage.counter('slow_consumers_aborted'), 1);
    assert.equal(stage.counter('sessions_closed'), 1);
  });
});

describe('a caller that does not read its results', () => {
  /** A callee that answers everything with a piece. */
  function answer(stage: Stage, callee: Client): number {
    const invocations = callee.take().filter((message) => message.type === INVOCATION);
    for (const { request } of invocations) callee.yield(request, [PIECE]);
    stage.settle();
    return invocations.length;
  }

  function busy() {
    const stage = new Stage(SETTINGS);
    const [caller, callee] = [stage.join(NARROW), stage.join()];
    callee.register('a.b');
    return { stage, caller, callee };
  }

  it('is not read from until it does, and loses neither its session nor a result', () => {
    const { stage, caller, callee } = busy();
    caller.pause();
    let answered = 0;
    for (let i = 0; i < 100; i++) {
      caller.send(caller.call('a.b'));
      stage.settle();
      answered += answer(stage, callee);
    }
    assert.equal(stage.counter('callers_paused'), 1);
    assert.ok(answered < 50, `${answered} calls were let through`);
    stage.advance(60_000);
    assert.equal(stage.counter('slow_consumers_aborted'), 0);
    caller.resume();
    stage.settle();
    while (answer(stage, callee) > 0);
    const results = caller.take();
    assert.deepEqual(
      results.map((message) => message.type === RESULT && message.request),
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
  });

  it('is no slow subscriber for an event it read long ago', () => {
    const { stage, caller, callee } = busy();
    caller.subscribe('c.d');
    callee.send(callee.publish('c.d', ['read']));
    stage.settle();
    assert.deepEqual(caller.types(), [EVENT]);
    caller.pause();
    for (let i = 0; i < 60; i++) {
      caller.send(caller.call('a.b'));
      stage.settle();
      answer(stage, callee);
    }
    assert.equal(caller.connection.outlet.isCongested, true);
    stage.advance(20_000);
    assert.equal(stage.counter('slow_consumers_aborted'), 0);
    assert.equal(caller.isClosed, false);
  });

  it('goes on after pauses for both reasons, whichever ends first', () => {
    const { stage, caller, callee } = busy();
    caller.pause();
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 20; i++) caller.send(caller.call('a.b'));
      stage.settle();
      answer(stage, callee);
      if (round % 7 === 6) {
        caller.resume();
        stage.settle();
        caller.pause();
      }
    }
    caller.resume();
    stage.settle();
    while (answer(stage, callee) > 0);
    assert.equal(caller.take().length, 800);
  });
});

describe('a callee that does not read', () => {
  it('is passed over for the next by policy; when none is left the call is refused', () => {
    const stage = new Stage(SETTINGS);
    const [slow, quick, caller] = [stage.join(NARROW), stage.join(NARROW), stage.join()];
    for (const callee of [slow, quick]) callee.register('a.b', { invoke: 'first' });
    const call = (times: number): void => {
      for (let i = 0; i < times; i++) {
        caller.send(caller.call('a.b', [PIECE]));
        stage.settle();
      }
    };
    slow.pause();
    call(60);
    const passedOver = stage.counter('congested_callees_passed_over');
    assert.ok(passedOver > 0);
    assert.equal(quick.take().length, passedOver);
    assert.deepEqual(caller.take(), []);
    quick.pause();
    call(60);
    const refused = caller.take();
    assert.ok(refused.length > 0);
    for (const answer of refused) assert.equal(errorOf(answer), ERRORS.unavailable);
    slow.resume();
    quick.resume();
    stage.settle();
    assert.equal(slow.take().length + quick.take().length + refused.length, 120 - passedOver);
    assert.equal(stage.counter('slow_consumers_aborted'), 0);
  });
});

describe('a chunk with very many requests', () => {
  it('reaches the router in pieces, in order', () => {
    const stage = new Stage();
    const [caller, callee] = [stage.join(), stage.join()];
    callee.register('a.b');
    const calls = Array.from({ length: 1_000 }, (_, i) => caller.call('a.b', [i]));
    const before = handled(stage);
    caller.sendTogether(calls);
    stage.settle();
    const pieces = handled(stage) - before;
    assert.ok(pieces >= 1_000 / 128, `${pieces} messages`);
    const invocations = callee.take();
    assert.deepEqual(
      invocations.map((message) => message.type === INVOCATION && message.request),
      Array.from({ length: 1_000 }, (_, i) => i + 1),
    );
    assert.equal(calls[0]?.type, CALL);
  });
});

/** Messages the router has handled. */
function handled(stage: Stage): number {
  const [routing] = stage.kernel.tree().children;
  const router = routing?.children[0]?.children.find(({ path }) => path.endsWith('/router'));
  assert(router);
  return router.handled;
}
