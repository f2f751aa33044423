/**
 * A node of a simulation: the shipped actors of membership, broadcast, store, registry, relay and routing on one kernel,
 * wired as in supervisors/, over the simulated transport. Its disks, its roster and its incarnation outlive its lives.
 */
import { broadcast } from '../../actors/broadcast/broadcast.actor.ts';
import type { BroadcastConfig } from '../../actors/broadcast/config.ts';
import { broadcastTables } from '../../actors/broadcast/tables.ts';
import type { Member as ClusterMember } from '../../actors/membership/api.ts';
import { MEMBERSHIP, View } from '../../actors/membership/api.ts';
import type { MembershipConfig } from '../../actors/membership/config.ts';
import { isMember } from '../../actors/membership/member.ts';
import { membership } from '../../actors/membership/membership.actor.ts';
import { peerService } from '../../actors/links/api.ts';
import type { RegistryConfig } from '../../actors/registry/config.ts';
import type { Member, Request, RouterInput } from '../../actors/routing/api.ts';
import type { PrefixSpec } from '../../actors/store/api.ts';
import { Prefixes, Store } from '../../actors/store/api.ts';
import type { StoreConfig } from '../../actors/store/config.ts';
import { StoreState } from '../../actors/store/state.ts';
import type { NodeId } from '../../runtime/causality/identity.ts';
import { MemoryDisk } from '../../runtime/disk/memory.ts';
import { boot } from '../../runtime/kernel/boot.ts';
import type { Kernel } from '../../runtime/kernel/kernel.ts';
import type { ChildSpec } from '../../runtime/kernel/supervision.ts';
import { SetTable } from '../../runtime/kernel/table.ts';
import { subtree, worker } from '../../runtime/kernel/worker.ts';
import { Counters } from '../../runtime/metrics/counters.ts';
import type { PeerInput, PeerNetwork, ServiceName } from '../../runtime/net/peer/port.ts';
import { linksAgent } from './links-agent.ts';
import { Routing } from './routing.ts';
import type { Storages } from './store-tree.ts';
import { OFTEN, storeTree } from './store-tree.ts';
import type { Host, Transport } from './transport.ts';
import type { World } from './world.ts';
import { Lane } from './world.ts';

export const REALM = 'realm1';
const HASH_KEY = { low: 0x1234567, high: 0x89abcde };

export interface NodeConfig {
  readonly membership: MembershipConfig;
  readonly broadcast: BroadcastConfig;
  readonly store: StoreConfig;
  readonly registry: RegistryConfig;
  readonly redialMs: readonly [min: number, max: number];
  prefixes(name: string): readonly PrefixSpec[];
  /** A life that begins with the incarnation of the last one is a mistake; to see it found. */
  readonly keepsIncarnation: boolean;
}

/** What is left when the process ends. */
class Remains {
  disk: MemoryDisk;
  roster: Uint8Array | undefined;
  incarnation: number | undefined;

  constructor(disk: MemoryDisk) {
    this.disk = disk;
  }
}

export class SimNode {
  readonly name: string;
  readonly world: World;
  readonly transport: Transport;
  readonly config: NodeConfig;
  readonly crashes: string[] = [];
  /** Its last end took what was not synced. */
  hasLostPower = false;
  life!: Life;
  #remains: Remains;
  #lives = 0;
  #seed: number;

  constructor(name: string, seed: number, world: World, transport: Transport, config: NodeConfig) {
    this.name = name;
    this.#seed = seed;
    this.world = world;
    this.transport = transport;
    this.config = config;
    this.#remains = this.#fresh();
  }

  get isUp(): boolean {
    return this.life.isRunning;
  }

  /** As supervisors/cluster-parts.ts: the next incarnation, or seconds since 1970 where nothing is known. */
  start(contacts: readonly string[]): void {
    const last = this.#remains.incarnation;
    const first = Math.floor(this.world.clock.wall() / 1_000);
    const next = last === undefined ? first : last + 1;
    const incarnation =
      this.config.keepsIncarnation && this.#lives > 0 ? this.life.id.incarnation : next;
    this.#remains.incarnation = incarnation;
    const lane = new Lane(this.world, this.#seed * 7_919 + ++this.#lives);
    this.life = new Life(this, { name: this.name, incarnation }, lane, this.#remains);
    this.world.run();
    for (const contact of contacts) this.life.join(contact);
  }

  /** The end of a process; `power`: also of what was not synced; `disk`: of everything. */
  crash(kind: 'process' | 'power' | 'disk'): void {
    this.life.end();
    this.transport.crashed(this.life, kind === 'process' ? 'reset' : 'silent');
    this.hasLostPower = kind !== 'process';
    if (kind === 'power') this.#remains.disk.losePower();
    else this.#remains.disk.crash();
    if (kind === 'disk') this.#remains = this.#fresh();
  }

  #fresh(): Remains {
    const defer = (delayMs: number, run: () => void) => void this.life.lane.setTimer(delayMs, run);
    return new Remains(new MemoryDisk(defer, { syncMs: 2 }));
  }
}

/** One life of a node. */
export class Life implements Host {
  readonly id: NodeId;
  readonly lane: Lane;
  readonly kernel: Kernel;
  readonly state: StoreState;
  readonly store: Store;
  readonly storages: Storages = new Map();
  readonly counters = new Counters();
  readonly routing: Routing;
  readonly view: View;
  isRunning = true;
  readonly #node: SimNode;
  readonly #remains: Remains;
  readonly #network: PeerNetwork;
  readonly #members = new SetTable<string, ClusterMember>('members');
  #neighbors = { names: (): readonly string[] => [] };

  constructor(node: SimNode, id: NodeId, lane: Lane, remains: Remains) {
    this.#node = node;
    this.id = id;
    this.lane = lane;
    this.#remains = remains;
    const { config, transport } = node;
    this.#network = transport.attach(this);
    this.state = new StoreState(HASH_KEY, config.store);
    const prefixes = new Prefixes(config.prefixes(id.name));
    this.store = new Store(this.state, prefixes);
    this.view = new View(id, this.#members, () => this.#neighbors.names());
    const { count } = this;
    this.routing = new Routing({
      ...{
        network: this.#network,
        config: config.registry,
        clock: lane.clock,
        count,
        realm: REALM,
        soon: (run) => void node.world.after(0, () => this.isRunning && run()),
      },
    });
    this.kernel = boot({
      root: {
        ...{ kind: 'supervisor', strategy: 'one_for_one', intensity: OFTEN },
        children: () => [...this.routing.children(), this.#cluster(), this.#storeTree(prefixes)],
      },
      scheduler: lane,
      log: {
        crash: ({ path, reason, stack }) => {
          if (reason !== 'killed') node.crashes.push(`${id.name} ${path}: ${stack ?? reason}`);
        },
        event: () => {},
      },
    });
    // A part that cannot start is seen by what it does not do.
    this.kernel.started.catch(() => {});
  }

  get isResponsive(): boolean {
    return this.isRunning && !this.lane.isPaused;
  }

  get hasStarted(): boolean {
    return this.kernel.tree({ childLimit: 0 }).state === 'running';
  }

  readonly count = (what: string, by?: number): void =>
    this.counters.count(what.replaceAll('.', '_'), by);

  receive(service: ServiceName, input: PeerInput): 'accepted' | 'refused' | 'dead' {
    if (!this.isRunning) return 'dead';
    if (this.routing.receive(service, input)) return 'accepted';
    return this.kernel.whereis(peerService(service))?.cast(input) ?? 'dead';
  }

  join(contact: string): void {
    const address = { host: contact, port: 1 };
    this.kernel.whereis(MEMBERSHIP)?.cast({ kind: 'join', address });
  }

  input(realm: string, input: RouterInput): void {
    if (realm === REALM) this.routing.router.admit(input);
  }

  request(realm: string, member: Member, request: Request): void {
    this.input(realm, { kind: 'requests', member, requests: [request], done: 0 });
  }

  end(): void {
    this.isRunning = false;
    this.lane.stop();
  }

  #cluster(): ChildSpec {
    const { config, transport } = this.#node;
    const { count } = this;
    return subtree('cluster', {
      ...{ kind: 'supervisor', strategy: 'rest_for_one', intensity: OFTEN },
      children: () => [
        worker('links', linksAgent(transport, this, config.redialMs)),
        worker(
          'membership',
          membership({
            ...{ config: config.membership, network: this.#network, count },
            addresses: () => [{ host: this.id.name, port: 1 }],
            isJoining: true,
            store: {
              load: () => this.#remains.roster,
              save: (bytes, done) => {
                this.#remains.roster = bytes;
                done();
              },
            },
            members: this.#members,
            neighbors: this.#neighbors,
            log: () => {},
            onOut: () => {},
          }),
        ),
        worker(
          'broadcast',
          broadcast({
            ...{ config: config.broadcast, network: this.#network, count },
            tables: broadcastTables(),
            neighbors: () => this.view.neighbors(),
            warn: () => {},
          }),
        ),
      ],
    });
  }

  #storeTree(prefixes: Prefixes): ChildSpec {
    const defer = (delayMs: number, run: () => void) => void this.lane.setTimer(delayMs, run);
    return subtree('store', {
      ...{ kind: 'supervisor', strategy: 'one_for_one', intensity: OFTEN },
      children: () =>
        storeTree({
          ...{ id: this.id, network: this.#network, state: this.state, prefixes, defer },
          ...{ config: this.#node.config.store, count: this.count, storages: this.storages },
          ...{ disk: this.#remains.disk, ram: new MemoryDisk(defer) },
          kernel: () => this.kernel,
          members: () => this.#roster(),
          report: () => {},
        }),
    });
  }

  /** As supervisors/store.ts: all members, also those that are down. */
  #roster(): readonly NodeId[] {
    const others = [...this.view.members()].filter(
      (member) => member.name !== this.id.name && isMember(member),
    );
    return [this.id, ...others];
  }
}
