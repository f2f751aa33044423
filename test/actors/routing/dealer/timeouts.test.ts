import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Deadlines } from '../../../../actors/routing/dealer/deadlines.ts';
import { ERRORS } from '../../../../runtime/wamp/uris.ts';
import { NO_FEATURES } from '../support.ts';
import { heard, Rpc } from './rpc.ts';

describe('CALL.timeout', () => {
  it('ends the call when it is over and interrupts the callee', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    caller.call('a.b', { timeout: 100 });
    callee.take();
    assert.equal(rpc.dealer.nextDeadline, 1_100);
    assert.equal(rpc.dealer.expire(1_099), 1_100);
    assert.deepEqual(heard(caller), []);
    assert.equal(rpc.dealer.expire(1_100), undefined);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.timeout}`]);
    assert.deepEqual(heard(callee), ['INTERRUPT 1 {"mode":"killnowait"}']);
    callee.yield(1);
    assert.deepEqual(heard(caller), []);
  });

  it('does not interrupt a callee that does not know INTERRUPT', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client({ features: NO_FEATURES }), rpc.client()];
    callee.registered('a.b');
    caller.call('a.b', { timeout: 1 });
    callee.take();
    rpc.dealer.expire(2_000);
    assert.deepEqual(heard(callee), []);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.timeout}`]);
  });

  it('of an answered call has no effect', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    caller.call('a.b', { timeout: 100 });
    callee.yield(1);
    assert.equal(rpc.dealer.expire(5_000), undefined);
    assert.deepEqual(heard(caller), ['RESULT 1']);
  });

  it('runs between progressive results', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    caller.call('a.b', { timeout: 100, receive_progress: true });
    rpc.now = 1_090;
    callee.yield(1, { progress: true });
    caller.take();
    assert.equal(rpc.dealer.expire(1_100), 1_190);
    assert.deepEqual(heard(caller), []);
    rpc.dealer.expire(1_190);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.timeout}`]);
  });

  it('also ends a call whose kill the callee does not answer', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    callee.registered('a.b');
    caller.call('a.b', { timeout: 100 });
    caller.cancel(1, { mode: 'kill' });
    rpc.dealer.expire(1_100);
    assert.deepEqual(heard(caller), [`ERROR 1 ${ERRORS.timeout}`]);
  });

  it('is the callee’s to watch when it asked for that and can', () => {
    const rpc = new Rpc();
    const [callee, unable, caller] = [
      rpc.client(),
      rpc.client({ features: NO_FEATURES }),
      rpc.client(),
    ];
    callee.registered('a.b', { forward_timeout: true });
    unable.registered('a.c', { forward_timeout: true });
    caller.call('a.b', { timeout: 100 });
    assert.deepEqual(heard(callee), ['INVOCATION 1 {"timeout":100}']);
    assert.equal(rpc.dealer.nextDeadline, undefined);
    caller.call('a.c', { timeout: 100 });
    assert.deepEqual(heard(unable), ['INVOCATION 1']);
    assert.equal(rpc.dealer.nextDeadline, 1_100);
  });

  it('defaults to the configured one, 0 asks for none, and the maximum cuts both', () => {
    const next = (config: object, options: object) => {
      const rpc = new Rpc(config);
      rpc.client().registered('a.b');
      rpc.client().call('a.b', options as Record<string, number>);
      return rpc.dealer.nextDeadline;
    };
    assert.equal(next({ callTimeoutMs: 50 }, {}), 1_050);
    assert.equal(next({ callTimeoutMs: 50 }, { timeout: 0 }), undefined);
    assert.equal(next({ maxCallTimeoutMs: 70 }, { timeout: 0 }), 1_070);
    assert.equal(next({ maxCallTimeoutMs: 70 }, { timeout: 900 }), 1_070);
    assert.equal(next({}, {}), undefined);
  });
});

describe('the heap of deadlines', () => {
  it('gives back in order what was set, postponed and not cleared', () => {
    const step = fc.record({
      kind: fc.constantFrom('set', 'clear', 'postpone'),
      item: fc.nat(30),
      by: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new Deadlines<{ deadline: number }>();
        const items = Array.from({ length: 31 }, () => ({ deadline: 0 }));
        const used = new Set<number>();
        for (const { kind, item, by } of steps) {
          const it = items[item];
          if (kind === 'set' && !used.has(item)) {
            used.add(item);
            heap.set(it, by);
          } else if (kind === 'clear') heap.clear(it);
          else if (kind === 'postpone') heap.postpone(it, it.deadline + by);
        }
        const expected = items.map((it) => it.deadline).filter((at) => at > 0);
        const taken: number[] = [];
        for (let at = heap.next(); at !== undefined; at = heap.next()) {
          assert.equal(heap.takeDue(at - 1), undefined);
          assert.ok(heap.takeDue(at));
          taken.push(at);
        }
        assert.deepEqual(
          taken,
          expected.sort((a, b) => a - b),
        );
      }),
    );
  });

  it('does not keep what was answered long before its time', () => {
    const heap = new Deadlines<{ deadline: number }>();
    for (let i = 0; i < 10_000; i++) {
      const item = { deadline: 0 };
      heap.set(item, 1_000_000 + i);
      heap.clear(item);
    }
    assert.ok(heap.size < 100, `${heap.size} entries`);
  });
});
