import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Allowance, refused } from '../../../actors/sessions/allowance.ts';
import type { Request } from '../../../actors/routing/api.ts';
import {
  CALL,
  CANCEL,
  EMPTY,
  ERROR,
  INVOCATION,
  NO_PAYLOAD,
  PUBLISH,
  REGISTER,
  SUBSCRIBE,
  UNREGISTER,
  UNSUBSCRIBE,
  YIELD,
} from '../../../runtime/wamp/message.ts';

const NONE = { maxSubscriptionsPerSession: null, maxMessageBytes: null, maxRate: null };
const request = (type: number, more: object = {}): Request =>
  ({ type, request: 7, options: EMPTY, payload: NO_PAYLOAD, ...more }) as unknown as Request;

describe('an allowance', () => {
  it('is measured against the limits as they are now', () => {
    const allowance = new Allowance();
    const call = request(CALL);
    assert.equal(allowance.excess(NONE, call, 1e9, 0), undefined);
    const limits = { ...NONE, maxMessageBytes: 100 };
    assert.equal(allowance.excess(limits, call, 100, 0), undefined);
    const excess = allowance.excess(limits, call, 101, 0);
    assert.equal(excess?.error, 'wamp.error.payload_size_exceeded');
    assert.equal(excess?.counter, 'messages_too_long');
  });

  it('lets a burst of one second through and then the rate, whenever requests come', () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), arrivals, (rate, gaps) => {
        const allowance = new Allowance();
        let now = 1_000;
        let passed = 0;
        for (const gap of gaps) {
          now += gap;
          if (!allowance.excess({ ...NONE, maxRate: rate }, request(CALL), 1, now)) passed++;
        }
        const most = rate + ((now - 1_000) / 1_000) * rate;
        assert(passed <= most + 1e-6, `${passed} passed, at most ${most} may`);
      }),
    );
    const allowance = new Allowance();
    const take = (now: number) =>
      allowance.excess({ ...NONE, maxRate: 2 }, request(PUBLISH), 1, now)?.error;
    const late = 'bondy.error.limit_exceeded';
    assert.deepEqual([0, 0, 0, 499, 500, 500, 10_000, 10_000, 10_000].map(take), [
      undefined,
      undefined,
      late,
      late,
      undefined,
      late,
      undefined,
      undefined,
      late,
    ]);
  });

  it('holds up nobody who answers others or takes a call back', () => {
    const allowance = new Allowance();
    const limits = { ...NONE, maxRate: 1 };
    for (let i = 0; i < 100; i++) {
      for (const type of [YIELD, ERROR, CANCEL]) {
        assert.equal(allowance.excess(limits, request(type), 1, 0), undefined);
      }
    }
  });
});

describe('a request that is refused', () => {
  const excess = { error: 'x.y', detail: '', counter: 'messages_too_long' } as const;
  const kindOf = (one: Request) => refused(one, excess, NO_PAYLOAD).kind;

  it('is answered under its own type', () => {
    for (const type of [CALL, SUBSCRIBE, UNSUBSCRIBE, REGISTER, UNREGISTER]) {
      assert.deepEqual(refused(request(type), excess, NO_PAYLOAD), {
        kind: 'answer',
        message: {
          ...{ type: ERROR, requestType: type, request: 7, details: EMPTY, error: 'x.y' },
          payload: NO_PAYLOAD,
        },
      });
    }
    assert.equal(kindOf(request(PUBLISH, { options: { acknowledge: true } })), 'answer');
  });

  it('that wants no answer is dropped; an answer of a callee becomes an error for its caller', () => {
    assert.equal(kindOf(request(PUBLISH)), 'drop');
    for (const type of [YIELD, ERROR]) {
      const what = refused(request(type), excess, NO_PAYLOAD);
      assert.equal(what.kind, 'forward');
      assert.equal('message' in what && what.message.requestType, INVOCATION);
    }
  });

  it('that goes on with a call ends the session: the call would be another one without it', () => {
    assert.equal(kindOf(request(CALL, { continues: true })), 'abort');
    assert.equal(kindOf(request(CANCEL)), 'abort');
  });
});
