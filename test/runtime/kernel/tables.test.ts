/** Tables as in ETS: they outlive their writer, and have one at a time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BagTable, DuplicateBagTable } from '../../../runtime/kernel/bag-table.ts';
import { OrderedSetTable } from '../../../runtime/kernel/ordered-table.ts';
import { SetTable } from '../../../runtime/kernel/table.ts';
import type { Owner, SetWriter } from '../../../runtime/kernel/table.ts';
import type { Rows } from '../../../actors/routing/effects.ts';
import { boom, bootWorld, puppet, supervise, tell } from './support.ts';

/** An owner that never dies. */
const owner: Owner = {
  self: { path: 'test', pid: 0, isAlive: true, cast: () => 'dead' },
  own: () => () => {},
};

describe('a table', () => {
  it('outlives its writer, which loses it; the next incarnation claims it and reads on', () => {
    const writers: SetWriter<string, number>[] = [];
    const table = new SetTable<string, number>('calls');
    const child = puppet('a', {}, (context) => {
      const writer = table.claim(context);
      writers.push(writer);
      writer.set(`start ${writers.length}`, writers.length);
    });
    const world = bootWorld(supervise([child]));
    tell(world, 'a', boom);
    assert.deepEqual(
      [...table.entries()],
      [
        ['start 1', 1],
        ['start 2', 2],
      ],
    );
    assert.throws(() => writers[0]?.set('late', 0), /this writer has ended/);
    assert.throws(() => writers[0]?.get('late'), /this writer has ended/);
    assert.equal(table.has('late'), false);
  });

  it('has one writer at a time', () => {
    const table = new SetTable<string, number>('calls');
    const claims = (id: string) =>
      puppet(id, { restart: 'temporary' }, (context) => {
        if (id === 'a') table.claim(context);
      });
    const world = bootWorld(supervise([claims('a'), claims('b')]));
    tell(world, 'b', (context) => {
      assert.throws(() => table.claim(context), /table calls has a writer: root\/a/);
    });
    tell(world, 'a', boom);
    tell(world, 'b', (context) => void table.claim(context));
    assert.equal(world.crashes.length, 1);
  });

  it('lives as long as its supervisor', () => {
    const tables: SetTable<string, number>[] = [];
    const children = () => {
      const table = new SetTable<string, number>('calls');
      tables.push(table);
      return [puppet('a', {}, (context) => void table.claim(context))];
    };
    const world = bootWorld(supervise(children));
    tell(world, 'a', boom);
    assert.equal(tables.length, 1);
  });
});

describe('a set', () => {
  it('is what the routing cores call rows', () => {
    const rows: Rows<string, number> = new SetTable<string, number>('t').claim(owner);
    rows.set('a', 1);
    rows.set('a', 2);
    assert.deepEqual(
      [rows.size, rows.get('a'), rows.has('b'), [...rows.keys()]],
      [1, 2, false, ['a']],
    );
    assert.equal(rows.delete('a'), true);
    assert.equal(rows.delete('a'), false);
    assert.deepEqual([...rows.values()], []);
  });
});

describe('an ordered set', () => {
  it('is a sorted map, whatever is written', () => {
    const write = fc.record({ key: fc.integer({ min: 0, max: 2000 }), isDelete: fc.boolean() });
    const writes = fc.array(write, { maxLength: 3000, size: 'max' });
    fc.assert(
      fc.property(writes, fc.integer({ min: -1, max: 2001 }), (steps, probe) => {
        const table = new OrderedSetTable<number, string>('t', (a, b) => a - b);
        const writer = table.claim(owner);
        const model = new Map<number, string>();
        for (const { key, isDelete } of steps) {
          if (isDelete) assert.equal(writer.delete(key), model.delete(key));
          else {
            writer.set(key, `v${key}`);
            model.set(key, `v${key}`);
          }
        }
        const sorted = [...model].sort(([a], [b]) => a - b);
        const keys = sorted.map(([key]) => key);
        assert.deepEqual([...table.entries()], sorted);
        assert.deepEqual(
          [...table.entries(probe)],
          sorted.filter(([key]) => key >= probe),
        );
        assert.equal(table.size, keys.length);
        assert.equal(table.first(), keys[0]);
        assert.equal(table.last(), keys.at(-1));
        assert.equal(
          table.next(probe),
          keys.find((key) => key > probe),
        );
        assert.equal(
          table.previous(probe),
          keys.findLast((key) => key < probe),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('a bag', () => {
  it('holds a value once per key', () => {
    const table = new BagTable<string, number>('t');
    const writer = table.claim(owner);
    assert.deepEqual(
      [writer.add('a', 1), writer.add('a', 2), writer.add('a', 1)],
      [true, true, false],
    );
    assert.deepEqual([[...table.get('a')], table.size, table.has('b')], [[1, 2], 2, false]);
    assert.equal(writer.delete('a', 1), true);
    assert.equal(writer.delete('a', 1), false);
    assert.equal(writer.delete('a', 2), true);
    assert.deepEqual([table.has('a'), table.size], [false, 0]);
  });
});

describe('a duplicate bag', () => {
  it('holds a value as often as it was added', () => {
    const table = new DuplicateBagTable<string, number>('t');
    const writer = table.claim(owner);
    for (const value of [1, 2, 1]) writer.add('a', value);
    writer.add('b', 3);
    assert.deepEqual([[...table.get('a')], table.size], [[1, 2, 1], 4]);
    assert.equal(writer.delete('a', 1), true);
    assert.deepEqual([[...table.get('a')], table.size, [...table.keys()]], [[2], 2, ['a', 'b']]);
    assert.equal(writer.delete('b'), true);
    writer.clear();
    assert.equal(table.size, 0);
  });
});
