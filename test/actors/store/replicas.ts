/**
 * Nodes with a store on one virtual clock: the shipped actors on a kernel and a disk each, with stand-ins for membership,
 * broadcast and links that lose, delay and part. One seed, one run.
 */
import type { NodeId } from '../../../runtime/causality/identity.ts';
import { MemoryDisk } from '../../../runtime/disk/memory.ts';
import type { Storage } from '../../../runtime/disk/storage.ts';
import type { Context, RandomSource, Target } from '../../../runtime/kernel/actor.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import type { Kernel } from '../../../runtime/kernel/kernel.ts';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import { Stepper } from '../../../runtime/kernel/stepper.ts';
import type { ChildSpec } from '../../../runtime/kernel/supervision.ts';
import { worker } from '../../../runtime/kernel/worker.ts';
import { Counters } from '../../../runtime/metrics/counters.ts';
import type { PlainValue } from '../../../runtime/net/peer/codec.ts';
import { decodeBody } from '../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import { parseExchange } from '../../../actors/store/messages.ts';
import type { PeerDelivery, PeerNetwork } from '../../../runtime/net/peer/port.ts';
import { peerService } from '../../../actors/links/api.ts';
import type { Broadcasted, BroadcastMessage } from '../../../actors/broadcast/api.ts';
import { BROADCAST } from '../../../actors/broadcast/api.ts';
import type { MembershipEvent, MembershipMessage } from '../../../actors/membership/api.ts';
import { MEMBERSHIP } from '../../../actors/membership/api.ts';
import type {
  ExchangeOutcome,
  GetOutcome,
  PartitionInfo,
  PrefixSpec,
  PutOptions,
  PutOutcome,
  PutValue,
} from '../../../actors/store/api.ts';
import { EXCHANGES, partitionName, Prefixes, Store } from '../../../actors/store/api.ts';
import type { StoreConfig } from '../../../actors/store/config.ts';
import { STORE_DEFAULTS } from '../../../actors/store/config.ts';
import { StoreState } from '../../../actors/store/state.ts';
import type { Storages } from '../../sim/store-tree.ts';
import { dump, OFTEN, storeTree } from '../../sim/store-tree.ts';

const EPOCH = 1_800_000_000_000;
/** The cluster's clock moves in steps of this many ms. */
const STEP_MS = 5;
export const HASH_KEY = { low: 0x1234567, high: 0x89abcde };

export const PREFIXES: readonly PrefixSpec[] = [
  { name: 'users', type: 'ram_disk' },
  { name: 'presence', type: 'ram' },
  { name: 'history', type: 'disk' },
  { name: 'first', type: 'ram_disk', resolver: { kind: 'fww' } },
];

export interface ReplicasOptions {
  readonly nodes?: number;
  readonly seed?: number;
  readonly config?: Partial<StoreConfig>;
  readonly prefixes?: readonly PrefixSpec[];
  /** Share of broadcasts and messages that vanish. */
  readonly loss?: number;
  readonly latencyMs?: readonly [low: number, high: number];
  /** Ms a synced write takes. */
  readonly syncMs?: number;
  /** What else lives on each node, beside the store. */
  readonly children?: (replica: Replica) => readonly ChildSpec[];
  /** Ms a node's wall clock is ahead. */
  readonly skewMs?: (name: string) => number;
}

/** A message on its way. */
interface Flight {
  readonly at: number;
  readonly order: number;
  readonly arrive: () => void;
}

export class Replicas {
  readonly options: ReplicasOptions;
  readonly config: StoreConfig;
  readonly random: RandomSource;
  readonly nodes: readonly Replica[];
  readonly departed = new Set<string>();
  /** `n1 n2`: n1 has not heard of n2 yet. */
  readonly unheard = new Set<string>();
  now = 0;
  loss: number;
  broadcasts = true;
  isWeighed = false;
  /** Bodies on the store channel. */
  messages = 0;
  bytes = 0;
  /** Of these, of rows in exchanges. */
  rowBytes = 0;
  #flights: Flight[] = [];
  #order = 0;
  #side: ((name: string) => number) | undefined;

  constructor(options: ReplicasOptions = {}) {
    this.options = options;
    this.loss = options.loss ?? 0;
    this.random = seededRandom(options.seed ?? 1);
    this.config = {
      ...STORE_DEFAULTS,
      ...{ partitions: 2, symbols: 256, exchangeMs: 1_000, watermarkMs: 1_000, reopenMs: 200 },
      ...{ exchangeTimeoutMs: 2_000, hashtreeMs: 1_000_000, hashtreeTtlMs: 1_000_000_000 },
      ...options.config,
    };
    const names = Array.from({ length: options.nodes ?? 3 }, (_, i) => `n${i}`);
    this.nodes = names.map((name) => new Replica(name, this));
    for (const node of this.nodes) node.start();
    this.advance(50);
  }

  get living(): readonly Replica[] {
    return this.nodes.filter(({ isUp }) => isUp);
  }

  node(index: number): Replica {
    return this.nodes[index]!;
  }

  advance(ms: number): void {
    const end = this.now + ms;
    while (this.now < end) {
      const step = Math.min(STEP_MS, end - this.now);
      for (const node of this.living) node.stepper.advance(step);
      this.now += step;
      const due = this.#flights.filter(({ at }) => at <= this.now);
      this.#flights = this.#flights.filter(({ at }) => at > this.now);
      for (const { arrive } of due.sort((a, b) => a.at - b.at || a.order - b.order)) arrive();
      for (const node of this.living) node.stepper.run();
    }
  }

  send(from: Replica, to: string, bytes: number, isLossy: boolean, arrive: () => void): void {
    const target = this.nodes.find(({ name }) => name === to);
    if (target === undefined || !this.reaches(from.name, to)) return;
    if (isLossy && this.random.next() < this.loss) return;
    this.messages++;
    this.bytes += bytes;
    const [low, high] = this.options.latencyMs ?? [5, 20];
    const life = target.id.incarnation;
    const at = this.now + low + this.random.next() * (high - low);
    this.#flights.push({
      ...{ at, order: ++this.#order },
      arrive: () => {
        if (target.isUp && target.id.incarnation === life) arrive();
      },
    });
  }

  reaches(from: string, to: string): boolean {
    const isUp = (name: string): boolean => this.living.some((node) => node.name === name);
    return isUp(from) && isUp(to) && this.#side?.(from) === this.#side?.(to);
  }

  partition(sideOf: (name: string) => number): void {
    this.#side = sideOf;
  }

  heal(): void {
    this.#side = undefined;
    for (const node of this.living) this.up(node);
  }

  /** All hear that it is there, and it of all. */
  up(node: Replica): void {
    for (const other of this.living) {
      if (other === node || !this.reaches(other.name, node.name)) continue;
      other.tellMembership({ kind: 'node_up', node: node.id });
      node.tellMembership({ kind: 'node_up', node: other.id });
    }
  }

  /** Exchanges until a whole round of pairs found equals, in `limit` rounds. */
  settle(limit = 8): void {
    for (let round = 0; round < limit; round++) {
      let isEqual = true;
      for (const a of this.living) {
        for (const b of this.living) {
          if (a !== b && a.exchangeWith(b).kind !== 'equal') isEqual = false;
        }
      }
      if (isEqual) return;
    }
    throw new Error(`not equal after ${limit} rounds`);
  }

  /** Waits for what was asked, a while of virtual time. */
  wait<T>(read: () => T | undefined, limitMs = 30_000): T {
    for (const end = this.now + limitMs; this.now < end;) {
      const value = read();
      if (value !== undefined) return value;
      this.advance(STEP_MS);
    }
    throw new Error('nothing came');
  }
}

export class Replica implements PeerNetwork {
  readonly name: string;
  readonly cluster: Replicas;
  readonly disk: MemoryDisk;
  readonly reports: string[] = [];
  /** Every broadcast of this node, to be heard again. */
  readonly said: Broadcasted[] = [];
  counters = new Counters();
  incarnation = 0;
  isUp = false;
  stepper!: Stepper;
  kernel!: Kernel;
  state!: StoreState;
  store!: Store;
  setAsides = 0;
  #ram!: MemoryDisk;
  #members: Target<MembershipEvent>[] = [];
  #subscribers: Target<Broadcasted>[] = [];
  #storages: Storages = new Map();

  constructor(name: string, cluster: Replicas) {
    this.name = name;
    this.cluster = cluster;
    this.disk = new MemoryDisk((delayMs, run) => this.stepper.setTimer(delayMs, run), {
      syncMs: cluster.options.syncMs ?? 2,
    });
  }

  get id(): NodeId {
    return { name: this.name, incarnation: this.incarnation };
  }

  get self(): NodeId {
    return this.id;
  }

  start(): void {
    const { cluster } = this;
    this.incarnation++;
    this.isUp = true;
    this.counters = new Counters();
    const seed = cluster.random.integer(1, 2 ** 31);
    const skewMs = cluster.options.skewMs?.(this.name) ?? 0;
    this.stepper = new Stepper({ seed, epoch: EPOCH + cluster.now + skewMs, interleaves: false });
    this.#ram = new MemoryDisk((delayMs, run) => void this.stepper.setTimer(delayMs, run));
    this.#storages = new Map();
    const prefixes = new Prefixes(cluster.options.prefixes ?? PREFIXES);
    this.state = new StoreState(HASH_KEY, cluster.config);
    this.store = new Store(this.state, prefixes);
    this.#members = [];
    this.#subscribers = [];
    this.kernel = boot({
      root: {
        ...{ kind: 'supervisor', strategy: 'one_for_one', intensity: OFTEN },
        children: () => [
          worker('membership', { init: (context) => this.#membership(context) }),
          worker('broadcast', { init: (context) => this.#broadcast(context) }),
          ...this.#store(prefixes),
          ...(cluster.options.children?.(this) ?? []),
        ],
      },
      scheduler: this.stepper,
      log: {
        crash: ({ path, reason, stack }) => this.reports.push(`${path}: ${reason} ${stack ?? ''}`),
        event: () => {},
      },
    });
    // A node that cannot start is seen by what it does not do.
    this.kernel.started.catch(() => {});
    this.stepper.run();
  }

  /** The end of the process; `power`: also of what was not synced. */
  crash(kind: 'process' | 'power' | 'disk' = 'process'): void {
    this.isUp = false;
    this.stepper.stop();
    if (kind === 'power') this.disk.losePower();
    else this.disk.crash();
    if (kind === 'disk') this.#wipe();
  }

  restart(): void {
    this.start();
    this.cluster.advance(50);
    this.cluster.up(this);
  }

  send(to: string, _channel: string, service: 'store', body: Uint8Array): PeerDelivery {
    if (!this.isConnected(to)) return 'disconnected';
    if (this.cluster.isWeighed) this.cluster.rowBytes += rowBytesOf(body);
    const message = { kind: 'peer_message', from: this.id, body } as const;
    this.cluster.send(this, to, body.length, true, () => {
      this.cluster.nodes
        .find(({ name }) => name === to)
        ?.kernel.whereis(peerService(service))
        ?.cast(message);
    });
    return 'queued';
  }

  isConnected(name: string): boolean {
    return this.cluster.reaches(this.name, name);
  }

  connected(): readonly NodeId[] {
    return this.cluster.living
      .filter((other) => other !== this && this.isConnected(other.name))
      .map(({ id }) => id);
  }

  hear(message: Broadcasted): void {
    for (const target of this.#subscribers) target.cast(message);
  }

  tellMembership(event: MembershipEvent): void {
    for (const target of this.#members) target.cast(event);
  }

  put(
    prefix: string,
    key: string,
    value: PutValue | string,
    options: PutOptions = {},
  ): { outcome: PutOutcome | undefined } {
    const result: { outcome: PutOutcome | undefined } = { outcome: undefined };
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    const partitionRef = this.kernel.whereis(partitionName(this.store.partitionOf(prefix, key)));
    partitionRef?.cast({
      ...{ kind: 'put', prefix, key, value: bytes, options },
      reply: { reply: (outcome: PutOutcome) => (result.outcome = outcome) },
    });
    this.stepper.run();
    return result;
  }

  /** And waits for the answer. */
  putNow(
    prefix: string,
    key: string,
    value: PutValue | string,
    options: PutOptions = {},
  ): PutOutcome {
    const result = this.put(prefix, key, value, options);
    return this.cluster.wait(() => result.outcome);
  }

  readNow(prefix: string, key: string): GetOutcome {
    let outcome: GetOutcome | undefined;
    this.kernel
      .whereis(partitionName(this.store.partitionOf(prefix, key)))!
      .cast({ kind: 'get', prefix, key, reply: { reply: (value) => (outcome = value) } });
    this.stepper.run();
    return this.cluster.wait(() => outcome);
  }

  get(prefix: string, key: string): string | undefined {
    const outcome = this.readNow(prefix, key);
    if (outcome.kind === 'failed') throw new Error(outcome.failure.detail);
    return outcome.value && new TextDecoder().decode(outcome.value);
  }

  exchangeWith(other: Replica): ExchangeOutcome {
    let outcome: ExchangeOutcome | undefined;
    this.kernel.whereis(EXCHANGES)!.cast({
      ...{ kind: 'exchange', peer: other.name },
      reply: { reply: (value: ExchangeOutcome) => (outcome = value) },
    });
    this.stepper.run();
    return this.cluster.wait(() => outcome);
  }

  infos(): readonly PartitionInfo[] {
    return this.state.partitions.map(({ index }) => {
      let info: PartitionInfo | undefined;
      this.kernel
        .whereis(partitionName(index))!
        .cast({ kind: 'info', reply: { reply: (value) => (info = value) } });
      this.stepper.run();
      return this.cluster.wait(() => info);
    });
  }

  /** Rows as bytes on disk and in memory, in order: equal texts, equal replicas. */
  dump(): string {
    this.cluster.advance(20);
    const wait = (isOver: () => boolean): void =>
      void this.cluster.wait(() => (isOver() ? true : undefined));
    return dump(this.#storages, this.state.partitions.length, wait);
  }

  storage(index: number): Storage {
    return this.#storages.get(`durable/${index}`)!;
  }

  #store(prefixes: Prefixes): readonly ChildSpec[] {
    return storeTree({
      ...{ id: this.id, network: this, state: this.state, config: this.cluster.config, prefixes },
      ...{ disk: this.disk, ram: this.#ram, storages: this.#storages },
      defer: (delayMs, run) => void this.stepper.setTimer(delayMs, run),
      kernel: () => this.kernel,
      members: () => this.#roster(),
      count: (what, by) => this.counters.count(what, by),
      report: (event, fields) => void this.reports.push(`${event} ${JSON.stringify(fields)}`),
      onSetAside: () => void this.setAsides++,
    });
  }

  #roster(): readonly NodeId[] {
    return this.cluster.nodes
      .filter(({ name }) => !this.cluster.departed.has(name))
      .filter(({ name }) => !this.cluster.unheard.has(`${this.name} ${name}`))
      .map(({ id }) => id);
  }

  #membership(context: Context<MembershipMessage>) {
    context.register(MEMBERSHIP);
    return {
      handle: (message: MembershipMessage) => {
        if (message.kind !== 'subscribe') return;
        this.#members.push(message.target);
        for (const node of this.connected()) message.target.cast({ kind: 'node_up', node });
      },
    };
  }

  #broadcast(context: Context<BroadcastMessage>) {
    context.register(BROADCAST);
    return {
      handle: (message: BroadcastMessage) => {
        if (message.kind === 'subscribe') this.#subscribers.push(message.target);
        if (message.kind !== 'publish' || !this.cluster.broadcasts) return;
        const { topic, payload } = message;
        this.said.push({ kind: 'broadcast', topic, origin: this.id, payload });
        for (const other of this.cluster.living) {
          if (other === this) continue;
          this.cluster.send(this, other.name, 0, true, () => {
            other.hear({ kind: 'broadcast', topic, origin: this.id, payload });
          });
        }
      },
    };
  }

  #wipe(): void {
    const fresh = new MemoryDisk((delayMs, run) => void this.stepper.setTimer(delayMs, run), {
      syncMs: this.cluster.options.syncMs ?? 2,
    });
    Object.assign(this, { disk: fresh });
  }
}

function rowBytesOf(body: Uint8Array): number {
  const message = parseExchange(decodeBody(body) as PlainValue);
  if (message instanceof Malformed) return 0;
  if (message.kind !== 'swap' && message.kind !== 'swapped') return 0;
  return message.rows
    .flatMap(({ rows }) => rows)
    .reduce((sum, { key, row }) => sum + key.length + row.length, 0);
}
