/** The actor on the kernel's stepper: three nodes, one virtual clock each, bytes between them. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { NodeId } from '../../../runtime/causality/identity.ts';
import type { CallOutcome, Context } from '../../../runtime/kernel/actor.ts';
import { errorReason, name } from '../../../runtime/kernel/actor.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import type { Kernel } from '../../../runtime/kernel/kernel.ts';
import { Stepper } from '../../../runtime/kernel/stepper.ts';
import { worker } from '../../../runtime/kernel/worker.ts';
import { Counters } from '../../../runtime/metrics/counters.ts';
import type { PeerDelivery, PeerNetwork } from '../../../runtime/net/peer/port.ts';
import { peerService } from '../../../actors/links/api.ts';
import type { MembershipMessage } from '../../../actors/membership/api.ts';
import { MEMBERSHIP } from '../../../actors/membership/api.ts';
import type { Broadcasted, BroadcastInfo, PublishOutcome } from '../../../actors/broadcast/api.ts';
import { BROADCAST } from '../../../actors/broadcast/api.ts';
import { broadcast } from '../../../actors/broadcast/broadcast.actor.ts';
import { broadcastTables } from '../../../actors/broadcast/tables.ts';
import { config, peer } from './support.ts';

const SUBSCRIBER = name<Broadcasted | 'throw'>('subscriber');

class Node implements PeerNetwork {
  readonly self: NodeId;
  readonly kernel: Kernel;
  readonly counters = new Counters();
  readonly got: string[] = [];
  readonly warnings: string[] = [];
  outcome: PeerDelivery = 'queued';
  readonly #stepper = new Stepper();
  readonly #peers: readonly Node[];

  constructor(self: NodeId, peers: readonly Node[]) {
    this.self = self;
    this.#peers = peers;
    const tables = broadcastTables();
    const dependencies = {
      ...{ network: this, config: config(), tables },
      count: (what: string, by?: number) => this.counters.count(what, by),
      warn: (event: string) => void this.warnings.push(event),
    };
    this.kernel = boot({
      root: {
        kind: 'supervisor',
        strategy: 'one_for_one',
        intensity: { restarts: 10, periodMs: 1000 },
        children: () => [
          worker('membership', { init: (context) => this.#membership(context) }),
          worker('broadcast', broadcast(dependencies)),
          worker('subscriber', { init: (context) => this.#subscriber(context) }),
        ],
      },
      scheduler: this.#stepper,
      log: { crash: () => {}, event: () => {} },
    });
    this.#stepper.run();
  }

  send(to: string, ...[, service, body]: [string, 'broadcast', Uint8Array]): PeerDelivery {
    if (this.outcome !== 'queued') return this.outcome;
    const target = this.#peers.find(({ self }) => self.name === to);
    target?.kernel
      .whereis(peerService(service))
      ?.cast({ kind: 'peer_message', from: this.self, body });
    return 'queued';
  }
  isConnected(): boolean {
    return true;
  }
  connected(): readonly NodeId[] {
    return [];
  }

  advance(ms: number): void {
    this.#stepper.advance(ms);
  }

  publish(...bytes: number[]): void {
    const payload = new Uint8Array(bytes);
    this.kernel.whereis(BROADCAST)!.cast({ kind: 'publish', topic: 'registry', payload });
  }

  linkUp(other: Node): void {
    this.kernel.whereis(peerService('broadcast'))!.cast({ kind: 'link_up', peer: other.self });
  }

  async info(): Promise<BroadcastInfo> {
    const answer = this.kernel.call<never, BroadcastInfo>(
      this.kernel.whereis(BROADCAST) as never,
      (reply) => ({ kind: 'info', reply }) as never,
      1000,
    );
    return this.#valueOf(answer);
  }

  async publishLarge(bytes: number): Promise<PublishOutcome> {
    const payload = new Uint8Array(bytes);
    const answer = this.kernel.call<never, PublishOutcome>(
      this.kernel.whereis(BROADCAST) as never,
      (reply) => ({ kind: 'publish', topic: 'registry', payload, reply }) as never,
      1000,
    );
    return this.#valueOf(answer);
  }

  async #valueOf<R>(answer: Promise<CallOutcome<R>>): Promise<R> {
    this.#stepper.run();
    const outcome = await answer;
    assert(outcome.kind === 'reply');
    return outcome.value;
  }

  /** Tells a subscriber that all peers are up, as the real one does. */
  #membership(context: Context<MembershipMessage>) {
    context.register(MEMBERSHIP);
    return {
      handle: (message: MembershipMessage) => {
        if (message.kind !== 'subscribe') return;
        for (const { self } of this.#peers) {
          if (self !== this.self) message.target.cast({ kind: 'node_up', node: self });
        }
      },
    };
  }

  #subscriber(context: Context<Broadcasted | 'throw'>) {
    context.register(SUBSCRIBER);
    const target = context.self;
    context.whereis(BROADCAST)!.cast({ kind: 'subscribe', topic: 'registry', target });
    return {
      handle: (message: Broadcasted | 'throw') => {
        if (message === 'throw') throw new Error('a subscriber throws');
        this.got.push(`${message.origin.name} ${message.payload.join()}`);
      },
    };
  }
}

describe('three nodes', () => {
  let nodes: Node[];
  const settle = (ms = 20) => {
    for (let i = 0; i < 5; i++) for (const node of nodes) node.advance(ms / 5);
  };

  beforeEach(() => {
    nodes = [];
    for (const id of ['a', 'b', 'c']) nodes.push(new Node(peer(id), nodes));
    for (const node of nodes) for (const other of nodes) if (other !== node) node.linkUp(other);
    settle();
  });

  test('a payload reaches the subscribers of the other nodes, once', () => {
    const [a, b, c] = nodes as [Node, Node, Node];
    a.publish(1, 2);
    b.publish(3);
    settle(2_500);
    assert.deepEqual([a.got, b.got, c.got], [['b 3'], ['a 1,2'], ['a 1,2', 'b 3']]);
    assert.equal(a.counters.value('broadcast_payloads_sent'), 2);
    assert.equal(c.counters.value('broadcast_delivered'), 2);
  });

  test('a link without room gets the payload later, by announcement and graft', () => {
    const [a, b, c] = nodes as [Node, Node, Node];
    a.outcome = 'overloaded';
    a.publish(7);
    settle();
    assert.deepEqual([b.got, c.got], [[], []]);
    a.outcome = 'queued';
    settle(2_500);
    assert.deepEqual([b.got, c.got], [['a 7'], ['a 7']]);
    assert.equal(a.counters.value('broadcast_not_sent'), 2);
  });

  test('a subscriber that throws ends alone; its successor gets what comes then', () => {
    const [a, b] = nodes as [Node, Node];
    b.kernel.whereis(SUBSCRIBER)!.cast('throw');
    a.publish(1);
    settle();
    a.publish(2);
    settle();
    assert.deepEqual(b.got.slice(-1), ['a 2']);
    assert.equal(b.counters.value('broadcast_repetitions'), 0);
  });

  test('a broadcaster that crashed repeats nothing and is understood at once', () => {
    const [a, b, c] = nodes as [Node, Node, Node];
    a.publish(1);
    settle();
    assert(a.kernel.exit('root/broadcast', errorReason('a mistake')));
    settle();
    for (const other of [b, c]) a.linkUp(other);
    settle();
    a.publish(2);
    b.publish(3);
    settle();
    assert.deepEqual(c.got, ['a 1', 'a 2', 'b 3']);
    assert.deepEqual(a.got, ['b 3'], 'its subscriber is still one');
  });

  test('nonsense from a peer is counted, and logged once in a while', () => {
    const [a] = nodes as [Node];
    for (let i = 0; i < 100; i++) {
      const body = new Uint8Array([0xff, i]);
      a.kernel.whereis(peerService('broadcast'))!.cast({ kind: 'peer_message', from: peer('b'), body }); // prettier-ignore
    }
    settle();
    assert.equal(a.counters.value('broadcast_malformed'), 100);
    assert.deepEqual(a.warnings, ['broadcast_malformed']);
  });

  test('what is too large is refused to the publisher', async () => {
    const [a, b] = nodes as [Node, Node];
    const maxPayloadBytes = 1024 * 1024;
    assert.deepEqual(await a.publishLarge(maxPayloadBytes + 1), {
      ...{ kind: 'too_large', maxPayloadBytes },
    });
    assert.deepEqual(await a.publishLarge(maxPayloadBytes), { kind: 'published' });
    settle();
    assert.equal(b.got.length, 1);
  });

  test('each node can say how it broadcasts', async () => {
    const info = await nodes[0]!.info();
    assert.equal(info.mode, 'direct');
    assert.equal(info.members, 3);
    assert.deepEqual([...info.neighbours].sort(), ['b', 'c']);
    assert.match(info.origin, /^a#1\//);
  });
});
