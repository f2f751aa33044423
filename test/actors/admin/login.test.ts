/** Who makes a request, by cores alone: what headers say, what is remembered, who may ask how often, what is open. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { claimedAuthid, credentialsOf } from '../../../actors/admin/access/credentials.ts';
import { KnownLogins } from '../../../actors/admin/access/known-logins.ts';
import type { LoginOutcome, LoginPorts } from '../../../actors/admin/access/login.ts';
import { Login } from '../../../actors/admin/access/login.ts';
import { isOpen } from '../../../actors/admin/access/openness.ts';
import { RequestRate } from '../../../actors/admin/access/rate.ts';
import type { Authentication, EffectiveUser, Verdict } from '../../../actors/security/api.ts';

const MASTER = 'com.leapsight.bondy';
const encode = (text: string): string => Buffer.from(text).toString('base64');

describe('an Authorization header', () => {
  test('says name and password, whatever is in them', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        text.filter((name) => !name.includes(':')),
        text,
        (username, password) => {
          const header = `Basic ${encode(`${username}:${password}`)}`;
          assert.deepEqual(credentialsOf(header), { kind: 'basic', username, password });
        },
      ),
    );
  });

  test('of any other text is malformed, and no error', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (text) => {
        const { kind } = credentialsOf(text);
        assert(kind === 'malformed' || /^b(asic|earer) /i.test(text));
        claimedAuthid(text);
      }),
    );
    for (const text of [
      '',
      'Basic',
      'Basic a:b',
      `Basic ${encode('no colon')}`,
      'Bearer',
      'bearer a b',
    ]) {
      assert.equal(credentialsOf(text).kind, 'malformed', text);
    }
    assert.equal(credentialsOf(undefined).kind, 'none');
  });

  test('with a ticket says for whom it claims to be', () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    assert.equal(claimedAuthid(`a.${part({ authid: 'üser1' })}.b`), 'üser1');
    for (const claims of [null, [], 1, 'x', {}, { authid: 1 }, { authid: '' }]) {
      assert.equal(claimedAuthid(`a.${part(claims)}.b`), undefined);
    }
  });
});

/** An authenticator whose verdicts the test gives. */
class Stage {
  now = 0;
  passwordAt = 1;
  isEnabled = true;
  methods = ['password'];
  isTaken = true;
  mayStay = true;
  /** Answers that were asked for: method and secret. */
  readonly asked: (readonly [string, string])[] = [];
  readonly #deliveries: ((verdict: () => Verdict) => void)[] = [];
  readonly login: Login;

  constructor() {
    const attempt = (): Authentication => {
      let method = '';
      return {
        begin: ({ authmethods }) => {
          method = authmethods[0]!;
          return { kind: 'challenge', method, extra: {} };
        },
        answer: (secret) => {
          this.asked.push([method, secret]);
          return { kind: 'pending', settle: (deliver) => void this.#deliveries.push(deliver) };
        },
      };
    };
    const ports: LoginPorts = {
      masterRealm: MASTER,
      authenticator: { attempt },
      policy: {
        user: (_realm, username) => this.#user(username),
        methodsFrom: () => this.methods,
        allows: () => false,
      },
      mayStay: () => this.mayStay,
      isOperatorToken: (token) => token === 'operator',
      digest: (text) => text,
      now: () => this.now,
      later: (task) => {
        if (this.isTaken) task();
        return this.isTaken;
      },
    };
    this.login = new Login(ports, { forMs: 1_000, maxEntries: 2 });
  }

  #user(username: string): EffectiveUser {
    const { isEnabled: enabled, passwordAt } = this;
    const password = { hash: 'x', scram: null, cra: null };
    return { username, enabled, passwordAt, password } as EffectiveUser;
  }

  deliver(verdict: Verdict): void {
    this.#deliveries.shift()!(() => verdict);
  }

  try(username = 'admin', password = 'right', address = '10.0.0.1'): LoginOutcome[] {
    const outcomes: LoginOutcome[] = [];
    this.login.check({ kind: 'basic', username, password }, address, (each) => outcomes.push(each));
    return outcomes;
  }
}

function welcome(username: string, subject: unknown = { username, groups: undefined }): Verdict {
  const principal = { authid: username, authmethod: 'password', subject, authextra: {} } as Extract<
    Verdict,
    { kind: 'welcome' }
  >['principal'];
  return { kind: 'welcome', principal };
}

describe('a login', () => {
  test('that was right is not asked about again while it is remembered, from the same address', () => {
    const stage = new Stage();
    const first = stage.try();
    stage.deliver(welcome('admin'));
    const caller = { realm: MASTER, username: 'admin', isMaster: true };
    const open = { groups: undefined, isVouchedFor: undefined, ticket: undefined };
    const granted = { ...caller, ...open, authmethod: 'password' };
    assert.deepEqual(
      first.map((each) => each.kind === 'granted' && each.caller),
      [granted],
    );
    assert.equal(stage.try()[0]?.kind, 'granted');
    assert.equal(stage.asked.length, 1);
    assert.equal(stage.try('admin', 'right', '10.0.0.2').length, 0);
    assert.equal(stage.try('admin', 'wrong').length, 0);
    stage.now = 1_000;
    assert.equal(stage.try().length, 0);
    assert.equal(stage.asked.length, 4);
  });

  test('is asked about again once the user is disabled, has another password or may not come from there', () => {
    const changes: ((stage: Stage) => void)[] = [
      (stage) => void (stage.isEnabled = false),
      (stage) => void (stage.passwordAt = 2),
      (stage) => void (stage.methods = []),
    ];
    for (const change of changes) {
      const stage = new Stage();
      stage.try();
      stage.deliver(welcome('admin'));
      change(stage);
      assert.equal(stage.try().length, 0);
      assert.equal(stage.asked.length, 2);
    }
  });

  test('lets stay whom it let in, until that was taken back or the password is another', () => {
    const changes: ((stage: Stage) => void)[] = [
      (stage) => void (stage.mayStay = false),
      (stage) => void (stage.passwordAt = 2),
    ];
    for (const change of changes) {
      const stage = new Stage();
      const outcomes = stage.try();
      stage.deliver(welcome('admin'));
      const [granted] = outcomes;
      assert(granted?.kind === 'granted' && granted.mayStay());
      change(stage);
      assert.equal(granted.mayStay(), false);
    }
  });

  test('that is wrong is remembered by nobody, and asked about once however many ask at the same time', () => {
    const stage = new Stage();
    const all = [stage.try(), stage.try(), stage.try()];
    assert.equal(stage.asked.length, 1);
    stage.deliver({ kind: 'refused', reason: 'wamp.error.authentication_failed', detail: 'no' });
    assert.deepEqual(
      all.flat().map(({ kind }) => kind),
      ['refused', 'refused', 'refused'],
    );
    stage.try();
    assert.equal(stage.asked.length, 2);
  });

  test('is refused for now when nobody can check it, and when this node is overloaded', () => {
    const stage = new Stage();
    const unavailable = stage.try();
    stage.deliver({ kind: 'refused', reason: 'wamp.error.unavailable', detail: 'later' });
    assert.deepEqual(unavailable, [{ kind: 'refused', status: 503, message: 'later' }]);
    const late = stage.try();
    stage.isTaken = false;
    stage.deliver(welcome('admin'));
    assert.deepEqual(
      late.map((each) => each.kind === 'refused' && each.status),
      [503],
    );
  });

  test('of a realm without rules makes nobody an administrator', () => {
    const stage = new Stage();
    const outcomes = stage.try();
    const principal = { authid: 'admin', authextra: {} } as Extract<
      Verdict,
      { kind: 'welcome' }
    >['principal'];
    stage.deliver({ kind: 'welcome', principal });
    assert.deepEqual(
      outcomes.map((each) => each.kind === 'refused' && each.status),
      [403],
    );
  });

  test('by token is the operator, by ticket whoever it is for', () => {
    const stage = new Stage();
    const outcomes: LoginOutcome[] = [];
    const bearer = (token: string) =>
      stage.login.check({ kind: 'bearer', token }, '10.0.0.1', (each) => outcomes.push(each));
    bearer('operator');
    bearer('other');
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['granted', 'refused'],
    );
    const ticket = `a.${Buffer.from('{"authid":"user1"}').toString('base64url')}.b`;
    bearer(ticket);
    assert.deepEqual(stage.asked, [['ticket', ticket]]);
    stage.deliver(welcome('user1'));
    assert.equal(outcomes[2]?.kind, 'granted');
  });
});

test('what is remembered is bounded, the oldest first', () => {
  const known = new KnownLogins<number>({ forMs: 100, maxEntries: 3 });
  for (let i = 0; i < 10; i++) known.put(`${i}`, i, i);
  assert.equal(known.size, 3);
  assert.deepEqual(
    [known.get('6', 10), known.get('9', 10), known.get('9', 109)],
    [undefined, 9, undefined],
  );
  const nothing = new KnownLogins<number>({ forMs: 0, maxEntries: 3 });
  nothing.put('a', 1, 0);
  assert.equal(nothing.size, 0);
});

test('an address has its rate, a burst of twice as much, and others are not slowed down', () => {
  const rate = new RequestRate(10, 2);
  const taken = (address: string, now: number) =>
    Array.from({ length: 50 }, () => rate.take(address, now)).filter(Boolean).length;
  assert.deepEqual(
    [taken('a', 0), taken('b', 0), taken('a', 500), taken('a', 10_000)],
    [20, 20, 5, 20],
  );
  for (let i = 0; i < 100; i++) rate.take(`${i}`, 10_000);
  assert.equal(rate.size, 2);
});

test('the views are open to loopback addresses, or to those that the configuration says', () => {
  const loopback = ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'];
  const others = [
    '10.0.0.1',
    '::ffff:10.0.0.1',
    'fe80::1',
    '127.0.0.1.example',
    '::ffff:8.127.0.0',
    '',
    undefined,
  ];
  for (const address of loopback) {
    assert.equal(isOpen('loopback', 'view', address), true, address);
    assert.equal(isOpen('metrics', 'view', address), true, address);
    assert.equal(isOpen('off', 'metrics', address), false, address);
  }
  for (const address of others) {
    assert.equal(isOpen('loopback', 'metrics', address), false, address);
    assert.equal(isOpen('metrics', 'view', address), false, address);
    assert.equal(isOpen('metrics', 'metrics', address), true, address);
    assert.equal(isOpen('everywhere', 'view', address), true, address);
  }
});
