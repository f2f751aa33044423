/** Scenarios 15 and 16 on whole nodes: a deletion against an update across a partition, and the end of tombstones. */
import { Mixed } from '../mixed.ts';
import type { SimNode } from '../node.ts';
import type { Figures, Scenario } from '../scenario.ts';
import { claim } from '../scenario.ts';

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

function calmCluster(seed: number, nodes: number): Mixed {
  const mixed = new Mixed({ seed, nodes });
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
    'no row is left when all have seen the deletions; with one away they wait for it; nothing comes back',
  fullSeeds: 5,
  cells: (size) => [
    {
      variant: 'all up',
      nodes: 3,
      run: (seed) => reap(size === 'tour' ? 300 : 20_000, false, seed),
    },
    {
      variant: 'one away',
      nodes: 3,
      run: (seed) => reap(size === 'tour' ? 300 : 5_000, true, seed),
    },
  ],
};

function reap(rows: number, isOneAway: boolean, seed: number): Figures {
  const mixed = calmCluster(seed, 3);
  const [a, , c] = mixed.nodes as [SimNode, SimNode, SimNode];
  for (let i = 0; i < rows; i++) {
    mixed.put(a, USERS, `key ${i}`, 'value');
    if (i % 500 === 0) mixed.world.advance(50);
  }
  mixed.wait(() => mixed.nodes.every((node) => rowsOn(node) === rows), 60_000, 'not spread', 100);
  if (isOneAway) {
    c.crash('process');
    mixed.world.advance(8_000);
  }
  for (let i = 0; i < rows; i++) {
    mixed.put(a, USERS, `key ${i}`, undefined);
    if (i % 500 === 0) mixed.world.advance(50);
  }
  let kept = 0;
  if (isOneAway) {
    mixed.world.advance(120_000);
    kept = rowsOn(a);
    claim(kept === rows, `${rows - kept} tombstones did not wait`);
    c.start(['n0', 'n1']);
  }
  const start = mixed.now;
  const isEmpty = (): boolean => mixed.nodes.every((node) => node.isUp && rowsOn(node) === 0);
  mixed.wait(isEmpty, 300_000, `${rowsOn(a)}, ${rowsOn(c)} rows are left`, 250);
  const emptyMs = Math.round(mixed.now - start);
  mixed.world.advance(60_000);
  claim(isEmpty(), 'something came back');
  return { rows, kept, emptyMs };
}

/** Tombstones included. */
function rowsOn({ life }: SimNode): number {
  if (!life.state.isReady) return -1;
  return life.state.partitions.reduce((sum, { hashtree }) => sum + hashtree.count, 0);
}
