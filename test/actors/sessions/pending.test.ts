/** Verdicts that take time: the session waits, reads nothing more, and a late verdict is for nobody. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Authenticator, Verdict } from '../../../actors/security/api.ts';
import {
  ABORT,
  AUTHENTICATE,
  CHALLENGE,
  EMPTY,
  GOODBYE,
  HELLO,
  NO_PAYLOAD,
  WELCOME,
} from '../../../runtime/wamp/message.ts';
import type { Message } from '../../../runtime/wamp/message.ts';
import { REALM_DEFAULTS } from '../../../actors/realms/config.ts';
import type { Member } from '../../../actors/routing/api.ts';
import { ROLES, SessionUnderTest, testRealm } from './support.ts';

const WELCOMED: Verdict = {
  kind: 'welcome',
  principal: {
    authid: 'joe',
    authrole: 'user',
    authmethod: 'password',
    authprovider: 'test',
    authextra: EMPTY,
  },
};
const REFUSED: Verdict = {
  kind: 'refused',
  reason: 'wamp.error.authentication_failed',
  detail: '',
};

/** Each verdict of `answers` takes time, except a challenge. */
class Slow {
  readonly deliveries: ((verdict: () => Verdict) => void)[] = [];
  readonly under: SessionUnderTest;

  constructor(first: 'pending' | 'challenge', realm = testRealm()) {
    const pending: Verdict = {
      kind: 'pending',
      settle: (deliver) => void this.deliveries.push(deliver),
    };
    const challenge: Verdict = { kind: 'challenge', method: 'password', extra: EMPTY };
    const authenticator: Authenticator = {
      attempt: () => ({
        begin: () => (first === 'pending' ? pending : challenge),
        answer: () => pending,
      }),
    };
    this.under = new SessionUnderTest(realm, undefined, authenticator);
    this.under.receive({ type: HELLO, realm: 'realm1', details: ROLES });
  }

  deliver(verdict: Verdict): void {
    this.deliveries.shift()?.(() => verdict);
    this.under.deliver();
  }

  get types(): readonly number[] {
    return this.under.sent.map(({ type }) => type);
  }
}

const authenticate: Message = { type: AUTHENTICATE, signature: 'x', extra: EMPTY };

describe('a verdict that takes time', () => {
  test('after HELLO opens the session when it comes', () => {
    const slow = new Slow('pending');
    assert.deepEqual(slow.types, []);
    assert.equal(slow.under.session.state, 'deciding');
    slow.deliver(WELCOMED);
    assert.deepEqual(slow.types, [WELCOME]);
    assert.equal(slow.under.session.state, 'established');
  });

  test('after AUTHENTICATE too, and the time to answer goes on', () => {
    const slow = new Slow('challenge');
    slow.under.receive(authenticate);
    assert.equal(slow.under.timer, 'authenticate');
    slow.deliver(WELCOMED);
    assert.deepEqual(slow.types, [CHALLENGE, WELCOME]);
    assert.equal(slow.under.timer, undefined);
  });

  test('may be pending again', () => {
    const slow = new Slow('pending');
    slow.deliver({ kind: 'pending', settle: (deliver) => void slow.deliveries.push(deliver) });
    assert.equal(slow.under.session.state, 'deciding');
    slow.deliver(REFUSED);
    assert.deepEqual(slow.types, [ABORT]);
  });

  test('is covered by the timeout of authentication, and refused as unavailable then', () => {
    const slow = new Slow('pending');
    assert.equal(slow.under.timer, 'authenticate');
    slow.under.session.onTimer('authenticate');
    assert.deepEqual(slow.types, [ABORT]);
    assert.equal(JSON.stringify(slow.under.sent).includes('wamp.error.unavailable'), true);
    assert(slow.under.counted.includes('authentications_late'));
    slow.deliver(WELCOMED);
    assert.deepEqual(slow.types, [ABORT], 'the late verdict does nothing');
    assert(!slow.under.log.includes('join'));
  });

  for (const [what, message] of [
    ['AUTHENTICATE', authenticate],
    ['HELLO', { type: HELLO, realm: 'realm1', details: ROLES }],
    ['GOODBYE', { type: GOODBYE, details: EMPTY, reason: 'wamp.close.normal' }],
  ] as const) {
    test(`${what} while it is pending is a violation`, () => {
      const slow = new Slow('challenge');
      slow.under.receive(authenticate);
      slow.under.receive(message);
      assert.deepEqual(slow.types, [CHALLENGE, ABORT]);
      assert.equal(slow.under.session.state, 'ended');
      slow.deliver(WELCOMED);
      assert(!slow.under.log.includes('join'));
    });
  }

  test('does nothing for a session that was aborted or whose connection is gone', () => {
    for (const end of ['abort', 'closed', 'goodbye'] as const) {
      const slow = new Slow('pending');
      if (end === 'abort') {
        const details = { message: '' };
        slow.under.receive({ type: ABORT, details, reason: 'x.y', payload: NO_PAYLOAD });
      } else if (end === 'closed') slow.under.session.closed();
      else slow.under.session.goodbye('wamp.close.system_shutdown', EMPTY);
      slow.deliver(WELCOMED);
      assert(!slow.under.log.includes('join'), end);
      assert.equal(slow.under.session.state, 'ended');
    }
  });

  test('finds the realm as it is by then: full', () => {
    const realm = testRealm({ ...REALM_DEFAULTS, uri: 'realm1', maxSessions: 1 });
    const slow = new Slow('pending', realm);
    (realm.members as Map<number, Member>).set(1, {} as Member);
    slow.deliver(WELCOMED);
    assert.deepEqual(slow.types, [ABORT]);
    assert.equal(JSON.stringify(slow.under.sent).includes('limit_exceeded'), true);
  });
});
