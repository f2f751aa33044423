/**
 * A session that comes to another node with its token finds there what it had seen, or is told that it cannot. The store's
 * broadcast is off, so that without the token it would come too early.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_TOKEN } from '../../../actors/sessions/api.ts';
import type { Continuity } from '../../../actors/sessions/api.ts';
import { TOKEN_KEY } from '../../../actors/sessions/hello.ts';
import { CausalBarrier, CausalHistory, EXCHANGES } from '../../../actors/store/api.ts';
import type { Dict, Value } from '../../../runtime/wamp/message.ts';
import { ABORT, CALL, EMPTY, HELLO, NO_PAYLOAD, WELCOME } from '../../../runtime/wamp/message.ts';
import { continuity } from '../../../supervisors/continuity.ts';
import type { Replica } from '../store/replicas.ts';
import { Replicas } from '../store/replicas.ts';
import { SessionUnderTest, testRealm } from './support.ts';

const SECRET = 'a secret that only this test knows';

function continuityOf(replica: Replica, secret = SECRET, pulls = true): Continuity {
  const { state, stepper } = replica;
  const barrier = new CausalBarrier(state, {
    pullAfterMs: 20,
    after: (delayMs, run) => {
      const timer = stepper.setTimer(delayMs, run);
      return () => stepper.clearTimer(timer);
    },
    pull: () => {
      if (pulls) replica.kernel.whereis(EXCHANGES)!.cast({ kind: 'exchange' });
    },
    late: () => replica.counters.count('store_barriers_late'),
  });
  return continuity(secret, state, { barrier, history: new CausalHistory(state) });
}

function pair(): { cluster: Replicas; a: Replica; b: Replica } {
  const cluster = new Replicas({ nodes: 2, config: { isAaeEnabled: false } });
  cluster.broadcasts = false;
  const [a, b] = cluster.nodes as [Replica, Replica];
  return { cluster, a, b };
}

function hello(session: SessionUnderTest, token?: Value): void {
  const details: Dict = {
    roles: { caller: {} },
    ...(token !== undefined && { [TOKEN_KEY]: token }),
  };
  session.receive({ type: HELLO, realm: 'realm1', details });
}

const valueAt = (node: Replica): string | undefined => {
  const row = node.store.get('users', 'ann');
  return row && new TextDecoder().decode(row);
};

function aborted(session: SessionUnderTest): string | undefined {
  const last = session.sent.at(-1);
  return last?.type === ABORT ? last.reason : undefined;
}

describe('a session with a token', () => {
  it('is welcome when the store has what it had seen, and reads its own writes', () => {
    const { cluster, a, b } = pair();
    a.putNow('users', 'ann', 'mine');
    const token = continuityOf(a).issue('realm1')!;
    const session = new SessionUnderTest(testRealm(), continuityOf(b));
    hello(session, token);
    assert.deepEqual(session.log, ['catch up']);
    cluster.wait(() => session.sent[0]);
    const [welcome] = session.sent;
    assert(welcome?.type === WELCOME);
    assert.equal(welcome.details[TOKEN_KEY], true);
    assert.equal(valueAt(b), 'mine');
  });

  it('would come too early otherwise: this is what the token is for', () => {
    const { a, b } = pair();
    a.putNow('users', 'ann', 'mine');
    const session = new SessionUnderTest(testRealm(), continuityOf(b));
    hello(session);
    assert.equal(session.sent[0]?.type, WELCOME);
    assert.equal(valueAt(b), undefined);
  });

  it('is told to try again when this node does not catch up in time', () => {
    const { cluster, a, b } = pair();
    a.putNow('users', 'ann', 'mine');
    const session = new SessionUnderTest(testRealm(), continuityOf(b, SECRET, false));
    hello(session, continuityOf(a).issue('realm1'));
    cluster.advance(4_900);
    assert.deepEqual(session.sent, []);
    cluster.advance(200);
    assert.equal(aborted(session), 'wamp.error.unavailable');
    assert.deepEqual(session.log, ['catch up', `send ${ABORT}`, 'close']);
    assert.ok(session.counted.includes('session_tokens_late'));
  });

  it('of another cluster or realm, or changed anywhere, is refused and makes nobody wait', () => {
    const { a, b } = pair();
    a.putNow('users', 'ann', 'mine');
    const own = continuityOf(b);
    const good = continuityOf(a).issue('realm1')!;
    const changed = Array.from({ length: good.length }, (_, at) => {
      const letter = good[at] === 'A' ? 'Q' : 'A';
      return good.slice(0, at) + letter + good.slice(at + 1);
    });
    const strange = continuityOf(a, 'the secret of another cluster').issue('realm1')!;
    const bad = [strange, continuityOf(a).issue('realm2')!, '', 'x', good.slice(4), ...changed];
    for (const token of bad) assert.equal(own.read('realm1', token), undefined, token);
    const session = new SessionUnderTest(testRealm(), own);
    hello(session, strange);
    assert.equal(aborted(session), 'wamp.error.invalid_argument');
    assert.ok(session.counted.includes('session_tokens_refused'));
  });

  it('that is no text, or too long, breaks the protocol', () => {
    for (const token of [7, 'x'.repeat(MAX_TOKEN + 1)]) {
      const session = new SessionUnderTest(testRealm());
      hello(session, token);
      assert.equal(aborted(session), 'wamp.error.protocol_violation');
    }
  });

  it('says nothing before WELCOME, and may hang up', () => {
    const { a, b, cluster } = pair();
    a.putNow('users', 'ann', 'mine');
    const token = continuityOf(a).issue('realm1')!;
    const early = new SessionUnderTest(testRealm(), continuityOf(b));
    hello(early, token);
    early.receive({ type: CALL, request: 1, options: EMPTY, procedure: 'p', payload: NO_PAYLOAD });
    assert.equal(aborted(early), 'wamp.error.protocol_violation');
    const gone = new SessionUnderTest(testRealm(), continuityOf(b));
    hello(gone, token);
    gone.session.closed();
    cluster.advance(6_000);
    assert.deepEqual(gone.sent, []);
  });

  it('is as small as the clock of the store', () => {
    const { a } = pair();
    for (let i = 0; i < 500; i++) a.putNow('users', `key ${i}`, 'x');
    const token = continuityOf(a).issue('realm1')!;
    assert.ok(token.length < 200, `${token.length} characters`);
  });
});
