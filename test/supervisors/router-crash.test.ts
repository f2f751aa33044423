/** A realm's router is killed while callers keep it busy: every call is answered exactly once. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { KILLED } from '../../runtime/kernel/actor.ts';
import * as wamp from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import { startTestNode } from '../support/start.ts';
import { RAWSOCKET_MSGPACK, WEBSOCKET_JSON } from '../support/wire.ts';
import { find } from './support.ts';

const ROUTER = 'bondy/routing/realm1/router';
const CALLS = 2_000;
const WINDOW = 32;
const KILLS = 5; // as many as the router's supervisor forgives

it('a router killed under load loses no session, no registration and no call', async (t) => {
  const node = await startTestNode();
  t.after(() => node.stop());
  const join = async (wire: typeof WEBSOCKET_JSON): Promise<RawClient> => {
    const client = await (await RawClient.connect(node.urls, wire)).join();
    t.after(() => client.destroy());
    return client;
  };
  const [callee, ...callers] = [
    await join(RAWSOCKET_MSGPACK),
    await join(RAWSOCKET_MSGPACK),
    await join(WEBSOCKET_JSON),
  ];
  await callee.register('com.example.echo');
  const topicId = await callers[0].subscribe('com.example.topic');
  const isDone = { value: false };
  const answering = answerAll(callee, () => isDone.value);

  const every = Math.floor(CALLS / (KILLS + 1));
  let kills = 0;
  const kill = (answered: number): void => {
    if (answered % every !== 0 || kills === KILLS) return;
    assert(node.kernel.exit(ROUTER, KILLED), 'the router lives when it is killed');
    kills += 1;
  };
  const first = callMany(callers[0], kill);
  const second = callMany(callers[1], () => undefined);
  assert.deepEqual(await Promise.all([first, second]), [CALLS, CALLS]);
  assert.equal(find(node.kernel, ROUTER)?.restarts, KILLS);
  isDone.value = true;
  callee.destroy();
  await answering;

  const publisher = await join(RAWSOCKET_MSGPACK);
  await publisher.publish('com.example.topic', {}, ['still here']);
  const event = await callers[0].expect(wamp.EVENT);
  assert.equal(event[1], topicId);
});

/** Keeps WINDOW calls in flight until CALLS are answered; a second answer to any of them fails. */
async function callMany(caller: RawClient, onAnswer: (answered: number) => void): Promise<number> {
  const waiting = new Map<number, number>();
  let sent = 0;
  const next = (): void => {
    waiting.set(caller.request(wamp.CALL, {}, 'com.example.echo', [sent]), sent);
    sent += 1;
  };
  while (sent < WINDOW) next();
  let answered = 0;
  while (waiting.size > 0) {
    const message = await caller.next('an answer');
    const request = message[0] === wamp.ERROR ? message[2] : message[1];
    assert(message[0] === wamp.RESULT || message[0] === wamp.ERROR, `unexpected ${message[0]}`);
    const argument = waiting.get(request as number);
    assert.notEqual(argument, undefined, `call ${request} was answered twice or never made`);
    if (message[0] === wamp.RESULT) assert.deepEqual(message[3], [argument]);
    waiting.delete(request as number);
    answered += 1;
    onAnswer(answered);
    if (sent < CALLS) next();
  }
  return answered;
}

async function answerAll(callee: RawClient, isDone: () => boolean): Promise<void> {
  for (;;) {
    const invocation = await callee.next('an invocation').catch((error: unknown) => {
      if (isDone()) return undefined;
      throw error;
    });
    if (!invocation) return;
    assert.equal(invocation[0], wamp.INVOCATION);
    callee.send([wamp.YIELD, invocation[1], {}, invocation[4]]);
  }
}
