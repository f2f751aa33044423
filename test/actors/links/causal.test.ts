/** Causal labels on real sockets: an answer does not overtake the question, whatever channel it takes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SERVICES } from '../../../runtime/net/peer/protocol.ts';
import { startPeer, text } from './peers.ts';
import { linkOf } from './stranger.ts';

const LABELLED = { causalLabel: 'talk', acknowledged: true };

describe('three nodes that talk with a causal label', { concurrency: true }, () => {
  test('hear nothing before what it follows', async (t) => {
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => startPeer(t, { name })));
    a.connectTo(b);
    a.connectTo(c);
    b.connectTo(c);
    await Promise.all([a.untilLinked(b), a.untilLinked(c), b.untilLinked(c)]);
    await Promise.all([b.untilLinked(a), c.untilLinked(a), c.untilLinked(b)]);
    // What a says to c is slow, all other wires are fast.
    c.network.interpose(({ direction, peer }) =>
      direction === 'in' && peer === 'a' ? { kind: 'delay', ms: 200 } : { kind: 'pass' },
    );
    for (let i = 0; i < 20; i++) {
      a.network.send('c', 'store', 'relay', text(`question ${i}`), LABELLED);
      a.network.send('b', 'relay', 'relay', text(`${i}`), LABELLED);
      await b.until('told', () => b.words('relay').includes(`a: ${i}`));
      b.network.send('c', 'control', 'relay', text(`answer ${i}`), LABELLED);
    }
    await c.until('told all', () => c.hearings('relay') === 42);
    const told = c.words('relay').filter((word) => !word.startsWith('up'));
    const expected = Array.from({ length: 20 }, (_, i) => [`a: question ${i}`, `b: answer ${i}`]);
    for (const [i, [question, answer]] of expected.entries()) {
      assert(told.indexOf(question) < told.indexOf(answer), `${i}: ${told.join(', ')}`);
    }
    assert(c.count('peer_causal_waited') > 0);
    assert.equal(c.count('peer_causal_timed_out'), 0);
  });

  test('do not mind one that says nonsense about order', async (t) => {
    const b = await startPeer(t, { name: 'b' });
    const { relay } = await linkOf(t, b);
    await b.until('linked', () => b.network.isConnected('mallory'));
    const head = [1, 3, 0, 0, 0, 1, SERVICES.indexOf('causal'), 0, 0, 0, 3];
    relay.say(Uint8Array.from([...head, 1, 2, 3]));
    await b.until('counted', () => b.count('peer_causal_malformed') === 1);
    assert(b.network.isConnected('mallory'));
  });
});
