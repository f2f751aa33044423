import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cutAt, TreeFeed, type TreeDelta } from '../../../actors/admin/tree-feed.ts';
import type { TreeNode } from '../../../runtime/kernel/kernel.ts';
import { node } from './stage.ts';

test('the first delta is the whole tree, parents before children', () => {
  const delta = new TreeFeed().next(node('root', { children: [node('root/a'), node('root/b')] }));
  assert.deepEqual(
    delta.rows.map(({ path }) => path),
    ['root', 'root/a', 'root/b'],
  );
  assert.deepEqual({ ...delta.children }, { root: ['root/a', 'root/b'] });
});

test('nothing changed is an empty delta, although uptimes grew', () => {
  const feed = new TreeFeed();
  feed.next(node('root', { uptimeMs: 1 }));
  const delta = feed.next(node('root', { uptimeMs: 2 }));
  assert.deepEqual(
    { ...delta, children: { ...delta.children } },
    { rows: [], removed: [], children: {} },
  );
});

test('each value a reader sees makes its row travel again', () => {
  const changes: Partial<TreeNode>[] = [
    { handled: 5 },
    { mailbox: 1 },
    { pid: 9 },
    { pid: undefined },
    { state: 'cooling_down' },
    { restarts: 1 },
    { lastExit: 'killed' },
    { childCount: 4 },
  ];
  for (const change of changes) {
    const feed = new TreeFeed();
    feed.next(node('root'));
    assert.equal(feed.next(node('root', change)).rows.length, 1, JSON.stringify(change));
  }
});

test('a cut tree keeps the number of children it left out', () => {
  const tree = node('root', { children: [node('root/a', { children: [node('root/a/b')] })] });
  const cut = cutAt(2, tree);
  assert.equal(cut.children[0]?.childCount, 1);
  assert.deepEqual(cut.children[0]?.children, []);
  assert.deepEqual(cutAt(1, tree).children, []);
  assert.deepEqual(cutAt(3, tree), tree);
});

/** A follower as simple as can be. */
class Follower {
  readonly rows = new Map<string, unknown>();
  readonly children = new Map<string, readonly string[]>();

  apply(delta: TreeDelta): void {
    for (const path of delta.removed) {
      this.rows.delete(path);
      this.children.delete(path);
    }
    for (const row of delta.rows) this.rows.set(row.path, row);
    for (const [path, paths] of Object.entries(delta.children)) this.children.set(path, paths);
  }

  tree(path: string): unknown {
    const children = (this.children.get(path) ?? []).map((child) => this.tree(child));
    return { ...(this.rows.get(path) as object), children };
  }
}

function trees(path: string, depth: number): fc.Arbitrary<TreeNode> {
  const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), {
    maxLength: depth === 0 ? 0 : 4,
  });
  return ids
    .chain((some) => fc.tuple(...some.map((id) => trees(`${path}/${id}`, depth - 1))))
    .chain((children) =>
      fc
        .record({
          handled: fc.nat(3),
          mailbox: fc.nat(1),
          pid: fc.option(fc.nat(3), { nil: undefined }),
        })
        .map((values) => node(path, { ...values, children })),
    );
}

test('whoever follows from any point has the tree', () => {
  fc.assert(
    fc.property(
      fc.array(trees('root', 3), { minLength: 1, maxLength: 6 }),
      fc.nat(5),
      (all, late) => {
        const feed = new TreeFeed();
        const early = new Follower();
        let joined: Follower | undefined;
        all.forEach((tree, index) => {
          const delta: TreeDelta = JSON.parse(JSON.stringify(feed.next(tree)));
          early.apply(delta);
          joined?.apply(delta);
          if (index === late) {
            joined = new Follower();
            joined.apply(JSON.parse(JSON.stringify(feed.whole())));
          }
          const plain = JSON.parse(JSON.stringify(tree));
          assert.deepEqual(early.tree('root'), plain);
          if (joined !== undefined) assert.deepEqual(joined.tree('root'), plain);
        });
      },
    ),
  );
});
