/**
 * Causality across channels: what led to a call is seen by its callee's node before the call is acted on. The store's
 * broadcast is off, so that without the barrier every call would come too early.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Relayed, RelayMessage } from '../../../actors/relay/api.ts';
import { DEFAULT_RELAY_CONFIG } from '../../../actors/relay/config.ts';
import { Inbound } from '../../../actors/relay/inbound.ts';
import { Markers } from '../../../actors/relay/markers.ts';
import { relay } from '../../../actors/relay/relay.actor.ts';
import type { RelayActorMessage } from '../../../actors/relay/relay.actor.ts';
import { RelaySender } from '../../../actors/relay/sender.ts';
import type { CausalClock } from '../../../actors/store/api.ts';
import {
  CausalBarrier,
  CausalHistory,
  decodeCausal,
  EXCHANGES,
} from '../../../actors/store/api.ts';
import { Mailbox } from '../../../runtime/kernel/mailbox.ts';
import { worker } from '../../../runtime/kernel/worker.ts';
import type { PeerNetwork } from '../../../runtime/net/peer/port.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import { codecs } from '../../../runtime/wamp/codecs.ts';
import { EMPTY, EVENT, INVOCATION, NO_PAYLOAD } from '../../../runtime/wamp/message.ts';
import type { Replica } from '../store/replicas.ts';
import { Replicas } from '../store/replicas.ts';

const WAIT_MS = 500;

const invocation = (request: number): RelayMessage => ({
  ...{ kind: 'invocation', realm: 'realm1', callee: 1, isChunk: false, takesPassthru: false },
  message: { type: INVOCATION, request, registration: 1, details: EMPTY, payload: NO_PAYLOAD },
});

const event = (publication: number): RelayMessage => ({
  ...{ kind: 'event', realm: 'realm1', topic: 't', receivers: undefined, resourceKey: undefined },
  message: { type: EVENT, subscription: 1, publication, details: EMPTY, payload: NO_PAYLOAD },
});

/** What its router heard, with what its store said at that moment. */
class Node {
  readonly replica: Replica;
  readonly sender: RelaySender;
  readonly heard: string[] = [];
  readonly mailbox = new Mailbox<RelayActorMessage>();
  readonly causality: { readonly inbound: Inbound; readonly markers: Markers } | undefined;

  constructor(replica: Replica, options: Options) {
    this.replica = replica;
    const markers = new Markers(new CausalHistory(replica.state));
    const barrier = new CausalBarrier(replica.state, {
      pullAfterMs: 20,
      after: (delayMs, run) => {
        const timer = replica.stepper.setTimer(delayMs, run);
        return () => replica.stepper.clearTimer(timer);
      },
      pull: (peer) => {
        if (options.pulls === false) return;
        replica.kernel.whereis(EXCHANGES)!.cast({ kind: 'exchange', ...(peer && { peer }) });
      },
      late: () => this.#count('store_barriers_late'),
    });
    const inbound = new Inbound({
      ...{ barrier, waitMs: WAIT_MS, maxBytes: options.maxBytes ?? 1_000_000 },
      decode: (bytes) => clockOf(bytes, replica),
      onReleased: (line) => this.mailbox.admit({ kind: 'released', line }),
      count: (what) => this.#count(what),
    });
    if (options.isOn !== false) this.causality = { inbound, markers };
    this.sender = new RelaySender({
      network: replica as unknown as PeerNetwork,
      ...{ codecs, config: DEFAULT_RELAY_CONFIG, log: () => {} },
      count: (what, by) => this.#count(what, by),
      onHeld: () => this.mailbox.admit({ kind: 'held' }),
      onGathered: () => {},
      giveBack: (_realm, relayed) => this.#hear(relayed),
      causal: (to, realm) => this.causality?.markers.next(to, realm) ?? new Uint8Array(0),
    });
  }

  readonly child = () =>
    worker(
      'relay',
      relay({
        ...{ config: DEFAULT_RELAY_CONFIG, codecs, mailbox: this.mailbox, sender: this.sender },
        causality: this.causality,
        router: () => ({
          cast: (relayed) => (this.#hear(relayed), 'accepted'),
          admit: (relayed) => this.#hear(relayed),
        }),
        count: (what, by) => this.#count(what, by),
        log: () => {},
      }),
    );

  say(to: Node, ...messages: readonly RelayMessage[]): void {
    for (const message of messages) this.sender.try(to.replica.id, message);
    this.sender.leave();
  }

  #count(what: string, by?: number): void {
    this.replica.counters.count(what, by);
  }

  #hear({ messages }: Relayed): void {
    const row = this.replica.store.get('users', 'ann');
    const value = row ? new TextDecoder().decode(row) : 'nothing';
    for (const message of messages) {
      this.heard.push(`${message.kind} ${idOf(message)}: ${value}`);
    }
  }
}

function idOf(message: RelayMessage): number {
  if (message.kind === 'event') return message.message.publication;
  return 'message' in message ? message.message.request : message.request;
}

function clockOf(bytes: Uint8Array, { state }: Replica): CausalClock | undefined {
  const clock = decodeCausal(bytes, state.partitions.length);
  return clock instanceof Malformed ? undefined : clock;
}

interface Options {
  readonly isOn?: boolean;
  readonly pulls?: boolean;
  readonly maxBytes?: number;
}

function pair(options: Options = {}): { cluster: Replicas; a: Node; b: Node } {
  const nodes = new Map<Replica, Node>();
  const cluster = new Replicas({
    ...{ nodes: 2, config: { isAaeEnabled: false }, latencyMs: [5, 5] }, // in order
    children: (replica) => {
      const node = new Node(replica, options);
      nodes.set(replica, node);
      return [node.child()];
    },
  });
  cluster.broadcasts = false;
  const [a, b] = cluster.nodes.map((replica) => nodes.get(replica)!) as [Node, Node];
  return { cluster, a, b };
}

describe('a relayed call', () => {
  it('is acted on when the store there has what its caller’s node had seen', () => {
    const { cluster, a, b } = pair();
    a.replica.putNow('users', 'ann', 'one');
    a.say(b, invocation(1), event(2));
    cluster.advance(2_000);
    assert.deepEqual(b.heard, ['invocation 1: one', 'event 2: one']);
    assert.equal(b.replica.counters.value('relay_waited'), 1);
  });

  it('would come too early otherwise: this is what the barrier is for', () => {
    const { cluster, a, b } = pair({ isOn: false });
    a.replica.putNow('users', 'ann', 'one');
    a.say(b, invocation(1), event(2));
    cluster.advance(2_000);
    assert.deepEqual(b.heard, ['invocation 1: nothing', 'event 2: nothing']);
  });

  it('waits for nothing when nothing was written since the last one', () => {
    const { cluster, a, b } = pair();
    a.replica.putNow('users', 'ann', 'one');
    a.say(b, invocation(1));
    cluster.advance(2_000);
    a.say(b, invocation(2));
    cluster.advance(30);
    assert.deepEqual(b.heard, ['invocation 1: one', 'invocation 2: one']);
    assert.equal(b.replica.counters.value('relay_waited'), 1);
  });

  it('is refused when that does not come in time; an event is delivered; both are counted', () => {
    const { cluster, a, b } = pair({ pulls: false });
    a.replica.putNow('users', 'ann', 'one');
    a.say(b, invocation(1), event(2));
    a.say(b, invocation(3));
    cluster.advance(WAIT_MS - 100);
    assert.deepEqual([a.heard, b.heard], [[], []]);
    cluster.advance(300);
    // What comes behind refers to nothing that is new.
    assert.deepEqual(b.heard, ['event 2: nothing', 'invocation 3: nothing']);
    b.sender.leave();
    cluster.advance(100);
    assert.deepEqual(a.heard, ['refused 1: one']);
    const { counters } = b.replica;
    assert.equal(counters.value('relay_late_calls'), 1);
    assert.equal(counters.value('relay_late_messages'), 1);
    assert.equal(counters.value('store_barriers_late'), 1);
  });

  it('keeps its place: what comes behind waits with it, and more than may wait is late at once', () => {
    const { cluster, a, b } = pair({ maxBytes: 250 });
    a.replica.putNow('users', 'ann', 'one');
    a.say(b, event(1));
    for (let i = 2; i <= 20; i++) a.say(b, event(i));
    cluster.advance(2_000);
    const order = b.heard.map((text) => /\d+/.exec(text)![0]).map(Number);
    assert.deepEqual(
      order,
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    assert.ok(b.heard[0]!.endsWith('nothing'), 'it could not wait any longer');
  });

  it('survives the relay’s crash while it waits', () => {
    const { cluster, a, b } = pair();
    a.replica.putNow('users', 'ann', 'one');
    a.say(b, invocation(1));
    cluster.advance(25);
    assert.deepEqual(b.heard, []);
    b.mailbox.admit(undefined as unknown as RelayActorMessage); // throws
    cluster.advance(2_000);
    assert.deepEqual(b.heard, ['invocation 1: one']);
    assert.ok(b.replica.reports.length > 0, 'it did crash');
  });
});
