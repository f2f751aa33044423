/** Who is refused at the port, with what reason and counter, and that nobody else notices. Raw sockets speak. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Handshake } from '../../../runtime/net/peer/handshake.ts';
import { handshakeTools } from '../../../runtime/net/peer/handshake-tools.ts';
import { FRAME_BYTES, VERSIONS } from '../../../runtime/net/peer/protocol.ts';
import { pair, SECRET, startPeer, text } from './peers.ts';
import type { Peer } from './peers.ts';
import { dialler, linkOf, spoken, Stranger } from './stranger.ts';
import type { Claim } from './stranger.ts';

describe('a stranger is refused', { concurrency: true }, () => {
  const claims: Readonly<Record<string, Claim>> = {
    cluster: { cluster: 'another' },
    version: { versions: { min: 7, max: 9 } },
    self: { name: 'a', instance: 'a.1' },
    same_name: { name: 'a', instance: 'another process' },
    authentication: { secret: undefined },
    protocol: { name: 'no name/../at all' },
  };
  for (const [reason, claim] of Object.entries(claims)) {
    test(`at HELLO: ${reason}`, async (t) => {
      const peer = await startPeer(t, { name: 'a' });
      const stranger = new Stranger(t, peer);
      stranger.say(spoken(dialler(claim).start()));
      assert.equal(await stranger.refusal(), reason);
      await stranger.closed;
      assert.equal(peer.count(`peer_refused_${reason}`), 1);
      assert.equal(peer.logged.filter(({ event }) => event === 'peer_refused').length, 1);
      assert.deepEqual(peer.network.links(), []);
    });
  }

  test('who has another secret', async (t) => {
    const peer = await startPeer(t, { name: 'a' });
    const stranger = new Stranger(t, peer);
    const handshake = dialler({ secret: 'not the secret at all' });
    stranger.say(spoken(handshake.start()));
    stranger.say(spoken(handshake.receive(await stranger.frames.next(3000, 'challenge'))));
    assert.equal(await stranger.refusal(), 'authentication');
    await stranger.closed;
    assert.equal(peer.count('peer_refused_authentication'), 1);
  });

  test('who replays a whole handshake that was once good', async (t) => {
    const peer = await startPeer(t, { name: 'a' });
    const handshake = dialler();
    const hello = spoken(handshake.start());
    const honest = new Stranger(t, peer);
    honest.say(hello);
    const proof = spoken(handshake.receive(await honest.frames.next(3000, 'challenge')));
    honest.say(proof);
    assert.equal((await honest.answer()).kind, 'welcome');
    honest.socket.destroy();

    const replayer = new Stranger(t, peer);
    replayer.say(hello);
    assert.equal((await replayer.answer()).kind, 'challenge');
    replayer.say(proof);
    assert.equal(await replayer.refusal(), 'authentication');
  });

  test('who lets the node answer its own challenge', async (t) => {
    const peer = await startPeer(t, { name: 'a' });
    // The acceptor's MAC is over other words than the dialler's, so what one says is no answer for the other.
    const tools = handshakeTools(SECRET);
    const forger = new Handshake(
      {
        node: { name: 'mallory', incarnation: 1 },
        instance: 'x',
        cluster: 'bondy',
        versions: VERSIONS,
        hasSecret: true,
        binding: new Uint8Array(0),
      },
      { ...tools, mac: (parts) => tools.mac([text('bondy peer acceptor 1'), ...parts.slice(1)]) },
      () => undefined,
      { purpose: { channel: 'control', slot: 0, session: undefined }, parallelism: [1, 1, 1, 1] },
    );
    const stranger = new Stranger(t, peer);
    stranger.say(spoken(forger.start()));
    stranger.say(spoken(forger.receive(await stranger.frames.next(3000, 'challenge'))));
    assert.equal(await stranger.refusal(), 'authentication');
  });

  test('who says half a handshake and no more', async (t) => {
    const peer = await startPeer(t, { name: 'a', config: { handshakeTimeoutMs: 100 } });
    const stranger = new Stranger(t, peer);
    const hello = spoken(dialler().start());
    stranger.socket.write(
      Buffer.concat([Buffer.from([0, 0, 0, hello.length]), hello.subarray(0, 9)]),
    );
    assert.equal(await stranger.refusal(), 'timeout');
    await stranger.closed;
    assert.equal(peer.count('peer_refused_timeout'), 1);
  });

  for (const [what, bytes] of Object.entries({
    'an HTTP request': Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    zeros: Buffer.alloc(100),
    'a frame of 2 GiB': Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3]),
    'a message of the middle': Buffer.from([0, 0, 0, 3, 3, 0x41, 0]),
    noise: Buffer.from('00000005ffffffffff', 'hex'),
  })) {
    test(`who says ${what}`, async (t) => {
      const peer = await startPeer(t, { name: 'a' });
      const stranger = new Stranger(t, peer);
      stranger.socket.write(bytes);
      await stranger.closed;
      await peer.until('counted', () => sum(peer, 'peer_refused_') === 1);
    });
  }

  test('when too many others are shaking hands', async (t) => {
    const peer = await startPeer(t, { name: 'a', config: { maxPendingHandshakes: 2 } });
    for (let i = 0; i < 2; i++) {
      const waiting = new Stranger(t, peer);
      waiting.say(spoken(dialler().start()));
      await waiting.answer();
    }
    assert.equal(await new Stranger(t, peer).refusal(), 'full');
  });

  const skip = process.platform !== 'linux' && 'needs a second loopback address';
  test('when its address has too many places already, while others get in', { skip }, async (t) => {
    const peer = await startPeer(t, { name: 'a', config: { maxPendingPerAddress: 2 } });
    for (let i = 0; i < 2; i++) {
      const waiting = new Stranger(t, peer);
      waiting.say(spoken(dialler().start()));
      await waiting.answer();
    }
    assert.equal(await new Stranger(t, peer).refusal(), 'full');
    const other = new Stranger(t, peer, '127.0.0.2');
    other.say(spoken(dialler().start()));
    assert.equal((await other.answer()).kind, 'challenge');
    assert.equal(peer.count('peer_refused_full'), 1);
  });

  test('and gives its place back when it goes', async (t) => {
    const peer = await startPeer(t, { name: 'a', config: { maxPendingPerAddress: 1 } });
    for (let round = 0; round < 3; round++) {
      const stranger = new Stranger(t, peer);
      stranger.say(spoken(dialler().start()));
      assert.equal((await stranger.answer()).kind, 'challenge');
      stranger.socket.destroy();
      await peer.until('free', () => peer.count('peer_handshakes_failed') === round + 1);
    }
    assert.equal(peer.count('peer_refused_full'), 0);
  });

  test('who asks for a connection of a link that is not there', async (t) => {
    const peer = await startPeer(t, { name: 'a' });
    const stranger = new Stranger(t, peer);
    const handshake = dialler({ session: 'made up' });
    stranger.say(spoken(handshake.start()));
    stranger.say(spoken(handshake.receive(await stranger.frames.next(3000, 'challenge'))));
    assert.equal(await stranger.refusal(), 'unknown_session');
  });

  test('and the log is not flooded by it', async (t) => {
    const peer = await startPeer(t, { name: 'a' });
    for (let i = 0; i < 20; i++) {
      const stranger = new Stranger(t, peer);
      stranger.say(spoken(dialler({ cluster: 'another' }).start()));
      await stranger.closed;
    }
    assert.equal(peer.count('peer_refused_cluster'), 20);
    assert.equal(peer.logged.filter(({ event }) => event === 'peer_refused').length, 1);
  });
});

describe('a member that breaks the protocol', { concurrency: true }, () => {
  const piece = (flags: number, id: number, rest: readonly number[]): Uint8Array =>
    Uint8Array.from([1, flags, 0, 0, 0, id, ...rest]);
  const WRONG: Readonly<Record<string, Uint8Array>> = {
    'an unknown frame type': Uint8Array.of(99, 1, 2),
    'an unknown service': piece(3, 1, [77, 0, 0, 0, 1, 5]),
    'unknown flags': piece(0x83, 1, [0, 0, 0, 0, 1, 5]),
    'a piece of no message': piece(2, 9, [1, 2, 3]),
    'a message shorter than it said': piece(3, 1, [0, 0, 0, 0, 9, 5]),
    'a message over the limit': piece(1, 1, [0, 0x7f, 0, 0, 0, 5]),
    'a later piece with a head': piece(6, 1, [0, 0, 0, 0, 1, 5]),
    'sequence zero': piece(7, 1, [0, 0, 0, 0, 0, ...new Array<number>(16).fill(0)]),
    'an inflated size beyond all bounds': piece(11, 1, [0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 1]),
    'an ack of the wrong size': Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 9]),
    'a ping of the wrong size': Uint8Array.of(3, 1),
    'a pong that nobody waits for': Uint8Array.of(4, 0, 0, 0, 0),
    'a frame over the limit': new Uint8Array(FRAME_BYTES + 1),
  };
  for (const [what, frame] of Object.entries(WRONG)) {
    test(`with ${what} loses its connection, and others do not notice`, async (t) => {
      const [a, b] = await pair(t);
      // Nothing is read before the link is complete, so the wrong words come on the last connection of four.
      const { relay: rogue } = await linkOf(t, b);
      rogue.say(frame);
      await rogue.closed;
      await b.until('counted', () => b.count('peer_violations') === 1);
      a.network.send('b', 'relay', 'relay', text('still here'));
      await b.until('told', () => b.words('relay').includes('a: still here'));
      assert.equal(a.hearings('relay'), 1);
    });
  }

  test('with a compressed message that is none is cut', async (t) => {
    const b = await startPeer(t, { name: 'b' });
    const { relay: rogue } = await linkOf(t, b);
    rogue.say(piece(11, 1, [0, 0, 0, 0, 3, 0, 0, 1, 0, 9, 9, 9]));
    await rogue.closed;
    assert.equal(b.count('peer_violations'), 1);
    assert.equal(b.count('peer_faults'), 0);
  });
});

function sum(peer: Peer, prefix: string): number {
  return [...peer.counts].reduce(
    (all, [name, value]) => all + (name.startsWith(prefix) ? value : 0),
    0,
  );
}
