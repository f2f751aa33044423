/**
 * Scenario 25, on the shipped actors: random partitions, crashes of nodes and actors, power losses, lost messages, puts, deletes and
 * read-modify-writes. Afterwards all replicas are the same bytes, nothing acknowledged is lost, nothing overwritten or
 * deleted is back, and of the deleted nothing is left. `STORE_SEED` replays one run, `STORE_SEEDS` runs more.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import type { PutOutcome } from '../../../actors/store/api.ts';
import type { Replica } from './replicas.ts';
import { Replicas } from './replicas.ts';

const only = process.env['STORE_SEED'];
const seeds = only === undefined ? Number(process.env['STORE_SEEDS'] ?? 100) : 1;
const DELETED = '(deleted)';

interface Attempt {
  readonly by: string;
  readonly prefix: string;
  readonly key: string;
  readonly value: string;
  readonly result: { readonly outcome: PutOutcome | undefined };
}

test(`${seeds} seeds of partitions, crashes and loss end well`, () => {
  for (let i = 0; i < seeds; i++) run(only === undefined ? i + 1 : Number(only));
});

function run(seed: number): void {
  try {
    new Run(seed).all();
  } catch (error) {
    throw new Error(`STORE_SEED=${seed}: ${String(error)}`, { cause: error });
  }
}

class Run {
  readonly #random;
  readonly #cluster: Replicas;
  readonly #attempts: Attempt[] = [];
  #number = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    const nodes = 3 + (seed % 3);
    const config = { symbols: seed % 2 === 0 ? 16 : 256, hashtreeMs: 500, hashtreeSlice: 20 };
    this.#cluster = new Replicas({ nodes, seed, config, loss: 0.2 });
  }

  all(): void {
    for (let step = 0; step < 60; step++) this.#step();
    const cluster = this.#cluster;
    cluster.loss = 0;
    cluster.heal();
    for (const node of cluster.nodes) if (!node.isUp) node.restart();
    cluster.advance(2_000);
    cluster.settle();
    this.#judge();
    cluster.advance(20_000);
    cluster.settle();
    this.#judge();
    const dumps = cluster.nodes.map((node) => node.dump());
    for (const dump of dumps) assert.equal(dump, dumps[0], 'replicas differ');
    for (const node of cluster.nodes) {
      for (const info of node.infos()) assert.equal(info.unsettled, 0, 'tombstones are left');
      const crashes = node.reports.filter((line) => line.includes('error'));
      assert.deepEqual(crashes, []);
    }
  }

  #step(): void {
    const cluster = this.#cluster;
    const node = this.#pick(cluster.nodes);
    const dice = this.#random.next();
    if (dice < 0.6) this.#put(node);
    else if (dice < 0.65) this.#crash(node);
    else if (dice < 0.75 && !node.isUp) node.restart();
    else if (dice < 0.8) cluster.partition(this.#sides());
    else if (dice < 0.85) cluster.heal();
    else if (dice < 0.9 && node.isUp) this.#kill(node);
    cluster.advance(this.#random.integer(1, 20) * 10);
  }

  #put(node: Replica): void {
    if (!node.isUp) return;
    const prefix = this.#pick(['users', 'history', 'first', 'presence']);
    const key = `key ${this.#random.integer(0, 4)}`;
    const isDeletion = this.#random.next() < 0.35;
    const value = isDeletion ? DELETED : `value ${++this.#number} of ${node.name}`;
    const result = node.put(prefix, key, isDeletion ? undefined : value);
    this.#attempts.push({ by: node.name, prefix, key, value, result });
  }

  /** One actor of the store, or all of a partition. */
  #kill(node: Replica): void {
    const path = this.#pick([
      ...['root/partitions/0/partition', 'root/partitions/1/partition', 'root/partitions/1'],
      ...['root/replicator', 'root/clock', 'root/aae/exchanges'],
    ]);
    assert(node.kernel.exit(path, { kind: 'killed' }), path);
  }

  /** What was in memory only, and acknowledged, goes with the node: it is not counted. */
  #crash(node: Replica): void {
    if (!node.isUp || this.#cluster.living.length === 1) return;
    node.crash(this.#random.next() < 0.5 ? 'power' : 'process');
    for (let i = this.#attempts.length - 1; i >= 0; i--) {
      const { prefix, by } = this.#attempts[i]!;
      if (prefix === 'presence' && by === node.name) {
        this.#attempts[i] = { ...this.#attempts[i]!, result: { outcome: undefined } };
      }
    }
  }

  #judge(): void {
    for (const prefix of ['users', 'history', 'first', 'presence']) {
      for (let n = 0; n <= 4; n++) this.#judgeKey(prefix, `key ${n}`);
    }
  }

  #judgeKey(prefix: string, key: string): void {
    const about = this.#attempts.filter((one) => one.prefix === prefix && one.key === key);
    const values = this.#cluster.nodes.map((node) => node.get(prefix, key));
    assert.equal(new Set(values).size, 1, `${prefix}/${key}: ${values.join()}`);
    const [value] = values;
    const overwritten = new Set<string>();
    let acknowledged = 0;
    for (const { result } of about) {
      if (result.outcome?.kind !== 'stored') continue;
      acknowledged++;
      const { before } = result.outcome;
      if (before !== undefined) overwritten.add(new TextDecoder().decode(before));
    }
    if (value !== undefined) {
      assert(
        about.some((one) => one.value === value),
        `${prefix}/${key}: from nowhere`,
      );
      assert(!overwritten.has(value), `${prefix}/${key}: ${value} is back`);
    } else if (acknowledged > 0 && prefix !== 'presence') {
      const isDeleted = about.some((one) => one.value === DELETED);
      assert(isDeleted, `${prefix}/${key}: acknowledged and lost`);
    }
  }

  #sides(): (name: string) => number {
    const sides = new Map(
      this.#cluster.nodes.map(({ name }) => [name, this.#random.integer(0, 1)] as const),
    );
    return (name) => sides.get(name)!;
  }

  #pick<T>(all: readonly T[]): T {
    return all[this.#random.integer(0, all.length - 1)]!;
  }
}
