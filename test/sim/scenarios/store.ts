/** Scenarios 15 and 16 on whole nodes: a deletion against an update across a partition, and the end of tombstones. */
import type { StoreConfig } from '../../../actors/store/config.ts';
import { Mixed } from '../mixed.ts';
import type { SimNode } from '../node.ts';
import type { Figures, Scenario } from '../scenario.ts';
import { claim, rounded } from '../scenario.ts';
import { bytesIn } from '../store-tree.ts';

const USERS = 'users';

const ORDERS = ['012', '021', '102', '120', '201', '210'];

export const deleteAgainstUpdate: Scenario = {
  number: 15,
  title: 'delete against update in a partition',
  oracle:
    'a concurrent update stands, a deletion that saw all stands; the same on all, in all 6 heal orders',
  fullSeeds: 20,
  cells: () =>
    ORDERS.flatMap((order) =>
      [true, false].map((isConcurrent) => ({
        variant: `${order}, ${isConcurrent ? 'concurrent' : 'stale replica'}`,
        nodes: 3,
        run: (seed: number) => conflict(order, isConcurrent, seed),
      })),
    ),
};

function calmCluster(seed: number, nodes: number, store: Partial<StoreConfig> = {}): Mixed {
  const mixed = new Mixed({ seed, nodes, store });
  mixed.calm();
  mixed.waitWhole();
  return mixed;
}

/** The sides of a partition come together in the order given: the first two, then the third. */
function conflict(order: string, isConcurrent: boolean, seed: number): Figures {
  const mixed = calmCluster(seed, 3);
  const [a, b] = mixed.nodes as [SimNode, SimNode];
  mixed.put(a, USERS, 'ann', 'old');
  mixed.wait(
    () => mixed.nodes.every((node) => valueOn(mixed, node) === 'old'),
    10_000,
    'not spread',
  );
  mixed.transport.partition((name) => Number(name.slice(1)));
  mixed.world.advance(10);
  mixed.put(a, USERS, 'ann', undefined);
  mixed.world.advance(10);
  if (isConcurrent) mixed.put(b, USERS, 'ann', 'new');
  mixed.world.advance(8_000);
  const last = `n${order[2]}`;
  mixed.transport.heal();
  mixed.transport.partition((name) => Number(name === last));
  mixed.world.advance(12_000);
  mixed.transport.heal();
  const wanted = isConcurrent ? 'new' : undefined;
  const start = mixed.now;
  mixed.wait(
    () => mixed.nodes.every((node) => valueOn(mixed, node) === wanted),
    40_000,
    `not ${wanted ?? 'deleted'} everywhere`,
  );
  const agreedMs = Math.round(mixed.now - start);
  mixed.world.advance(60_000);
  for (const node of mixed.nodes) {
    const value = valueOn(mixed, node);
    claim(value === wanted, `${node.name} has ${value} a minute later`);
  }
  return { agreedMs };
}

function valueOn(mixed: Mixed, node: SimNode): string | undefined {
  const got = mixed.read(node, USERS, 'ann');
  if (got.kind === 'failed') throw new Error(got.failure.detail);
  return got.value === undefined ? undefined : new TextDecoder().decode(got.value);
}

export const tombstones: Scenario = {
  number: 16,
  title: 'the end of tombstones',
  oracle:
    'when all have seen the deletions rows and bytes are what they were (5 %); one that is away is waited for, or gives up its rows; nothing comes back',
  fullSeeds: 20,
  cells: (size) =>
    (['nobody', 'for a while', 'too long'] as const).map((away) => ({
      variant: away === 'nobody' ? 'all up' : `one away ${away}`,
      nodes: 3,
      run: (seed: number) => reap(size === 'tour' ? 300 : 100_000, away, seed),
    })),
};

/** Rows that stay, for each 10 that are deleted. */
const STAYING = 2;
/** A member that is down is waited for that long. */
const AWAY_MS = 300_000;

function reap(rows: number, away: 'nobody' | 'for a while' | 'too long', seed: number): Figures {
  const mixed = calmCluster(seed, 3, { awayMs: AWAY_MS });
  const [a, , c] = mixed.nodes as [SimNode, SimNode, SimNode];
  const staying = (rows / 10) * STAYING;
  const haveRows = (count: number) => () =>
    mixed.nodes.every((node) => !node.isUp || rowsOn(node) === count);
  putAll(mixed, a, staying, (i) => [`stays ${i}`, 'value'.repeat(20)]);
  mixed.wait(haveRows(staying), 60_000, 'not spread', 100);
  mixed.world.advance(60_000);
  const before = spaceOn(mixed, a);
  putAll(mixed, a, rows, (i) => [`key ${i}`, 'value']);
  mixed.wait(haveRows(staying + rows), 60_000, 'not spread', 100);
  if (away !== 'nobody') {
    c.crash('process');
    mixed.world.advance(8_000);
  }
  putAll(mixed, a, rows, (i) => [`key ${i}`, undefined]);
  let kept = 0;
  if (away !== 'nobody') {
    mixed.world.advance(120_000);
    kept = rowsOn(a) - staying;
    claim(kept === rows, `${rows - kept} tombstones did not wait`);
    if (away === 'too long') mixed.wait(haveRows(staying), AWAY_MS, 'tombstones wait', 1_000);
    c.start(['n0', 'n1']);
  }
  const start = mixed.now;
  const isRid = (): boolean => mixed.nodes.every(({ isUp }) => isUp) && haveRows(staying)();
  mixed.wait(isRid, 300_000, `${rowsOn(a)}, ${rowsOn(c)} rows are left`, 250);
  const ridMs = Math.round(mixed.now - start);
  mixed.world.advance(60_000);
  claim(isRid(), 'something came back');
  for (const { name, life } of mixed.nodes) {
    for (const counter of ['store_puts_refused', 'store_disk_failures']) {
      claim(life.counters.value(counter) === 0, `${name}: ${counter}`);
    }
  }
  const space = Math.max(...mixed.nodes.map((node) => spaceOn(mixed, node))) / before;
  claim(space <= 1.05, `${space} times the space of before`);
  return { rows, kept, ridMs, space: rounded(space, 3) };
}

function putAll(
  mixed: Mixed,
  node: SimNode,
  count: number,
  row: (i: number) => readonly [key: string, value: string | undefined],
): void {
  for (let i = 0; i < count; i++) {
    mixed.put(node, USERS, ...row(i));
    if (i % 500 === 0) mixed.world.advance(50);
  }
}

function spaceOn(mixed: Mixed, { life }: SimNode): number {
  return bytesIn(life.storages, (isOver) => mixed.wait(isOver, 5_000, 'no scan'));
}

/** Tombstones included. */
function rowsOn({ life }: SimNode): number {
  if (!life.state.isReady) return -1;
  return life.state.partitions.reduce((sum, { hashtree }) => sum + hashtree.count, 0);
}
