import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compareBytes } from '../../../runtime/structures/bytes.ts';
import { differenceOf } from '../../../runtime/structures/item.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import { branchIndexOf, leafRangeOf, MerkleTree } from '../../../runtime/structures/merkle.ts';
import { MerkleDiff } from '../../../runtime/structures/merkle-diff.ts';
import type { TreeRequest } from '../../../runtime/structures/tree-messages.ts';
import {
  answerChildren,
  decodeChildren,
  decodeItems,
  decodeRoot,
  decodeTreeRequest,
  encodeItems,
  encodeRoot,
  encodeTreeRequest,
  MAX_BRANCHES,
  MAX_ITEMS,
} from '../../../runtime/structures/tree-messages.ts';
import { changed, itemNumber, someItems, sorted } from '../../support/items.ts';
import { compareTrees, Replica } from '../../support/reconcile.ts';

const items = fc.uniqueArray(fc.uint8Array({ minLength: 16, maxLength: 16 }), {
  selector: (item) => item.join(),
  maxLength: 60,
  size: 'max',
});

describe('the tree', () => {
  test('is the same in whatever order rows came, changed and went', () => {
    fc.assert(
      fc.property(items, items, (kept, gone) => {
        const extra = differenceOf(gone, kept).mine;
        const [tree, other] = [new MerkleTree(2), new MerkleTree(2)];
        for (const item of [...extra, ...kept]) tree.change(undefined, item);
        for (const item of extra) tree.change(item, undefined);
        for (const item of [...kept].reverse()) other.change(undefined, item);
        assert.deepEqual(tree.root, other.root);
        assert.equal(tree.root.count, kept.length);
      }),
    );
  });

  test('has another root when one row differs', () => {
    const tree = new Replica(someItems(100)).tree;
    const before = tree.root;
    tree.change(itemNumber(5), itemNumber(5, 1));
    assert.notDeepEqual(tree.root, before);
    tree.change(itemNumber(5, 1), itemNumber(5));
    assert.deepEqual(tree.root, before);
  });

  test('shares its upper levels with trees of another depth', () => {
    const [shallow, deep] = [2, 4].map((depth) => new Replica(someItems(200), depth).tree);
    for (let index = 0; index < 256; index++) {
      assert.deepEqual(shallow!.hash({ level: 2, index }), deep!.hash({ level: 2, index }));
    }
  });

  test('refuses to lose what it does not have', () => {
    assert.throws(() => new MerkleTree().change(itemNumber(1), undefined), /not in the tree/);
  });

  test('a branch is one range of leaves', () => {
    fc.assert(
      fc.property(items, fc.integer({ min: 0, max: 4 }), (all, level) => {
        for (const item of all) {
          const index = branchIndexOf(item, level);
          const { gte, lt } = leafRangeOf({ level, index });
          assert(compareBytes(item, gte) >= 0);
          assert(lt === undefined || compareBytes(item, lt) < 0);
        }
      }),
    );
  });
});

describe('the comparison', () => {
  test('finds the naive difference, for any two sets and depths', () => {
    const depth = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(items, items, items, depth, depth, (shared, mine, theirs, left, right) => {
        const a = differenceOf([...shared, ...differenceOf(mine, shared).mine], []).mine;
        const b = differenceOf([...shared, ...differenceOf(theirs, shared).mine], []).mine;
        const found = compareTrees(new Replica(a, left), new Replica(b, right));
        assert.deepEqual(sorted(found.difference!), sorted(differenceOf(a, b)));
      }),
    );
  });

  test('finds changed rows among many, level by level', () => {
    const a = someItems(5000);
    const replica = new Replica(a);
    for (const count of [0, 1, 50, 5000]) {
      const b = changed(a, count, count);
      const { difference, roundTrips } = compareTrees(replica, new Replica(b));
      assert.deepEqual(sorted(difference!), sorted(differenceOf(a, b)));
      assert(roundTrips <= 5, `${roundTrips}`);
    }
  });

  test('of equal trees stops at the roots', () => {
    const { difference, bytes, roundTrips } = compareTrees(
      new Replica(someItems(500)),
      new Replica(someItems(500).reverse()),
    );
    assert.deepEqual([difference, roundTrips], [{ mine: [], theirs: [] }, 1]);
    assert(bytes < 40);
  });

  test('of an empty replica lists everything without going down to the leaves', () => {
    const { difference, roundTrips } = compareTrees(new Replica([]), new Replica(someItems(3000)));
    assert.equal(difference!.theirs.length, 3000);
    assert.equal(roundTrips, 2);
  });
});

describe('a hostile peer', () => {
  const mine = new Replica(someItems(1000));
  const asking = () => {
    const diff = new MerkleDiff(mine.tree, 3);
    const step = diff.start(new Replica(someItems(1000, 500)).tree.root);
    assert(step.kind === 'ask');
    return { diff, request: step.requests[0]! };
  };

  test('that answers nonsense is refused', () => {
    for (const answer of [new Uint8Array(0), new Uint8Array(1), new Uint8Array(500).fill(0xff)]) {
      const { diff, request } = asking();
      assert.equal(diff.children(request, answer).kind, 'refused');
    }
  });

  test('that answers twice, or lists what was not asked for, is refused', () => {
    const { diff, request } = asking();
    const other = new Replica(changed(mine.items, 1, 1));
    const step = diff.children(request, answerChildren(other.tree, request));
    assert(step.kind === 'ask');
    assert.equal(diff.children(request, new Uint8Array(2)).kind, 'refused');
    let next = step;
    while (next.requests[0]!.kind === 'children') {
      const [request] = next.requests;
      const after = diff.children(request!, answerChildren(other.tree, request!));
      assert(after.kind === 'ask');
      next = after;
    }
    const [list] = next.requests;
    const stranger = mine.items.find(
      (item) => !list!.indexes.includes(branchIndexOf(item, list!.level)),
    );
    assert.equal(diff.items(list!, encodeItems([stranger!]), []).kind, 'refused');
  });

  test('that asks for what there is not, or for too much, is refused', () => {
    const refused: readonly TreeRequest[] = [
      { kind: 'children', level: 3, indexes: [0] },
      { kind: 'items', level: 4, indexes: [0] },
      { kind: 'items', level: 1, indexes: [16] },
      { kind: 'items', level: 1, indexes: [] },
      { kind: 'items', level: 3, indexes: Array.from({ length: MAX_BRANCHES + 1 }, (_, i) => i) },
    ];
    for (const request of refused) {
      assert(decodeTreeRequest(encodeTreeRequest(request), 3) instanceof Malformed);
    }
  });

  test('with changed or random bytes is refused or understood, never a throw', () => {
    const request: TreeRequest = { kind: 'children', level: 1, indexes: [0, 3, 15] };
    const bytes = answerChildren(mine.tree, request);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.uint8Array(), (at, byte, random) => {
        const damaged = bytes.with(at, byte);
        for (const input of [damaged, random, damaged.subarray(0, at)]) {
          const children = decodeChildren(input, request);
          assert(children instanceof Malformed || children.length === 48);
          const asked = decodeTreeRequest(input, 3);
          if (!(asked instanceof Malformed)) assert.deepEqual(encodeTreeRequest(asked), input);
        }
      }),
    );
  });
});

test('a request comes back as it was', () => {
  const indexes = fc.uniqueArray(fc.nat(4095), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.constantFrom('children' as const, 'items' as const), indexes, (kind, given) => {
      const request = { kind, level: 3, indexes: given.sort((a: number, b: number) => a - b) };
      assert.deepEqual(decodeTreeRequest(encodeTreeRequest(request), 4), request);
    }),
  );
});

test('roots and items come back as they were, and torn ones are refused', () => {
  const root = new Replica(someItems(300)).tree.root;
  assert.deepEqual(decodeRoot(encodeRoot(root)), root);
  assert(decodeRoot(encodeRoot({ ...root, depth: 7 })) instanceof Malformed);
  assert(decodeRoot(encodeRoot(root).subarray(1)) instanceof Malformed);
  const list = someItems(3);
  assert.deepEqual(decodeItems(encodeItems(list)), list);
  assert(decodeItems(new Uint8Array(17)) instanceof Malformed);
  assert(decodeItems(new Uint8Array(16 * (MAX_ITEMS + 1))) instanceof Malformed);
});
