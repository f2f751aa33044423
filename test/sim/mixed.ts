/**
 * Scenario 25 of the cluster's proof, a Jepsen-style run on whole nodes: partitions, pauses, restarts, power losses, wiped
 * disks, killed actors, lost, late and doubled broadcasts, under puts, deletions, read-modify-writes, writes with an old
 * context, sessions that register, subscribe, call and leave. Afterwards everything must be as if nothing had happened.
 */
import { BROADCAST_DEFAULTS } from '../../actors/broadcast/config.ts';
import { MEMBERSHIP_DEFAULTS } from '../../actors/membership/config.ts';
import { DEFAULT_REGISTRY_CONFIG } from '../../actors/registry/config.ts';
import type { GetOutcome, PrefixSpec, PutOutcome } from '../../actors/store/api.ts';
import { partitionName } from '../../actors/store/api.ts';
import type { StoreConfig } from '../../actors/store/config.ts';
import { STORE_DEFAULTS } from '../../actors/store/config.ts';
import type { Context } from '../../runtime/causality/dvvset.ts';
import type { RandomSource } from '../../runtime/kernel/actor.ts';
import { PASS } from '../../runtime/net/peer/interposition.ts';
import type { Passing, Verdict } from '../../runtime/net/peer/interposition.ts';
import { seededRandom } from '../../runtime/kernel/random.ts';
import type { Attempt } from './history.ts';
import { History } from './history.ts';
import { forgetWith } from './losses.ts';
import type { NodeConfig } from './node.ts';
import { SimNode } from './node.ts';
import { Sessions } from './sessions.ts';
import { Transport } from './transport.ts';
import { World } from './world.ts';

/** Something of the product that is switched off, to see that the run then fails. */
export type Fault = 'no_exchange' | 'no_gap_filling' | 'no_incarnation_bump' | 'no_merge';

export interface MixedOptions {
  readonly seed: number;
  readonly nodes?: number;
  readonly steps?: number;
  readonly fault?: Fault;
  /** Of the store, instead of what is usual. */
  readonly store?: Partial<StoreConfig>;
}

/** `aae.exchange_timer` as shipped. */
export const EXCHANGE_MS = STORE_DEFAULTS.exchangeMs;

const SIBLINGS: PrefixSpec['resolver'] = {
  kind: 'computed',
  combine: ([first]) => first!.value,
};
export const PREFIXES: readonly PrefixSpec[] = [
  { name: 'users', type: 'ram_disk' },
  { name: 'history', type: 'disk', resolver: SIBLINGS },
  { name: 'first', type: 'ram_disk', resolver: { kind: 'fww' } },
  { name: 'presence', type: 'ram' },
];
export const KEYS = ['a', 'b', 'c', 'd'];

const BROADCAST_LOSS = 0.25;
const REGISTRY_LOSS = 0.1;
const STEP_MS = 5;
const WHOLE_MS = 60_000;

/** Of every node's actors, those that are killed now and then. */
const MORTALS = [
  ...['root/registry', 'root/relay', 'root/router'],
  ...['root/cluster/links', 'root/cluster/membership', 'root/cluster/broadcast'],
  ...['root/store/partitions/0/partition', 'root/store/partitions/1', 'root/store/replicator'],
  ...['root/store/clock', 'root/store/aae/exchanges'],
];

export class Mixed {
  readonly world: World;
  readonly transport: Transport;
  readonly nodes: readonly SimNode[];
  readonly history = new History();
  readonly sessions: Sessions;
  readonly done: Record<string, number> = {};
  readonly #options: MixedOptions;
  readonly #random: RandomSource;
  readonly #contexts = new Map<string, Context>();
  #isLossy = true;
  /** When a node that is down comes back. */
  readonly #returns = new Map<SimNode, number>();

  constructor(options: MixedOptions) {
    this.#options = options;
    const { seed, nodes = 5 } = options;
    this.#random = seededRandom(seed);
    this.world = new World(seed);
    this.transport = new Transport(this.world);
    const config = this.#config();
    const names = Array.from({ length: nodes }, (_, i) => `n${i}`);
    this.nodes = names.map(
      (name, i) => new SimNode(name, seed * 100 + i, this.world, this.transport, config),
    );
    this.sessions = new Sessions(this, this.#random);
    for (const { name } of this.nodes) this.transport.interpose(name, (each) => this.#hook(each));
    for (const node of this.nodes) node.start(node.name === 'n0' ? [] : ['n0']);
  }

  get now(): number {
    return this.world.clock.now();
  }

  get running(): readonly SimNode[] {
    return this.nodes.filter(({ isUp }) => isUp);
  }

  /** The storm. */
  rage(): void {
    this.wait(() => this.running.every(({ life }) => life.state.isReady), 5_000, 'no start');
    const { steps = 80 } = this.#options;
    for (let step = 0; step < steps; step++) {
      this.#step();
      const isLong = this.#random.next() < 0.04;
      this.world.advance(this.#random.integer(0, isLong ? 9_000 : 300));
      this.#bringBack();
    }
  }

  /** No loss, no partition, everybody up; what was under way goes on. */
  calm(): void {
    this.#isLossy = false;
    this.transport.heal();
    for (const node of this.#returns.keys()) this.#returns.set(node, 0);
    this.#bringBack();
  }

  /** Virtual time until the claim holds. Throws after the limit. */
  wait(claim: () => boolean, limitMs: number, otherwise: string, stepMs = STEP_MS): number {
    const start = this.now;
    while (!claim()) {
      if (this.now - start >= limitMs) throw new Error(`${otherwise} after ${limitMs} ms`);
      this.world.advance(stepMs);
    }
    return this.now - start;
  }

  /** Every node has a link to every other and counts this life of it as up. Returns the ms it took. */
  waitWhole(): number {
    return this.wait(() => isWhole(this), WHOLE_MS, 'the cluster is not whole', 50);
  }

  /** A put nobody judges; its outcome is the scenario's business. */
  put(node: SimNode, prefix: string, key: string, text: string | undefined): void {
    const { kernel, store } = node.life;
    kernel
      .whereis(partitionName(store.partitionOf(prefix, key)))
      ?.cast({ kind: 'put', prefix, key, value: bytesOf(text), options: {} });
    this.world.run();
  }

  read(node: SimNode, prefix: string, key: string): GetOutcome {
    let got: GetOutcome | undefined;
    const { kernel, store } = node.life;
    kernel
      .whereis(partitionName(store.partitionOf(prefix, key)))
      ?.cast({ kind: 'get', prefix, key, reply: { reply: (value) => (got = value) } });
    this.wait(() => got !== undefined, 5_000, `no answer from ${node.name}`);
    return got!;
  }

  #step(): void {
    const node = this.#pick(this.nodes);
    const dice = this.#random.next();
    if (dice < 0.42) this.#burst(() => this.#put(this.#pick(this.nodes)));
    else if (dice < 0.72) this.#burst(() => this.sessions.step(this.#pick(this.nodes)));
    else if (dice < 0.78) this.#kill(node);
    else if (dice < 0.83) this.#pause(node);
    else if (dice < 0.89) this.#crash(node);
    else if (dice < 0.95) this.#partition();
    else this.transport.heal();
  }

  #burst(action: () => void): void {
    for (let i = this.#random.integer(1, 4); i > 0; i--) {
      action();
      this.world.advance(this.#random.integer(0, 10));
    }
  }

  #put(node: SimNode): void {
    if (!node.isUp) return;
    const { name: prefix } = this.#pick(PREFIXES);
    const key = this.#pick(KEYS);
    const dice = this.#random.next();
    const context = dice < 0.15 ? this.#contexts.get(`${node.name} ${prefix} ${key}`) : undefined;
    const attempt = this.history.begin({
      ...{ node: node.name, prefix, key, context, begunAt: this.now },
    });
    const isDeletion = dice >= 0.15 && dice < 0.4;
    const isFunction = dice >= 0.4 && dice < 0.6;
    this.#count(isDeletion ? 'deletions' : isFunction ? 'read-modify-writes' : 'puts');
    if (!isDeletion && !isFunction) attempt.value = this.history.uniqueValue(node.name);
    const value = isFunction ? this.#modify(attempt) : bytesOf(attempt.value);
    const { kernel, store, id } = node.life;
    const delivery = kernel.whereis(partitionName(store.partitionOf(prefix, key)))?.cast({
      ...{ kind: 'put', prefix, key, value, options: context === undefined ? {} : { context } },
      reply: {
        reply: (outcome: PutOutcome) => {
          attempt.outcome = outcome;
          if (outcome.kind !== 'stored' || node.life.id.incarnation !== id.incarnation) return;
          this.#contexts.set(`${node.name} ${prefix} ${key}`, outcome.context);
        },
      },
    });
    if (delivery !== 'accepted') attempt.endedAt = this.now;
    this.world.run();
  }

  #modify(attempt: Attempt): (current: Uint8Array | undefined) => Uint8Array | undefined {
    return () => {
      attempt.value = this.history.uniqueValue(attempt.node);
      return bytesOf(attempt.value);
    };
  }

  /** Of a node that is still starting a killed part ends the process, as it should; that is what `#crash` is for. */
  #kill(node: SimNode): void {
    if (!node.isUp || !node.life.hasStarted) return;
    this.#count('kills');
    const path = this.#pick(MORTALS);
    node.life.kernel.exit(path, { kind: 'killed' });
    const { store } = node.life;
    this.history.ended(node.name, this.now, ({ prefix, key }) =>
      path.startsWith(`root/store/partitions/${store.partitionOf(prefix, key)}`),
    );
  }

  #pause(node: SimNode): void {
    if (!node.isUp) return;
    this.#count('pauses');
    node.life.lane.pause(this.#random.integer(100, 8_000));
  }

  #crash(node: SimNode): void {
    if (!node.isUp || this.running.length === 1) return;
    const dice = this.#random.next();
    const kind = dice < 0.4 ? 'process' : dice < 0.75 ? 'power' : 'disk';
    this.#count({ process: 'restarts', power: 'power losses', disk: 'wipes' }[kind]);
    forgetWith(this.history, this.nodes, node, kind);
    for (const key of this.#contexts.keys()) {
      if (key.startsWith(`${node.name} `)) this.#contexts.delete(key);
    }
    this.sessions.gone(node);
    this.history.ended(node.name, this.now);
    node.crash(kind);
    this.#returns.set(node, this.now + this.#random.integer(1_000, 7_000));
  }

  #bringBack(): void {
    for (const [node, at] of this.#returns) {
      if (at > this.now) continue;
      this.#returns.delete(node);
      node.start(this.nodes.filter((other) => other !== node).map(({ name }) => name));
    }
  }

  #partition(): void {
    this.#count('partitions');
    const sides = new Map(
      this.nodes.map(({ name }) => [name, this.#random.integer(0, 2)] as const),
    );
    this.transport.partition((name) => sides.get(name)!);
  }

  #hook({ direction, service, channel }: Passing): Verdict {
    const { fault } = this.#options;
    if (fault === 'no_exchange' && service === 'store') return { kind: 'drop' };
    if (fault === 'no_gap_filling' && service === 'registry') return { kind: 'drop' };
    if (!this.#isLossy || direction === 'in' || channel !== 'broadcast') return PASS;
    const dice = this.#random.next();
    if (dice < (service === 'registry' ? REGISTRY_LOSS : BROADCAST_LOSS)) {
      this.#count('messages lost');
      return { kind: 'drop' };
    }
    if (dice > 0.95) return { kind: 'delay', ms: this.#random.integer(1, 1_500) };
    return dice > 0.92 ? { kind: 'duplicate', times: 2 } : PASS;
  }

  #config(): NodeConfig {
    const { seed, fault, store } = this.#options;
    const symbols = seed % 2 === 0 ? 16 : 256;
    return {
      membership: MEMBERSHIP_DEFAULTS,
      broadcast: BROADCAST_DEFAULTS,
      store: {
        ...{ ...STORE_DEFAULTS, partitions: 2, symbols, hashtreeMs: 2_000, hashtreeSlice: 20 },
        ...store,
      },
      registry: { ...DEFAULT_REGISTRY_CONFIG, keptChanges: 8, batch: 3, earlyBatches: 2 },
      redialMs: [100, 8_000],
      keepsIncarnation: fault === 'no_incarnation_bump',
      prefixes: (name) =>
        fault === 'no_merge' && name === 'n1'
          ? PREFIXES.map((prefix) => ({ ...prefix, hooks: { willMerge: () => false } }))
          : PREFIXES,
    };
  }

  #count(what: string): void {
    this.done[what] = (this.done[what] ?? 0) + 1;
  }

  #pick<T>(all: readonly T[]): T {
    return all[this.#random.integer(0, all.length - 1)]!;
  }
}

function isWhole({ nodes, transport }: Mixed): boolean {
  return nodes.every((node) =>
    nodes.every((other) => {
      if (node === other) return node.life.isResponsive && node.life.state.isReady;
      const member = node.life.view.member(other.name);
      const isKnown =
        member?.incarnation === other.life.id.incarnation && member.health === 'alive';
      return isKnown && member.status === 'up' && transport.isLinked(node.name, other.name);
    }),
  );
}

function bytesOf(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : new TextEncoder().encode(text);
}
