/** Sessions and their realm's router, when one of them is busy, full, or dies. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Realm } from '../../../actors/realms/api.ts';
import { KILLED } from '../../../runtime/kernel/actor.ts';
import type { Outlet } from '../../../runtime/net/connection.ts';
import type { Message, RouterMessage } from '../../../runtime/wamp/message.ts';
import {
  ABORT,
  EMPTY,
  ERROR,
  EVENT,
  GOODBYE,
  HELLO,
  INVOCATION,
  REGISTER,
  REGISTERED,
  RESULT,
  SUBSCRIBE,
  SUBSCRIBED,
  UNSUBSCRIBE,
  UNSUBSCRIBED,
  WELCOME,
} from '../../../runtime/wamp/message.ts';
import { CLOSE, ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Client } from './stage.ts';
import { ROLES, Stage } from './stage.ts';

const HELLO_1: Message = { type: HELLO, realm: 'realm1', details: ROLES };

function realmOf(stage: Stage): Realm {
  const realm = stage.directory.lookup('realm1');
  assert(realm);
  return realm;
}

/** The realm's router takes nothing that it may refuse, from now on. */
function fill(stage: Stage): void {
  const realm = realmOf(stage);
  const admit = realm.router.admit.bind(realm.router);
  stage.directory.open({ ...realm, router: { cast: () => 'refused', admit } });
}

/** Whoever sends this client such a message dies of it. */
function poison(client: Client, isDeadly: (message: RouterMessage) => boolean): void {
  const outlet: Outlet = client.connection.outlet;
  const send = outlet.send.bind(outlet);
  outlet.send = (message) => {
    if (isDeadly(message)) throw new Error('poison');
    return send(message);
  };
}

function summary(message: Message): string {
  const { type } = message;
  if (type === ERROR) return `ERROR ${message.request} ${message.error}`;
  return 'request' in message ? `${type} ${message.request}` : `${type}`;
}

describe('a router that takes no more', () => {
  it('refuses a session that would join, which is told', () => {
    const stage = new Stage();
    fill(stage);
    const client = stage.connect();
    client.send(HELLO_1);
    stage.settle();
    const [welcome, abort] = client.take();
    assert.equal(welcome?.type, WELCOME);
    assert.ok(abort?.type === ABORT && abort.reason === ERRORS.unavailable);
    assert.equal(client.isClosed, true);
    assert.equal(realmOf(stage).members.size, 0);
  });

  it('ends a session whose requests it refuses with one ABORT, and lets it leave', () => {
    const stage = new Stage();
    const router = { ...realmOf(stage).router };
    const realm = realmOf(stage);
    let isFull = false;
    const cast = realm.router.cast.bind(realm.router);
    const admit = realm.router.admit.bind(realm.router);
    router.cast = (message) => (isFull ? 'refused' : cast(message));
    stage.directory.open({ ...realm, router: { ...router, admit } });
    const client = stage.join();
    assert.equal(realm.members.size, 1);
    isFull = true;
    // The second HELLO is a violation of its own.
    client.sendTogether([client.publish('a.b'), client.publish('a.b'), HELLO_1]);
    stage.settle();
    assert.deepEqual(client.types(), [ABORT]);
    assert.equal(stage.counter('requests_refused'), 2);
    assert.equal(stage.counter('sessions_aborted'), 1);
    assert.equal(realm.members.size, 0);
  });
});

describe('what a session has asked for before its end', () => {
  for (const [how, end] of [
    ['GOODBYE', (client: Client) => client.send({ type: GOODBYE, details: EMPTY, reason: 'a.b' })],
    ['a closed connection', (client: Client) => client.disconnect()],
    ['a violation', (client: Client) => client.send(HELLO_1)],
  ] as const) {
    it(`is done, whoever is first in the turn (${how})`, () => {
      for (let seed = 1; seed <= 40; seed++) {
        const stage = new Stage({}, seed);
        const [publisher, subscriber] = [stage.join(), stage.join()];
        subscriber.subscribe('a.b');
        for (let i = 0; i < 3; i++) publisher.send(publisher.publish('a.b', [i]));
        end(publisher);
        stage.settle();
        assert.deepEqual(subscriber.types(), [EVENT, EVENT, EVENT], `seed ${seed}`);
        publisher.disconnect();
        stage.settle();
        assert.equal(realmOf(stage).members.size, 1, `seed ${seed}`);
      }
    });
  }

  it('is done when the session dies of what follows in the same chunk', () => {
    const stage = new Stage();
    const [publisher, subscriber] = [stage.join(), stage.join()];
    subscriber.subscribe('a.b');
    const { outlet } = publisher.connection;
    let decoded = 0;
    const codec = Object.create(outlet.codec, {
      decode: {
        value: (...args: Parameters<typeof outlet.codec.decode>) => {
          if (++decoded === 3) throw new Error('poison');
          return Object.getPrototypeOf(codec).decode(...args);
        },
      },
    });
    Object.defineProperty(outlet, 'codec', { value: codec });
    publisher.sendTogether([1, 2, 3, 4].map((n) => publisher.publish('a.b', [n])));
    stage.settle();
    assert.deepEqual(subscriber.types(), [EVENT, EVENT]);
    assert.equal(publisher.isClosed, true);
    assert.equal(realmOf(stage).members.size, 1);
  });
});

describe('a router that dies', () => {
  it('among retained events has answered SUBSCRIBE, once', () => {
    const stage = new Stage();
    const [publisher, subscriber] = [stage.join(), stage.join()];
    publisher.send(publisher.publish('a.b', ['x'], { retain: true }));
    stage.settle();
    poison(subscriber, ({ type }) => type === EVENT);
    const options = { get_retained: true };
    const request = subscriber.next();
    subscriber.sendTogether([
      { type: SUBSCRIBE, request, options, topic: 'a.b' },
      { type: REGISTER, request: subscriber.next(), options: EMPTY, procedure: 'a.b' },
    ]);
    stage.settle();
    assert.deepEqual(subscriber.take().map(summary), [
      `${SUBSCRIBED} ${request}`,
      `${REGISTERED} ${request + 1}`,
    ]);
    assert.equal(stage.kernel.crashes().length, 1);
  });

  it('of a meta event has answered what caused it, once', () => {
    const stage = new Stage();
    const [watcher, client] = [stage.join(), stage.join()];
    watcher.subscribe('wamp.', { match: 'prefix' });
    const topic = client.subscribe('a.b');
    watcher.take();
    poison(watcher, ({ type }) => type === EVENT);
    const [first, second] = [client.next(), client.next()];
    client.sendTogether([
      { type: REGISTER, request: first, options: EMPTY, procedure: 'a.b' },
      { type: UNSUBSCRIBE, request: second, subscription: topic },
    ]);
    stage.settle();
    assert.deepEqual(client.take().map(summary), [
      `${REGISTERED} ${first}`,
      `${UNSUBSCRIBED} ${second}`,
    ]);
    assert.equal(stage.kernel.crashes().length, 2);
  });

  it('of two requests of one chunk answers each once and loses none of the others', () => {
    const stage = new Stage();
    const [caller, callee, deadly] = [stage.join(), stage.join(), stage.join()];
    callee.register('good');
    deadly.register('bad');
    poison(deadly, ({ type }) => type === INVOCATION);
    const calls = ['good', 'bad', 'bad', 'good'].map((procedure) => caller.call(procedure));
    caller.sendTogether(calls);
    stage.settle();
    for (const invocation of callee.take()) {
      if (invocation.type === INVOCATION) callee.yield(invocation.request);
    }
    stage.settle();
    assert.deepEqual(caller.take().map(summary).sort(), [
      `${RESULT} 1`,
      `${RESULT} 4`,
      `ERROR 2 ${ERRORS.internal}`,
      `ERROR 3 ${ERRORS.internal}`,
    ]);
    assert.equal(stage.kernel.crashes().length, 2);
  });

  it('of a session that joins leaves it a member', () => {
    const stage = new Stage();
    const watcher = stage.join();
    watcher.subscribe('wamp.session.on_join');
    poison(watcher, ({ type }) => type === EVENT);
    const client = stage.join();
    assert.ok(client.register('a.b') > 0);
  });
});

describe('a realm that is closed', () => {
  it('says goodbye to its sessions, and takes them again when it is back', () => {
    const stage = new Stage();
    const client = stage.join();
    client.send(client.publish('a.b'));
    assert(stage.kernel.exit('root/routing/realm1/realm', KILLED));
    stage.settle();
    const [goodbye] = client.take();
    assert.ok(goodbye?.type === GOODBYE && goodbye.reason === CLOSE.closeRealm);
    client.send({ type: GOODBYE, details: EMPTY, reason: CLOSE.goodbyeAndOut });
    stage.settle();
    assert.equal(client.isClosed, true);
    assert.ok(stage.join().subscribe('a.b') > 0);
    assert.equal(realmOf(stage).members.size, 1);
  });
});
