/** What a link survives, and what it says when it does not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_LINKS } from '../../../actors/links/config.ts';
import { pairWithMiddle } from './middle.ts';
import { pair, startPeer, text } from './peers.ts';

describe('a lost connection', { concurrency: true }, () => {
  test('of one channel is opened again; the link stays up and other channels notice nothing', async (t) => {
    const { a, b, middle } = await pairWithMiddle(t);
    middle.cut('relay');
    await a.until('aware', () => a.count('peer_connections_lost') === 1);
    assert.equal(a.network.send('b', 'relay', 'relay', text('waits')), 'queued');
    a.network.send('b', 'control', 'membership', text('passes'));
    await b.until('told', () => b.hearings('relay') === 2);
    assert.deepEqual(b.words('relay'), ['up a#1', 'a: waits']);
    assert.deepEqual(b.words('membership'), ['up a#1', 'a: passes']);
    assert.equal(a.hearings('membership'), 1);
  });

  test('of control ends the link, which is dialled anew', async (t) => {
    const { a, b, middle } = await pairWithMiddle(t);
    middle.cut('control');
    await Promise.all([
      a.until('linked again', () => a.hearings('relay') === 3),
      b.until('linked again', () => b.hearings('relay') === 3),
    ]);
    assert.deepEqual(a.words('relay'), ['up b#1', 'down b#1', 'up b#1']);
    assert.deepEqual(b.words('relay'), ['up a#1', 'down a#1', 'up a#1']);
  });

  test('that nobody closed is found by silence, on both sides', async (t) => {
    const config = { pingIntervalMs: 100, silenceMs: 400 };
    const { a, b, middle } = await pairWithMiddle(t, { config }, { config });
    middle.isClosed = true;
    const started = performance.now();
    middle.silence();
    await Promise.all([a.untilUnlinked(b), b.untilUnlinked(a)]);
    const took = performance.now() - started;
    assert(took > 300 && took < 1500, `${took} ms`);
    assert(a.count('peer_connections_silent') > 0);
    middle.isClosed = false;
    await a.untilLinked(b);
  });

  test('with the shipped timings a pulled cable is found within 5 seconds', async (t) => {
    const { a, b, middle } = await pairWithMiddle(t);
    middle.isClosed = true;
    const started = performance.now();
    middle.silence();
    await a.untilUnlinked(b);
    assert(performance.now() - started < 5000);
  });

  test('of a channel that does not come back ends the link', async (t) => {
    const config = { incompleteMs: 300, pingIntervalMs: 100 };
    const { a, b, middle } = await pairWithMiddle(t, { config }, { config });
    middle.isClosed = true;
    middle.cut('store');
    await Promise.all([a.untilUnlinked(b), b.untilUnlinked(a)]);
  });
});

describe('acknowledged messages', { concurrency: true }, () => {
  test('arrive once each, in order, however often the wire is cut', async (t) => {
    const { a, b, middle } = await pairWithMiddle(t);
    const rest = Array.from({ length: 300 }, (_, i) => i);
    const cuts = new Set([50, 120, 200]);
    let sent = 0;
    const sendMore = (): void => {
      for (; sent < rest.length; sent++) {
        const body = text(`${sent}`.padEnd(20_000));
        const result = a.network.send('b', 'relay', 'relay', body, { acknowledged: true });
        if (result !== 'queued') return;
        if (!cuts.delete(sent)) continue;
        if (sent === 200) middle.cut();
        else middle.cut('relay');
        return void (sent += 1);
      }
    };
    await a.until('done', () => {
      sendMore();
      return sent === rest.length;
    });
    await b.until(
      'complete',
      () => numbers(b).length >= rest.length && a.count('peer_connections_lost') >= 3,
    );
    assert.deepEqual(numbers(b), rest);
  });

  test('wait until their service is there', async (t) => {
    const [a, b] = await pair(t);
    b.delivery = 'dead';
    a.network.send('b', 'relay', 'relay', text('persistent'), { acknowledged: true });
    await a.until('patient', () => a.count('peer_messages_resent') >= 2);
    b.delivery = 'accepted';
    await b.until('told', () => b.hearings('relay') === 2);
    assert.equal(b.words('relay')[1], 'a: persistent');
  });

  test('that were doubled, dropped or late on the way are delivered once', async (t) => {
    const [a, b] = await pair(t);
    let passed = 0;
    a.network.interpose(({ direction }) => {
      if (direction === 'in') return { kind: 'pass' };
      switch (passed++ % 4) {
        case 0:
          return { kind: 'drop' };
        case 1:
          return { kind: 'duplicate', times: 3 };
        case 2:
          return { kind: 'delay', ms: 30 };
        default:
          return { kind: 'pass' };
      }
    });
    for (let i = 0; i < 40; i++) {
      a.network.send('b', 'store', 'relay', text(`${i}`), { acknowledged: true });
    }
    await b.until('complete', () => b.hearings('relay') >= 41);
    assert.deepEqual(
      numbers(b).sort((x, y) => x - y),
      Array.from({ length: 40 }, (_, i) => i),
    );
    assert(b.count('peer_duplicates_ignored') > 0);
  });

  test('to a life that is over are given up and counted', async (t) => {
    const { a, b, middle } = await pairWithMiddle(t);
    b.delivery = 'dead';
    a.network.send('b', 'relay', 'relay', text('for the first b'), { acknowledged: true });
    await a.until('patient', () => a.count('peer_messages_resent') >= 1);
    await b.kernel.stop();
    await a.untilUnlinked(b);
    middle.cut();
    const successor = await startPeer(t, { name: 'b', incarnation: 2 });
    a.connectTo(successor);
    await a.untilLinked(successor);
    assert.equal(a.count('peer_unacknowledged_dropped'), 1);
    assert.deepEqual(successor.words('relay'), ['up a#1']);
  });
});

describe('a receiver that does not keep up', { concurrency: true }, () => {
  test('is held for: memory is bounded, the sender is told, and nothing is lost', async (t) => {
    const queueBytes = 4 * 1024 * 1024;
    const channels = {
      ...DEFAULT_LINKS.channels,
      relay: { ...DEFAULT_LINKS.channels.relay, queueBytes },
    };
    const [a, b] = await pair(t, { config: { channels } });
    b.delivery = 'refused';
    const body = new Uint8Array(100_000);
    let queued = 0;
    while (a.network.send('b', 'relay', 'relay', body) === 'queued' && queued < 1000) queued++;
    assert(queued >= 40 && queued < 1000, `${queued}`);
    const relay = (await a.info())[0].channels.find(({ channel }) => channel === 'relay')!;
    assert(relay.queuedBytes <= queueBytes + body.length);
    assert(a.count('peer_sends_overloaded') > 0);
    assert(a.network.traffic().get('relay')!.overloaded > 0);
    assert.equal(a.network.traffic().get('store')!.overloaded, 0);
    await b.until('held', () => b.count('peer_deliveries_held') > 0);
    b.delivery = 'accepted';
    await b.until('complete', () => b.hearings('relay') === 1 + queued);
  });

  test('gets the newest of each key', async (t) => {
    const { a, b, middle } = await pairWithMiddle(t);
    middle.silence('broadcast');
    const big = new Uint8Array(1_000_000);
    for (let i = 0; i < 20; i++) a.network.send('b', 'broadcast', 'store', big);
    for (let i = 0; i < 50; i++) {
      a.network.send('b', 'broadcast', 'broadcast', text(`${i}`), { monotonicKey: `${i % 2}` });
    }
    middle.resume('broadcast');
    await b.until('told', () => b.hearings('broadcast') === 3);
    assert.deepEqual(numbers(b, 'broadcast'), [48, 49]);
    assert.equal(a.count('peer_messages_replaced'), 48);
  });
});

function numbers(
  peer: { words(service: 'relay' | 'broadcast'): readonly string[] },
  service: 'relay' | 'broadcast' = 'relay',
): number[] {
  return peer
    .words(service)
    .filter((word) => /^a: /.test(word))
    .map((word) => Number(word.slice(3)));
}
