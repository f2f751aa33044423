/**
 * Routers, registries and relays of several nodes, as shipped, in one process on a virtual clock. Membership and
 * broadcast are played by the world; clients speak real WAMP bytes through outlets that encode and decode.
 */
import assert from 'node:assert/strict';
import { BROADCAST } from '../../../actors/broadcast/api.ts';
import type { BroadcastMessage, Broadcasted } from '../../../actors/broadcast/api.ts';
import { MEMBERSHIP } from '../../../actors/membership/api.ts';
import type { MembershipEvent, MembershipMessage } from '../../../actors/membership/api.ts';
import type { RegistryConfig } from '../../../actors/registry/config.ts';
import { DEFAULT_REGISTRY_CONFIG } from '../../../actors/registry/config.ts';
import { registry } from '../../../actors/registry/registry.actor.ts';
import type { RegistryActorMessage } from '../../../actors/registry/registry.actor.ts';
import { RegistryTables } from '../../../actors/registry/tables.ts';
import type { RegistryInfo } from '../../../actors/registry/api.ts';
import { DEFAULT_RELAY_CONFIG } from '../../../actors/relay/config.ts';
import { relay } from '../../../actors/relay/relay.actor.ts';
import type { RelayActorMessage } from '../../../actors/relay/relay.actor.ts';
import { RelaySender } from '../../../actors/relay/sender.ts';
import type { Member, Request, RouterInput } from '../../../actors/routing/api.ts';
import type { ClusterRoutingConfig, DealerConfig } from '../../../actors/routing/config.ts';
import {
  DEFAULT_BROKER_CONFIG,
  DEFAULT_CLUSTER_ROUTING_CONFIG,
  DEFAULT_DEALER_CONFIG,
} from '../../../actors/routing/config.ts';
import { router } from '../../../actors/routing/router.actor.ts';
import { RealmTables } from '../../../actors/routing/tables.ts';
import { openAuthorizer } from '../../../actors/security/authorizer.ts';
import { HybridClock } from '../../../runtime/causality/hlc.ts';
import type { NodeId } from '../../../runtime/causality/identity.ts';
import type { Definition, Name, Target } from '../../../runtime/kernel/actor.ts';
import { name } from '../../../runtime/kernel/actor.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import type { Kernel } from '../../../runtime/kernel/kernel.ts';
import { Mailbox } from '../../../runtime/kernel/mailbox.ts';
import type { PeerInput, PeerNetwork, ServiceName } from '../../../runtime/net/peer/port.ts';
import { codecs } from '../../../runtime/wamp/codecs.ts';
import type { SerializerId } from '../../../runtime/wamp/message.ts';
import { ALL_FEATURES } from '../routing/support.ts';
import { Client } from '../../sim/client.ts';
import { Lane, World } from '../../sim/world.ts';
import { Network } from './world.ts';
import type { Station } from './world.ts';

export interface ClusterOptions {
  readonly nodes?: number;
  readonly seed?: number;
  readonly realms?: readonly string[];
  readonly delayMs?: () => number;
  readonly registry?: Partial<RegistryConfig>;
  readonly routing?: Partial<ClusterRoutingConfig>;
  readonly dealer?: Partial<DealerConfig>;
  /** The overlay does not link to every node: ms until a link that is asked for is there. */
  readonly reachMs?: number;
}

type Played = MembershipMessage | BroadcastMessage;

export class TestCluster {
  readonly world: World;
  readonly network: Network;
  readonly nodes = new Map<string, TestNode>();
  readonly options: ClusterOptions;
  /** Pairs that cannot reach each other. */
  readonly #cuts = new Set<string>();
  #sessions = 0;
  #lives = 0;

  constructor(options: ClusterOptions = {}) {
    this.options = options;
    this.world = new World(options.seed ?? 1);
    const delay = options.delayMs ?? (() => 1 + this.world.random.next() * 4);
    this.network = new Network(this.world, { delay, loss: 0 });
    for (let i = 0; i < (options.nodes ?? 3); i++) this.start('abcdefgh'[i]);
    this.settle();
  }

  node(name: string): TestNode {
    return this.nodes.get(name)!;
  }

  /** The next life of a node; it joins everybody who can be reached. */
  start(name: string): TestNode {
    const incarnation = (this.nodes.get(name)?.id.incarnation ?? 0) + 1;
    const node = new TestNode(this, { name, incarnation }, ++this.#lives);
    this.nodes.set(name, node);
    this.world.run();
    for (const other of this.#alive()) if (other !== node) this.#meet(node, other);
    return node;
  }

  /** Power cut. Others see the reset at once and know after a second. */
  crash(name: string, detectMs = 1_000): void {
    const node = this.node(name);
    node.stop();
    for (const other of this.#alive()) {
      this.network.cut(name, other.id.name);
      this.world.after(detectMs, () => other.hears({ kind: 'node_down', node: node.id }));
    }
    this.network.forget(name);
  }

  /** No message passes between the two sides; each calls the other down after `detectMs`. */
  partition(left: readonly string[], right: readonly string[], detectMs = 1_000): void {
    for (const a of left) for (const b of right) this.#separate(a, b, detectMs);
  }

  heal(): void {
    const cuts = [...this.#cuts];
    this.#cuts.clear();
    for (const cut of cuts) {
      const [a, b] = cut.split('|').map((each) => this.node(each));
      if (a.isAlive && b.isAlive) this.#meet(a, b);
    }
  }

  /** A link that breaks and comes back; membership never notices. */
  flap(a: string, b: string, ms: number): void {
    this.network.cut(a, b);
    this.world.after(ms, () => {
      if (this.node(a).isAlive && this.node(b).isAlive) this.network.connect(a, b);
    });
  }

  /** Long enough for everything that is on its way, too short for timeouts. */
  settle(ms = 90): void {
    this.world.advance(ms);
  }

  nextSession(): number {
    return ++this.#sessions * 1_000 + 1;
  }

  counted(counter: string): number {
    let sum = 0;
    for (const { counters } of this.nodes.values()) sum += counters.get(counter) ?? 0;
    return sum;
  }

  #alive(): readonly TestNode[] {
    return [...this.nodes.values()].filter(({ isAlive }) => isAlive);
  }

  #meet(a: TestNode, b: TestNode): void {
    if (this.#cuts.has(pairOf(a.id.name, b.id.name))) return;
    this.network.connect(a.id.name, b.id.name);
    a.hears({ kind: 'node_up', node: b.id });
    b.hears({ kind: 'node_up', node: a.id });
  }

  #separate(a: string, b: string, detectMs: number): void {
    const pair = pairOf(a, b);
    this.#cuts.add(pair);
    this.network.cut(a, b);
    const [one, two] = [this.node(a), this.node(b)];
    const stillCut = (): boolean => this.#cuts.has(pair);
    const tell = (kind: 'node_suspect' | 'node_down'): void => {
      if (!stillCut()) return;
      one.hears({ kind, node: two.id });
      two.hears({ kind, node: one.id });
    };
    this.world.after(detectMs / 2, () => tell('node_suspect'));
    this.world.after(detectMs, () => tell('node_down'));
  }
}

export class TestNode implements Station {
  readonly id: NodeId;
  readonly cluster: TestCluster;
  readonly kernel: Kernel;
  readonly lane: Lane;
  readonly routers = new Map<string, Mailbox<RouterInput>>();
  readonly counters = new Map<string, number>();
  readonly crashes: string[] = [];
  /** Nodes to which a link was asked for. */
  readonly reached: string[] = [];
  isAlive = true;
  readonly #relay = new Mailbox<RelayActorMessage>();
  readonly #registry = new Mailbox<RegistryActorMessage>();
  readonly #up = new Map<string, NodeId>();
  #members: Target<MembershipEvent>[] = [];
  #listeners: Target<Broadcasted>[] = [];

  constructor(cluster: TestCluster, id: NodeId, life: number) {
    this.cluster = cluster;
    this.id = id;
    this.lane = new Lane(cluster.world, 7_919 * life + (cluster.options.seed ?? 1));
    const network = cluster.network.of(this);
    const tables = new RegistryTables(id, this.#registryConfig().keptChanges);
    const clock = new HybridClock(() => cluster.world.clock.wall());
    const sender = this.#sender(network);
    this.kernel = boot({
      root: {
        kind: 'supervisor',
        strategy: 'one_for_one',
        intensity: { restarts: 100, periodMs: 1_000 },
        children: () => [
          { id: 'membership', start: this.#membership() },
          { id: 'broadcast', start: this.#broadcast() },
          {
            id: 'registry',
            start: registry({
              config: this.#registryConfig(),
              network,
              mailbox: this.#registry,
              tables,
              observe: (stamp) => void clock.observe(stamp),
              count: this.count,
              log: () => {},
            }),
          },
          {
            id: 'relay',
            start: relay({
              config: DEFAULT_RELAY_CONFIG,
              codecs,
              mailbox: this.#relay,
              sender,
              router: (realm) => this.routers.get(realm),
              count: this.count,
              log: () => {},
            }),
          },
          ...(cluster.options.realms ?? ['realm1']).map((realm) => ({
            id: realm,
            start: this.#router(realm, sender, clock),
          })),
        ],
      },
      scheduler: this.lane,
      log: {
        crash: (report) => this.crashes.push(report.stack ?? report.reason),
        event: () => {},
      },
    });
  }

  readonly count = (counter: string, by = 1): void => {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + by);
  };

  /** A session of this node; its outlet speaks the serializer given. */
  client(
    serializer: SerializerId = 'msgpack',
    over: Partial<Member> = {},
    realm = 'realm1',
  ): Client {
    const id = this.cluster.nextSession();
    const client = new Client(this, realm, id, codecs[serializer], {
      features: ALL_FEATURES,
      ...over,
    });
    this.input(realm, { kind: 'join', member: client.member });
    return client;
  }

  input(realm: string, input: RouterInput): void {
    this.routers.get(realm)!.admit(input);
  }

  request(realm: string, member: Member, request: Request): void {
    this.input(realm, { kind: 'requests', member, requests: [request], done: 0 });
  }

  /** What membership would say. */
  hears(event: MembershipEvent): void {
    if (!this.isAlive) return;
    if (event.kind === 'node_up') this.#up.set(event.node.name, event.node);
    else if (event.kind !== 'node_suspect') {
      if (this.#up.get(event.node.name)?.incarnation !== event.node.incarnation) return;
      this.#up.delete(event.node.name);
    }
    for (const target of this.#members) target.cast(event);
  }

  receive(service: ServiceName, input: PeerInput): void {
    if (service === 'relay') this.#relay.admit(input);
    if (service === 'registry') this.#registry.admit(input);
  }

  hearsBroadcast(message: Broadcasted): void {
    if (this.isAlive) for (const target of this.#listeners) target.cast(message);
  }

  stop(): void {
    this.isAlive = false;
    this.lane.stop();
  }

  registryInfo(): RegistryInfo {
    let info: RegistryInfo | undefined;
    this.#registry.admit({ kind: 'info', reply: { reply: (value) => (info = value) } });
    this.cluster.world.run();
    assert(info);
    return info;
  }

  #registryConfig(): RegistryConfig {
    return { ...DEFAULT_REGISTRY_CONFIG, ...this.cluster.options.registry };
  }

  #sender(network: PeerNetwork): RelaySender {
    const sender: RelaySender = new RelaySender({
      network,
      codecs,
      config: DEFAULT_RELAY_CONFIG,
      count: this.count,
      log: () => {},
      onHeld: () => this.#relay.admit({ kind: 'held' }),
      onGathered: () => {
        this.cluster.world.after(0, () => {
          if (this.isAlive) sender.leave();
        });
      },
      giveBack: (realm, refused) => this.routers.get(realm)!.admit(refused),
      ...(this.cluster.options.reachMs !== undefined && {
        reach: (to: string) => this.#reach(to, this.cluster.options.reachMs!),
      }),
    });
    return sender;
  }

  #reach(to: string, afterMs: number): void {
    const { network, world } = this.cluster;
    this.reached.push(to);
    world.after(afterMs, () => {
      if (this.isAlive && !network.isUp(this.id.name, to)) network.connect(this.id.name, to);
    });
  }

  #router(realm: string, sender: RelaySender, clock: HybridClock): Definition<RouterInput> {
    const mailbox = new Mailbox<RouterInput>();
    this.routers.set(realm, mailbox);
    const { options } = this.cluster;
    return router({
      mailbox,
      tables: new RealmTables(),
      uriRule: 'loose',
      dealer: { ...DEFAULT_DEALER_CONFIG, ...options.dealer },
      broker: DEFAULT_BROKER_CONFIG,
      authorizer: openAuthorizer(true),
      codecs,
      count: this.count,
      cluster: {
        self: this.id,
        realm,
        config: { ...DEFAULT_CLUSTER_ROUTING_CONFIG, ...options.routing },
        registry: this.#registry as Mailbox<never>,
        relay: sender,
        stamp: () => clock.now(),
      },
    });
  }

  #membership(): Definition<Played> {
    return played(MEMBERSHIP, (message) => {
      if (message.kind !== 'subscribe' || 'topic' in message) return;
      this.#members = [message.target];
      for (const node of this.#up.values()) message.target.cast({ kind: 'node_up', node });
    });
  }

  #broadcast(): Definition<Played> {
    return played(BROADCAST, (message) => {
      if (message.kind === 'subscribe' && 'topic' in message) this.#listeners = [message.target];
      if (message.kind === 'publish') this.#spread(message.payload);
    });
  }

  /** In no order, and not to everybody when the world says so. */
  #spread(payload: Uint8Array): void {
    const { network, world, nodes } = this.cluster;
    for (const other of nodes.values()) {
      if (other === this || !network.isUp(this.id.name, other.id.name)) continue;
      if (world.random.next() < network.wire.loss) continue;
      const message = { kind: 'broadcast', topic: 'registry', origin: this.id, payload } as const;
      world.after(network.wire.delay(), () => other.hearsBroadcast(message));
    }
  }
}

function played(
  as: Name<MembershipMessage> | Name<BroadcastMessage>,
  handle: (message: Played) => void,
): Definition<Played> {
  return {
    init: (context) => {
      context.register(name<Played>(as.name));
      return { handle };
    },
  };
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}
