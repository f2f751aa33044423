/** Actors of other nodes: called, cast to and watched by name, and no more than was exported. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { REMOTE } from '../../../actors/links/api.ts';
import type { Exported, RemoteDown, RemoteOutcome, RemoteRef } from '../../../actors/links/api.ts';
import { remote } from '../../../actors/links/remote.actor.ts';
import { encodeRemote } from '../../../actors/links/remote-messages.ts';
import type { Definition, ReplyTo } from '../../../runtime/kernel/actor.ts';
import { name } from '../../../runtime/kernel/actor.ts';
import type { PlainValue } from '../../../runtime/net/peer/codec.ts';
import type { ChildSpec } from '../../../runtime/kernel/supervision.ts';
import { Inbox } from '../../support/inbox.ts';
import { pair, startPeer, text } from './peers.ts';
import type { Peer, PeerOptions } from './peers.ts';

type CounterMessage =
  | { readonly kind: 'add'; readonly by: number }
  | { readonly kind: 'read'; readonly reply: ReplyTo<PlainValue> }
  | { readonly kind: 'never' }
  | { readonly kind: 'crash' };

const COUNTER = name<CounterMessage>('counter');

const counter: Definition<CounterMessage> = {
  init(context) {
    let sum = 0;
    context.register(COUNTER);
    return {
      handle(message) {
        if (message.kind === 'add') sum += message.by;
        if (message.kind === 'read') message.reply.reply({ sum });
        if (message.kind === 'crash') context.exit({ kind: 'error', error: new Error('as asked') });
      },
    };
  },
};

const EXPORTS: readonly Exported[] = [
  {
    name: 'counter',
    target: COUNTER as never,
    cast: (body) => (typeof body === 'number' ? ({ kind: 'add', by: body } as never) : undefined),
    call: (body) => {
      if (body === 'read') return (reply) => ({ kind: 'read', reply }) as never;
      return body === 'never' ? () => ({ kind: 'never' }) as never : undefined;
    },
  },
];

function withRemote({ network }: Pick<Peer, 'network'>): readonly ChildSpec[] {
  const count = (): void => {};
  return [
    { id: 'counter', start: counter, restart: 'temporary' },
    { id: 'remote', start: remote({ network, exports: EXPORTS, count }) },
  ];
}

const OPTIONS: Partial<PeerOptions> = { children: withRemote, without: ['remote'] };
const THERE: RemoteRef = { node: 'b', name: 'counter' };

function call(
  peer: Peer,
  to: RemoteRef,
  body: PlainValue,
  timeoutMs = 2000,
): Promise<RemoteOutcome> {
  return new Promise((resolve) => {
    const reply = { reply: resolve };
    peer.kernel.whereis(REMOTE)!.cast({ kind: 'call', to, body, timeoutMs, reply });
  });
}

function watch(peer: Peer, ref: RemoteRef): Inbox<RemoteDown> {
  const inbox = new Inbox<RemoteDown>();
  const watcher = {
    cast: (down: RemoteDown) => {
      inbox.push(down);
      return 'accepted' as const;
    },
  };
  peer.kernel.whereis(REMOTE)!.cast({ kind: 'monitor', ref, watcher });
  return inbox;
}

const two = (t: TestContext): Promise<readonly [Peer, Peer]> => pair(t, OPTIONS, OPTIONS);

describe('an actor on another node', { concurrency: true }, () => {
  test('is cast to and called, in order', async (t) => {
    const [a] = await two(t);
    for (let i = 1; i <= 100; i++) {
      a.kernel.whereis(REMOTE)!.cast({ kind: 'cast', to: THERE, body: i });
    }
    assert.deepEqual(await call(a, THERE, 'read'), {
      kind: 'reply',
      value: Object.assign(Object.create(null) as object, { sum: 5050 }),
    });
  });

  test('answers late or not at all: the caller has a timeout', async (t) => {
    const [a] = await two(t);
    assert.deepEqual(await call(a, THERE, 'never', 50), { kind: 'timeout' });
  });

  test('is not reached when it was not exported, is not there, or does not understand', async (t) => {
    const [a, b] = await two(t);
    const hidden = { node: 'b', name: 'remote' };
    assert.deepEqual(await call(a, hidden, 'read'), { kind: 'down', reason: 'noproc' });
    assert.deepEqual(await call(a, THERE, 'what?'), { kind: 'down', reason: 'refused' });
    const nowhere = { node: 'nowhere', name: 'counter' };
    assert.deepEqual(await call(a, nowhere, 'read'), { kind: 'down', reason: 'node_down' });
    b.kernel.whereis(COUNTER)!.cast({ kind: 'crash' });
    await b.until('crashed', () => b.logged.some(({ event }) => event === 'crash'));
    assert.deepEqual(await call(a, THERE, 'read'), { kind: 'down', reason: 'noproc' });
  });

  test('that ends during a call fails it at once', async (t) => {
    const [a, b] = await two(t);
    const outcome = call(a, THERE, 'never', 5000);
    const inbox = watch(a, THERE);
    await call(a, THERE, 'read'); // so both have arrived
    b.kernel.whereis(COUNTER)!.cast({ kind: 'crash' });
    assert.deepEqual(await outcome, { kind: 'down', reason: 'ended' });
    const down = { kind: 'remote_down', ref: THERE, reason: 'ended' };
    assert.deepEqual(await inbox.next(2000, 'down'), down);
  });

  test('takes everybody along when its node goes: calls fail, monitors say DOWN once', async (t) => {
    const [a, b] = await two(t);
    const outcome = call(a, THERE, 'never', 5000);
    const inbox = watch(a, THERE);
    await call(a, THERE, 'read');
    await b.kernel.stop();
    assert.deepEqual(await outcome, { kind: 'down', reason: 'node_down' });
    assert.equal((await inbox.next(2000, 'down')).reason, 'node_down');
    assert.equal(inbox.size, 0);
    assert.equal((await watch(a, THERE).next(2000, 'down')).reason, 'node_down');
  });

  test('is still honest when the service between them crashes', async (t) => {
    const [a, b] = await two(t);
    const outcome = call(a, THERE, 'never', 5000);
    const inbox = watch(a, THERE);
    await call(a, THERE, 'read');
    b.kernel.exit('root/remote', { kind: 'error', error: new Error('a bug') });
    assert.deepEqual(await outcome, { kind: 'down', reason: 'ended' });
    assert.equal((await inbox.next(2000, 'down')).reason, 'ended');
    assert.equal((await call(a, THERE, 'read')).kind, 'reply');
  });

  test('gets nothing that is malformed', async (t) => {
    const [a, b] = await two(t);
    const bodies = [
      text('noise'),
      encodeRemote({ kind: 'answer', id: 7, body: 'to no question' }),
      encodeRemote({ kind: 'down', id: 7, reason: 'ended' }),
      encodeRemote({ kind: 'call', id: -1, name: 'counter', timeoutMs: 1, body: 1 }),
      encodeRemote({ kind: 'call', id: 1, name: 'counter', timeoutMs: 1e15, body: 1 }),
      encodeRemote({ kind: 'cast', name: 'counter', body: { not: 'a number' } }),
    ];
    for (const body of bodies) a.network.send('b', 'relay', 'remote', body);
    assert.equal((await call(a, THERE, 'read')).kind, 'reply');
    assert.deepEqual(b.kernel.crashes(), []);
  });
});

test('a node without the service lets calls time out and no link suffer', async (t) => {
  const a = await startPeer(t, { name: 'a', ...OPTIONS });
  const b = await startPeer(t, { name: 'b', without: ['remote'] });
  a.connectTo(b);
  await a.untilLinked(b);
  assert.deepEqual(await call(a, THERE, 'read', 50), { kind: 'timeout' });
  assert.equal(b.count('peer_messages_for_nobody'), 1);
});
