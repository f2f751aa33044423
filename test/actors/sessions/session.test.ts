import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Violation } from '../../../runtime/wamp/codec.ts';
import {
  ABORT,
  AUTHENTICATE,
  CALL,
  CHALLENGE,
  EMPTY,
  ERROR,
  GOODBYE,
  HELLO,
  INTERRUPT,
  INVOCATION,
  NO_PAYLOAD,
  PUBLISH,
  PUBLISHED,
  REGISTER,
  REGISTERED,
  RESULT,
  SUBSCRIBE,
  SUBSCRIBED,
  UNREGISTERED,
  UNSUBSCRIBED,
  WELCOME,
  YIELD,
} from '../../../runtime/wamp/message.ts';
import type { Message } from '../../../runtime/wamp/message.ts';
import { readHello } from '../../../actors/sessions/hello.ts';
import { ROLES, SessionUnderTest, testRealm } from './support.ts';

const hello = (details = ROLES): Message => ({ type: HELLO, realm: 'realm1', details });
const call = (request: number): Message => ({
  type: CALL,
  request,
  options: EMPTY,
  procedure: 'com.example.add',
  payload: NO_PAYLOAD,
});
const subscribe = (request: number): Message => ({
  type: SUBSCRIBE,
  request,
  options: EMPTY,
  topic: 'com.example.topic',
});

function assertAborted(session: SessionUnderTest, reason: string): void {
  const abort = session.sent.find((message) => message.type === ABORT);
  assert.ok(abort && abort.type === ABORT, `no ABORT among ${session.log.join(', ')}`);
  assert.equal(abort.reason, reason);
  assert.equal(session.log.at(-1), 'close');
  assert.equal(session.session.state, 'ended');
}

describe('opening a session', () => {
  it('answers HELLO with WELCOME and joins the realm afterwards', () => {
    const session = new SessionUnderTest();
    assert.equal(session.timer, 'hello');
    session.receive(hello());
    assert.deepEqual(session.log, ['send 2', 'join']);
    const [welcome] = session.sent;
    assert.ok(welcome.type === WELCOME);
    assert.equal(welcome.details['realm'], 'realm1');
    assert.equal(welcome.details['authmethod'], 'anonymous');
    assert.equal(session.timer, undefined);
  });

  it('lets a client go that cannot take a WELCOME, before it joined', () => {
    const session = new SessionUnderTest();
    session.welcomeIsTooLarge = true;
    session.receive(hello());
    assertAborted(session, 'wamp.error.payload_size_exceeded');
    assert.ok(!session.log.includes('join'));
  });

  it('refuses an unknown realm, a bad realm URI and a full realm', () => {
    const unknown = new SessionUnderTest();
    unknown.receive({ type: HELLO, realm: 'nowhere', details: ROLES });
    assertAborted(unknown, 'wamp.error.no_such_realm');

    const invalid = new SessionUnderTest();
    invalid.receive({ type: HELLO, realm: 'not a uri', details: ROLES });
    assertAborted(invalid, 'wamp.error.invalid_uri');

    const full = new SessionUnderTest(testRealm({ maxSessions: 0 }));
    full.receive(hello());
    assertAborted(full, 'bondy.error.limit_exceeded');
  });

  for (const [what, details] of Object.entries({
    'no roles': {},
    'roles that are a list': { roles: [] },
    'no role a router knows': { roles: { waiter: {} } },
    'a role that is a number': { roles: { caller: 1 } },
    'features that are a list': { roles: { caller: { features: [] } } },
    'a feature that is a string': { roles: { caller: { features: { call_canceling: 'yes' } } } },
    'authmethods that are a string': { ...ROLES, authmethods: 'ticket' },
    'an authid that is a number': { ...ROLES, authid: 7 },
    'authextra that is a list': { ...ROLES, authextra: [] },
  })) {
    it(`aborts a HELLO with ${what}`, () => {
      const session = new SessionUnderTest();
      session.receive(hello(details));
      assertAborted(session, 'wamp.error.protocol_violation');
    });
  }

  it('takes null options of clients that send them for absent', () => {
    const session = new SessionUnderTest();
    session.receive(hello({ ...ROLES, authid: null, authextra: null, authmethods: null }));
    assert.equal(session.session.state, 'established');
  });

  it('aborts a connection that says no HELLO in time', () => {
    const session = new SessionUnderTest();
    session.session.onTimer('hello');
    assertAborted(session, 'wamp.error.protocol_violation');
  });
});

describe('authentication', () => {
  const realm = testRealm({
    authmethods: ['ticket'],
    tickets: [{ authid: 'joe', ticket: 'secret!!!', authrole: 'user' }],
  });
  const withTicket = { ...ROLES, authmethods: ['wampcra', 'ticket'], authid: 'joe' };

  it('skips methods the realm does not offer, challenges and welcomes', () => {
    const session = new SessionUnderTest(realm);
    session.receive(hello(withTicket));
    assert.equal(session.sent[0].type, CHALLENGE);
    session.receive({ type: AUTHENTICATE, signature: 'secret!!!', extra: EMPTY });
    const welcome = session.sent[1];
    assert.ok(welcome.type === WELCOME);
    assert.equal(welcome.details['authid'], 'joe');
    assert.equal(welcome.details['authrole'], 'user');
  });

  it('refuses a wrong ticket and an unknown authid with the same words', () => {
    const texts = ['joe', 'nobody'].map((authid) => {
      const session = new SessionUnderTest(realm);
      session.receive(hello({ ...withTicket, authid }));
      session.receive({ type: AUTHENTICATE, signature: 'wrong', extra: EMPTY });
      assertAborted(session, 'wamp.error.authentication_failed');
      return JSON.stringify(session.sent.at(-1));
    });
    assert.equal(texts[0], texts[1]);
  });

  it('refuses a client without a common method and one without an authid', () => {
    const anonymous = new SessionUnderTest(realm);
    anonymous.receive(hello());
    assertAborted(anonymous, 'wamp.error.no_matching_auth_method');
    const nameless = new SessionUnderTest(realm);
    nameless.receive(hello({ ...ROLES, authmethods: ['ticket'] }));
    assertAborted(nameless, 'wamp.error.no_such_principal');
  });

  it('aborts when the challenge is not answered in time, or answered by another message', () => {
    const late = new SessionUnderTest(realm);
    late.receive(hello(withTicket));
    assert.equal(late.timer, 'authenticate');
    late.session.onTimer('authenticate');
    assertAborted(late, 'wamp.error.authentication_failed');
    const second = new SessionUnderTest(realm);
    second.receive(hello(withTicket));
    second.receive(hello());
    assertAborted(second, 'wamp.error.protocol_violation');
  });
});

describe('protocol errors (basic/building_blocks.md §Protocol Errors)', () => {
  const unexpected: Record<string, Message> = {
    WELCOME: { type: WELCOME, session: 1, details: EMPTY },
    CHALLENGE: { type: CHALLENGE, method: 'ticket', extra: EMPTY },
    PUBLISHED: { type: PUBLISHED, request: 1, publication: 1 },
    SUBSCRIBED: { type: SUBSCRIBED, request: 1, subscription: 1 },
    UNSUBSCRIBED: { type: UNSUBSCRIBED, request: 1 },
    RESULT: { type: RESULT, request: 1, details: EMPTY, payload: NO_PAYLOAD },
    REGISTERED: { type: REGISTERED, request: 1, registration: 1 },
    UNREGISTERED: { type: UNREGISTERED, request: 1 },
    INVOCATION: {
      type: INVOCATION,
      request: 1,
      registration: 1,
      details: EMPTY,
      payload: NO_PAYLOAD,
    },
    INTERRUPT: { type: INTERRUPT, request: 1, options: EMPTY },
    AUTHENTICATE: { type: AUTHENTICATE, signature: '', extra: EMPTY },
  };
  for (const [type, message] of Object.entries(unexpected)) {
    it(`${type} is a violation before and after the session is open`, () => {
      const before = new SessionUnderTest();
      before.receive(message);
      assertAborted(before, 'wamp.error.protocol_violation');
      const after = new SessionUnderTest().established();
      after.receive(message);
      assertAborted(after, 'wamp.error.protocol_violation');
      assert.deepEqual(after.log, ['leave', 'send 3', 'close']);
    });
  }

  it('takes no request before HELLO and no second HELLO', () => {
    for (const message of [
      call(1),
      subscribe(1),
      { type: GOODBYE, details: EMPTY, reason: 'x' } as Message,
    ]) {
      const session = new SessionUnderTest();
      session.receive(message);
      assertAborted(session, 'wamp.error.protocol_violation');
    }
    const twice = new SessionUnderTest().established();
    twice.receive(hello());
    assertAborted(twice, 'wamp.error.protocol_violation');
  });

  it('takes undecodable bytes for a violation in every state', () => {
    const before = new SessionUnderTest();
    before.session.receive(new Violation('nonsense'));
    assertAborted(before, 'wamp.error.protocol_violation');
    const after = new SessionUnderTest().established();
    after.session.receive(new Violation('nonsense'));
    assertAborted(after, 'wamp.error.protocol_violation');
  });

  it('refuses an ERROR that answers anything but an INVOCATION', () => {
    const session = new SessionUnderTest().established();
    session.receive({
      type: ERROR,
      requestType: CALL,
      request: 1,
      details: EMPTY,
      error: 'com.example.error',
      payload: NO_PAYLOAD,
    });
    assertAborted(session, 'wamp.error.protocol_violation');
  });

  it('processes nothing after a violation', () => {
    const session = new SessionUnderTest().established();
    session.session.receive(new Violation('nonsense'));
    session.receive(call(1));
    assert.equal(session.forwarded.length, 0);
  });
});

describe('request ids', () => {
  it('count from 1 over all kinds of requests', () => {
    const session = new SessionUnderTest().established();
    session.receive(call(1));
    session.receive(subscribe(2));
    session.receive({ type: REGISTER, request: 3, options: EMPTY, procedure: 'com.example.p' });
    session.receive({
      type: PUBLISH,
      request: 4,
      options: EMPTY,
      topic: 'com.example.t',
      payload: NO_PAYLOAD,
    });
    assert.deepEqual(
      session.forwarded.map((request) => request.type),
      [CALL, SUBSCRIBE, REGISTER, PUBLISH],
    );
  });

  it('abort the session on a gap, on a repetition and on a start above 1', () => {
    for (const ids of [[2], [1, 3], [1, 1]]) {
      const session = new SessionUnderTest().established();
      for (const id of ids) session.receive(subscribe(id));
      assertAborted(session, 'wamp.error.protocol_violation');
    }
  });

  it('let a CALL under the watermark through: it may continue a progressive call', () => {
    const session = new SessionUnderTest().established();
    session.receive(call(1));
    session.receive(subscribe(2));
    session.receive(call(1));
    assert.equal(session.forwarded.length, 3);
    session.receive(call(4));
    assertAborted(session, 'wamp.error.protocol_violation');
  });

  it('do not count YIELD and CANCEL', () => {
    const session = new SessionUnderTest().established();
    session.receive({ type: YIELD, request: 77, options: EMPTY, payload: NO_PAYLOAD });
    session.receive(call(1));
    assert.equal(session.forwarded.length, 2);
  });

  it('start at 1 again in the next session on the same transport', () => {
    const session = new SessionUnderTest().established();
    session.receive(call(1));
    session.receive({ type: GOODBYE, details: EMPTY, reason: 'wamp.close.normal' });
    session.receive(hello());
    session.receive(call(1));
    assert.equal(session.session.state, 'established');
  });
});

describe('closing a session', () => {
  it('answers GOODBYE, having left the realm first', () => {
    const session = new SessionUnderTest().established();
    session.receive({ type: GOODBYE, details: EMPTY, reason: 'wamp.close.close_realm' });
    assert.deepEqual(session.log, ['leave', 'send 6']);
    const [goodbye] = session.sent;
    assert.ok(goodbye.type === GOODBYE);
    assert.equal(goodbye.reason, 'wamp.close.goodbye_and_out');
    assert.equal(session.timer, 'hello');
  });

  it('waits a while for the answer to its own GOODBYE, ignoring everything else', () => {
    const session = new SessionUnderTest().established();
    session.session.goodbye('wamp.close.killed', EMPTY);
    session.receive(call(1));
    assert.deepEqual(session.log, ['leave', 'send 6']);
    assert.equal(session.timer, 'goodbye');
    session.receive({ type: GOODBYE, details: EMPTY, reason: 'wamp.close.goodbye_and_out' });
    assert.equal(session.log.at(-1), 'close');

    const silent = new SessionUnderTest().established();
    silent.session.goodbye('wamp.close.killed', EMPTY);
    silent.session.onTimer('goodbye');
    assert.equal(silent.log.at(-1), 'close');
  });

  it('never answers an ABORT', () => {
    for (const session of [new SessionUnderTest(), new SessionUnderTest().established()]) {
      session.receive({
        type: ABORT,
        details: EMPTY,
        reason: 'wamp.close.normal',
        payload: NO_PAYLOAD,
      });
      assert.equal(session.sent.length, 0);
      assert.equal(session.session.state, 'ended');
    }
  });

  it('leaves the realm once when the transport is gone', () => {
    const session = new SessionUnderTest().established();
    session.session.closed();
    session.session.closed();
    assert.deepEqual(session.log, ['leave']);
  });
});

describe('announced features', () => {
  const announced = (features: Record<string, boolean>): ReadonlySet<string> | undefined => {
    const introduction = readHello({ roles: { callee: { features } } });
    assert.ok(!(introduction instanceof Violation));
    return introduction.features.callee;
  };

  it('are those of this client, whatever another one called its own', () => {
    assert.deepEqual([...announced({ 'call_canceling call_timeout': true })!].length, 1);
    const honest = announced({ call_timeout: true, call_canceling: true });
    assert.ok(honest?.has('call_canceling') && honest.has('call_timeout'));
  });

  it('are few', () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`x_${i}`, true]));
    const refused = readHello({ roles: { callee: { features: many } } });
    assert.ok(refused instanceof Violation);
    assert.match(refused.detail, /at most 100/);
  });
});

it('a session never gets the id of one that is open', () => {
  const realm = testRealm();
  const members = new Map([[1001, {} as never]]);
  const session = new SessionUnderTest({ ...realm, members });
  session.receive(hello());
  assert.ok(session.sent[0]?.type === WELCOME && session.sent[0].session === 1002);
});
