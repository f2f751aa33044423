/**
 * A row is gone from the disk, its leaf is not: when the row's next version comes, its item must not stand in the tree
 * beside the old one, or exchanges would find a difference for ever that no row explains.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { partitionName } from '../../../actors/store/api.ts';
import type { RebuildOutcome } from '../../../actors/store/api.ts';
import { diskKey, encodeRowKey, rowKeyOf } from '../../../actors/store/keys.ts';
import type { Replica } from './replicas.ts';
import { Replicas } from './replicas.ts';

function lose(node: Replica, prefix: string, key: string): void {
  const at = diskKey('r', encodeRowKey(rowKeyOf(prefix, key)));
  let isDone = false;
  node
    .storage(node.store.partitionOf(prefix, key))
    .batch([{ kind: 'delete', key: at }], { sync: true }, () => (isDone = true));
  node.cluster.wait(() => isDone || undefined);
}

function rebuild(node: Replica, index: number): RebuildOutcome {
  let outcome: RebuildOutcome | undefined;
  const reply = { reply: (value: RebuildOutcome) => void (outcome = value) };
  node.kernel.whereis(partitionName(index))!.cast({ kind: 'rebuild', reply });
  return node.cluster.wait(() => outcome);
}

for (const prefix of ['users', 'history']) {
  describe(`a row of ${prefix} that is gone from a disk`, () => {
    const prepared = () => {
      const cluster = new Replicas({ nodes: 2 });
      const [a, b] = cluster.nodes as [Replica, Replica];
      a.putNow(prefix, 'ann', 'one');
      cluster.settle();
      lose(b, prefix, 'ann');
      b.crash();
      return { cluster, a, b };
    };
    const areRight = (a: Replica, b: Replica): void => {
      for (const { index } of b.state.partitions) assert.equal(rebuild(b, index), 'right');
      assert.equal(a.exchangeWith(b).kind, 'equal');
      assert.equal(a.dump(), b.dump());
    };

    test('comes back from another node, in a newer version', () => {
      const { cluster, a, b } = prepared();
      a.putNow(prefix, 'ann', 'two');
      b.restart();
      b.exchangeWith(a);
      cluster.settle();
      assert.equal(b.get(prefix, 'ann'), 'two');
      areRight(a, b);
    });

    test('is put again here, before anybody has seen that it is gone', () => {
      const { cluster, a, b } = prepared();
      cluster.partition((name) => (name === a.name ? 0 : 1));
      b.restart();
      b.putNow(prefix, 'ann', 'three');
      cluster.heal();
      cluster.settle();
      a.exchangeWith(b);
      cluster.settle();
      areRight(a, b);
    });
  });
}
