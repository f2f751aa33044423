import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRORS } from '../../../../runtime/wamp/uris.ts';
import { NO_FEATURES } from '../support.ts';
import { heard, Rpc, told } from './rpc.ts';

describe('REGISTER', () => {
  it('is answered with an id, then announced: created before registered', () => {
    const rpc = new Rpc();
    const callee = rpc.client();
    assert.match(told(callee.register('com.app.add')), /^REGISTERED 1$/);
    assert.deepEqual(rpc.takeEvents(), ['on_create', 'on_register']);
  });

  it('describes the registration in on_create', () => {
    const rpc = new Rpc();
    const callee = rpc.client();
    const id = callee.registered('com.app', { match: 'prefix', invoke: 'roundrobin' });
    const [created] = rpc.effects.announced;
    assert.deepEqual(created.args, [
      callee.id,
      {
        id,
        created: '2023-11-14T22:13:20.000Z',
        uri: 'com.app',
        match: 'prefix',
        invoke: 'roundrobin',
      },
    ]);
  });

  it('of a procedure that is taken fails', () => {
    const rpc = new Rpc();
    rpc.client().registered('com.app.add');
    const answer = rpc.client().register('com.app.add');
    assert.equal(told(answer), `ERROR of 64 1 ${ERRORS.procedureAlreadyExists}`);
  });

  it('of the same procedure by the same session fails, shared or not', () => {
    const rpc = new Rpc();
    const callee = rpc.client();
    callee.registered('com.app.add', { invoke: 'roundrobin' });
    const answer = callee.register('com.app.add', { invoke: 'roundrobin' });
    assert.equal(told(answer), `ERROR of 64 2 ${ERRORS.procedureAlreadyExists}`);
  });

  it('joins a shared registration of the same policy and gets its id', () => {
    const rpc = new Rpc();
    const id = rpc.client().registered('com.app.add', { invoke: 'random' });
    rpc.takeEvents();
    assert.equal(rpc.client().registered('com.app.add', { invoke: 'random' }), id);
    assert.deepEqual(rpc.takeEvents(), ['on_register']);
    const other = rpc.client().register('com.app.add', { invoke: 'first' });
    assert.equal(told(other), `ERROR of 64 1 ${ERRORS.procedureAlreadyExists}`);
  });

  it('knows the short names of Bondy’s policies', () => {
    const rpc = new Rpc();
    rpc.client().registered('com.app.add', { invoke: 'jch' });
    rpc.client().registered('com.app.add', { invoke: 'jump_consistent_hash' });
  });

  it('of the same URI with another match policy is another registration', () => {
    const rpc = new Rpc();
    const callee = rpc.client();
    const ids = ['exact', 'prefix', 'wildcard'].map((match) => callee.registered('a.b', { match }));
    assert.equal(new Set(ids).size, 3);
  });

  for (const uri of ['', 'a..b', 'a b', 'a.#', '.a', 'wamp.x', 'wamp', 'bondy.x']) {
    it(`refuses the procedure "${uri}"`, () => {
      const answer = new Rpc().client().register(uri);
      assert.equal(told(answer), `ERROR of 64 1 ${ERRORS.invalidUri}`);
    });
  }

  it('refuses a URI longer than the limit, and takes wampum.x', () => {
    const rpc = new Rpc({ maxUriLength: 10 });
    assert.match(told(rpc.client().register('a2345678901')), /invalid_uri/);
    rpc.client().registered('wampum.x');
  });

  for (const options of [
    { match: 'regex' },
    { match: 1 },
    { invoke: 'all' },
    { concurrency: -1 },
    { concurrency: 1.5 },
    { disclose_caller: 'yes' },
    { force_reregister: 1 },
  ]) {
    it(`refuses the options ${JSON.stringify(options)}`, () => {
      const answer = new Rpc().client().register('a.b', options);
      assert.equal(told(answer), `ERROR of 64 1 ${ERRORS.invalidArgument}`);
    });
  }

  it('takes null for absent and ignores what it does not know', () => {
    new Rpc().client().registered('a.b', { match: null, invoke: null, _unknown_key: 7 });
  });

  it('stops at the limit of a session', () => {
    const rpc = new Rpc({ maxRegistrationsPerSession: 1 });
    const callee = rpc.client();
    callee.registered('a.b');
    assert.match(told(callee.register('a.c')), /limit_exceeded/);
  });
});

describe('UNREGISTER', () => {
  it('of the last callee deletes the registration', () => {
    const rpc = new Rpc();
    const callee = rpc.client();
    const id = callee.registered('a.b');
    rpc.takeEvents();
    assert.equal(told(callee.unregister(id)), 'UNREGISTERED 2');
    assert.deepEqual(rpc.takeEvents(), ['on_unregister', 'on_delete']);
    assert.equal(rpc.registrations.size, 0);
    rpc.client().registered('a.b');
  });

  it('of one of two callees leaves the other', () => {
    const rpc = new Rpc();
    const [one, two, caller] = [rpc.client(), rpc.client(), rpc.client()];
    const id = one.registered('a.b', { invoke: 'first' });
    two.registered('a.b', { invoke: 'first' });
    rpc.takeEvents();
    one.unregister(id);
    assert.deepEqual(rpc.takeEvents(), ['on_unregister']);
    caller.call('a.b');
    assert.deepEqual(heard(two), ['INVOCATION 1']);
  });

  it('of somebody else’s registration, or of none, fails', () => {
    const rpc = new Rpc();
    const id = rpc.client().registered('a.b');
    const stranger = rpc.client();
    assert.equal(told(stranger.unregister(id)), `ERROR of 66 1 ${ERRORS.noSuchRegistration}`);
    assert.equal(told(stranger.unregister(4711)), `ERROR of 66 2 ${ERRORS.noSuchRegistration}`);
  });

  it('does not take back invocations that are under way', () => {
    const rpc = new Rpc();
    const [callee, caller] = [rpc.client(), rpc.client()];
    const id = callee.registered('a.b');
    caller.call('a.b');
    callee.unregister(id);
    callee.yield(1);
    assert.deepEqual(heard(caller), ['RESULT 1']);
  });
});

describe('losing a registration', () => {
  it('force_reregister takes the procedure and tells callees that announced revocation', () => {
    const rpc = new Rpc();
    const [old, deaf, taker, caller] = [
      rpc.client(),
      rpc.client({ features: NO_FEATURES }),
      rpc.client(),
      rpc.client(),
    ];
    const id = old.registered('a.b', { invoke: 'first' });
    deaf.registered('a.b', { invoke: 'first' });
    rpc.takeEvents();
    const taken = taker.registered('a.b', { force_reregister: true });
    assert.notEqual(taken, id);
    assert.deepEqual(rpc.takeEvents(), [
      'on_unregister',
      'on_unregister',
      'on_delete',
      'on_create',
      'on_register',
    ]);
    const reason = 'bondy.registration.taken_over';
    assert.deepEqual(heard(old), [
      `UNREGISTERED 0 ${JSON.stringify({ registration: id, reason })}`,
    ]);
    assert.deepEqual(heard(deaf), []);
    caller.call('a.b');
    assert.deepEqual(heard(taker), ['INVOCATION 1']);
  });

  it('force_reregister is refused where the configuration says so', () => {
    const rpc = new Rpc({ allowForceReregister: false });
    const answer = rpc.client().register('a.b', { force_reregister: true });
    assert.match(told(answer), /option_not_allowed/);
  });

  it('a callee that leaves takes its registrations with it', () => {
    const rpc = new Rpc();
    const [callee, other] = [rpc.client(), rpc.client()];
    callee.registered('a.b', { invoke: 'last' });
    other.registered('a.b', { invoke: 'last' });
    callee.registered('a.c');
    rpc.takeEvents();
    callee.leave();
    assert.deepEqual(rpc.takeEvents(), ['on_unregister', 'on_unregister', 'on_delete']);
    assert.equal(rpc.registrations.size, 1);
    assert.deepEqual(heard(callee), []);
  });

  it('an administrator revokes one callee or all', () => {
    const rpc = new Rpc();
    const [one, two] = [rpc.client(), rpc.client()];
    const id = one.registered('a.b', { invoke: 'random' });
    two.registered('a.b', { invoke: 'random' });
    const registration = rpc.registrations.get(id);
    assert.ok(registration);
    rpc.dealer.registrar.revoke(registration, 'com.app.moved', two.member);
    assert.deepEqual(heard(two).length, 1);
    rpc.dealer.registrar.revoke(registration, 'com.app.moved');
    assert.deepEqual(heard(one).length, 1);
    assert.equal(rpc.registrations.size, 0);
  });
});
