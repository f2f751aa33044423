/** How nodes find each other: dials that cross, lives that follow each other, clusters of three, TLS. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LINKS } from '../../../actors/links/api.ts';
import { linkMistakes } from '../../../actors/links/config.ts';
import type { PeerTls } from '../../../runtime/net/peer/gate.ts';
import { FIRST, SECOND } from '../../support/certificates.ts';
import { nameProblems } from '../../../supervisors/name-problems.ts';
import { pairWithMiddle } from './middle.ts';
import { pair, QUICK, startPeer, text } from './peers.ts';
import type { Peer } from './peers.ts';

describe('meeting', { concurrency: true }, () => {
  test('two that dial at once end with one link, the same on both sides', async (t) => {
    for (let round = 0; round < 5; round++) {
      const a = await startPeer(t, { name: `a${round}` });
      const b = await startPeer(t, { name: `b${round}` });
      a.connectTo(b, round % 2 === 0 ? b.name : null);
      b.connectTo(a, round % 2 === 0 ? a.name : null);
      await Promise.all([a.untilLinked(b), b.untilLinked(a)]);
      await settled(a, b);
      assert.equal(a.network.links().length, 1);
      assert.equal(a.network.linkTo(b.name)!.session, b.network.linkTo(a.name)!.session);
    }
  });

  test('three that all dial each other are all linked', async (t) => {
    const peers = await Promise.all(['a', 'b', 'c'].map((name) => startPeer(t, { name })));
    const pairs = peers.flatMap((one) => peers.map((other) => [one, other] as const));
    for (const [one, other] of pairs) one.connectTo(other, null); // itself, too
    await Promise.all(
      pairs.filter(([one, other]) => one !== other).map(([one, other]) => one.untilLinked(other)),
    );
    for (const peer of peers) {
      await peer.until('aware of itself', () => peer.count('peer_refused_self') > 0);
      const names = peer.network.connected().map(({ name }) => name);
      assert.deepEqual(
        names.sort(),
        peers.map(({ name }) => name).filter((n) => n !== peer.name),
      );
    }
  });

  test('a newer life of a name takes the place of one that is silent', async (t) => {
    const config = { pingIntervalMs: 200, silenceMs: 60_000 };
    const { a, middle } = await pairWithMiddle(t, { config }, { config });
    middle.isClosed = true;
    middle.silence();
    const successor = await startPeer(t, { name: 'b', incarnation: 2 });
    successor.connectTo(a);
    await successor.untilLinked(a);
    await a.until('told', () => a.hearings('relay') === 3);
    assert.deepEqual(a.words('relay'), ['up b#1', 'down b#1', 'up b#2']);
  });

  test('a newer life of a name is refused while the older speaks: it is another node', async (t) => {
    const [a, b] = await pair(t);
    const twin = await startPeer(t, { name: 'b', incarnation: 2 });
    twin.connectTo(a);
    await a.until('refused', () => a.count('peer_refused_same_name') > 0);
    await twin.until('told why', () => twin.count('peer_refused_same_name') > 0);
    assert(a.network.isConnected('b') && b.network.isConnected('a'));
    assert.deepEqual(a.network.connected(), [{ name: 'b', incarnation: 1 }]);
    await twin.until('not ready', () => nameProblems(twin).length > 0);
    assert.match(nameProblems(twin)[0]!, /^same_name: a knows another living node called b/);
    assert.deepEqual([...nameProblems(a), ...nameProblems(b)], []);
    await b.kernel.stop();
    await twin.untilLinked(a);
    assert.deepEqual(nameProblems(twin), []);
    assert.deepEqual(a.network.connected(), [{ name: 'b', incarnation: 2 }]);
    assert(a.network.isConnected('b', 2) && !a.network.isConnected('b', 1));
  });

  test('whoever was refused for its name is let in seconds after the other has stopped', async (t) => {
    const [a, b] = await pair(t);
    const config = { redialMinMs: 60_000, redialMaxMs: 60_000 };
    const twin = await startPeer(t, { name: 'b', incarnation: 2, config });
    twin.connectTo(a);
    await twin.until('not ready', () => nameProblems(twin).length > 0);
    await b.kernel.stop();
    await twin.untilLinked(a);
    assert.deepEqual(nameProblems(twin), []);
  });

  test('two of one name that know nobody else are both not ready, and say why', async (t) => {
    const one = await startPeer(t, { name: 'a' });
    const other = await startPeer(t, { name: 'a', instance: 'another process' });
    one.connectTo(other, null);
    other.connectTo(one, null);
    for (const peer of [one, other]) {
      await peer.until('not ready', () => nameProblems(peer).length > 0);
      assert.match(nameProblems(peer)[0]!, /knows another living node called a: set node.name/);
    }
  });

  test('an older life of a name is refused', async (t) => {
    const [a, b] = await pair(t, {}, { incarnation: 5 });
    const ghost = await startPeer(t, { name: 'b', incarnation: 4, instance: 'ghost' });
    ghost.connectTo(a);
    await a.until('refused', () => a.count('peer_refused_stale_incarnation') > 0);
    assert(a.network.isConnected('b') && b.network.isConnected('a'));
    assert.deepEqual(a.network.connected(), [{ name: 'b', incarnation: 5 }]);
    await ghost.until('not ready', () => nameProblems(ghost).length > 0);
    assert.match(nameProblems(ghost)[0]!, /^stale_incarnation: a knows another living node/);
  });

  test('a copy of a data directory is refused while the original is linked', async (t) => {
    const [a] = await pair(t);
    const copy = await startPeer(t, { name: 'b', instance: 'copy' });
    copy.connectTo(a);
    await a.until('refused', () => a.count('peer_refused_same_name') > 0);
  });

  test('another node than the expected one is not linked with', async (t) => {
    const a = await startPeer(t, { name: 'a' });
    const b = await startPeer(t, { name: 'b' });
    a.connectTo(b, 'somebody-else');
    await a.until('refused', () => a.count('peer_refused_unexpected_peer') > 0);
    assert.deepEqual(b.network.links(), []);
  });

  test('versions N and N-1 talk; ranges that are apart do not', async (t) => {
    const [a] = await pair(t, { versions: { min: 1, max: 2 } });
    const future = await startPeer(t, { name: 'c', versions: { min: 2, max: 3 } });
    const past = await startPeer(t, { name: 'd', versions: { min: 0, max: 0 } });
    a.connectTo(future);
    a.connectTo(past);
    await a.untilLinked(future);
    await a.until('refused', () => a.count('peer_refused_version') > 0);
    const told = past.logged.find(({ event }) => event === 'peer_refused');
    assert.match(String(told?.fields['text']), /versions 1-2 and 0-0 have none in common/);
  });

  test('who is not welcome is refused', async (t) => {
    const a = await startPeer(t, { name: 'a' });
    const b = await startPeer(t, { name: 'b' });
    b.network.welcomeOnly(({ name }) => name !== 'a');
    a.connectTo(b);
    await a.until('refused', () => a.count('peer_refused_not_admitted') > 0);
  });

  test('a node that was not there is dialled until it is', async (t) => {
    const b = await startPeer(t, { name: 'b' });
    await b.kernel.stop();
    const a = await startPeer(t, { name: 'a' });
    a.connectTo(b);
    const again = await startPeer(t, { name: 'b', config: { port: b.address.port } });
    await a.untilLinked(again);
  });
});

describe('parting', { concurrency: true }, () => {
  test('disconnect closes the link and dials no more; forget stops a vain dial', async (t) => {
    const { a, b, middle } = await pairWithMiddle(t);
    const manager = a.kernel.whereis(LINKS)!;
    manager.cast({ kind: 'forget', address: middle.address }); // up: not touched
    assert.equal((await a.info())[0].state, 'up');
    manager.cast({ kind: 'disconnect', name: 'b' });
    await Promise.all([a.untilUnlinked(b), b.untilUnlinked(a)]);
    assert.deepEqual(await a.info(), []);
    middle.isClosed = true;
    manager.cast({ kind: 'connect', address: middle.address });
    await a.until('vain', () => a.count('peer_handshakes_failed') > 0);
    assert.notEqual((await a.info())[0].state, 'up');
    manager.cast({ kind: 'forget', address: middle.address });
    await a.info();
    assert.deepEqual(await a.info(), []);
  });

  test('the owner of a link that dies takes it along, and it is dialled anew', async (t) => {
    const [a, b] = await pair(t);
    const { session } = a.network.linkTo('b')!;
    const error = { kind: 'error', error: new Error('a bug') } as const;
    assert(a.kernel.exit(`root/links/peers/b#1.${session.slice(0, 8)}`, error));
    await b.until('linked again', () => b.hearings('relay') === 3);
    assert.deepEqual(b.words('relay'), ['up a#1', 'down a#1', 'up a#1']);
  });

  test('manager and port may crash: links stay', async (t) => {
    const [a, b] = await pair(t);
    const error = { kind: 'error', error: new Error('a bug') } as const;
    b.kernel.exit('root/links/manager', error);
    a.kernel.exit('root/links/listener', error);
    a.network.send('b', 'relay', 'relay', text('unharmed'));
    await b.until('told', () => b.hearings('relay') === 2);
  });
});

describe('TLS', { concurrency: true }, () => {
  const tls = (own: { cert: string; key: string }, ca: { cert: string }): PeerTls => ({
    cert: own.cert,
    key: own.key,
    ca: ca.cert,
    isMutual: true,
  });

  test('with certificates on both sides needs no secret', async (t) => {
    const config = { secret: undefined };
    const [a, b] = await pair(
      t,
      { tls: tls(FIRST, FIRST), config },
      { tls: tls(FIRST, FIRST), config },
    );
    const body = new Uint8Array(3_000_000).fill(7);
    a.network.send('b', 'relay', 'relay', body);
    await b.until('told', () => b.hearings('relay') === 2);
    const last = b.heard.at(-1)!.input;
    assert(last.kind === 'peer_message' && Buffer.compare(last.body, body) === 0);
  });

  test('a certificate of another authority is refused before a word is said', async (t) => {
    const a = await startPeer(t, { name: 'a', tls: tls(SECOND, FIRST) });
    const b = await startPeer(t, { name: 'b', tls: tls(FIRST, FIRST) });
    a.connectTo(b);
    await b.until('refused', () => b.count('peer_refused_authentication') > 0);
    assert.deepEqual(b.network.links(), []);
  });

  test('a plain node cannot talk to one with TLS', async (t) => {
    const a = await startPeer(t, { name: 'a' });
    const b = await startPeer(t, { name: 'b', tls: tls(FIRST, FIRST) });
    a.connectTo(b);
    await a.until('refused', () => a.count('peer_handshakes_failed') > 0);
  });
});

describe('without a secret', { concurrency: true }, () => {
  test('nodes of this machine link', async (t) => {
    const config = { secret: undefined };
    await pair(t, { config }, { config });
  });

  test('nobody else is dialled', async (t) => {
    const a = await startPeer(t, { name: 'a', config: { secret: undefined } });
    a.connectTo({ name: 'far', address: { host: '192.0.2.1', port: 1 } });
    await a.until('refused', () => a.count('peer_refused_unencrypted') > 0);
  });

  test('no port is opened to other machines, and the sentence says what to do', () => {
    const open = { ...QUICK, address: '0.0.0.0', secret: undefined };
    assert.match(linkMistakes(open, false)[0], /set cluster.secret/);
    assert.match(linkMistakes({ ...open, secret: 'short' }, false)[0], /at least 16/);
    assert.deepEqual(linkMistakes({ ...open, secret: 'long enough by far' }, false), []);
  });
});

/** Nothing is left of other dials. */
async function settled(a: Peer, b: Peer): Promise<void> {
  const same = (): boolean =>
    a.network.linkTo(b.name)?.session === b.network.linkTo(a.name)?.session &&
    a.network.isConnected(b.name) &&
    b.network.isConnected(a.name);
  await Promise.all([a.until('settled', same), b.until('settled', same)]);
}
