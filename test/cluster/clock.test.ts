/**
 * Scenario 23: a wall clock that is off. What saw another write wins over it whatever the clocks say; a stamp too far ahead
 * is refused; and a node that is far off hears it from its peers, refuses its own puts and says so.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startStores, storeNodes, allLinked } from './store-nodes.ts';
import type { StoreNode } from './store-nodes.ts';

const HOUR_MS = 3_600_000;
const OPTIONS = {
  size: 3,
  settings: { 'aae.exchange_timer': '500ms' },
  store: { watermarkMs: 300 },
};
const ROW = { prefix: 'warm', key: 'contended' } as const;

describe('a clock within the bound', () => {
  test('that steps to and fro loses no write to one that it has seen', async (t) => {
    const nodes = await startStores(t, OPTIONS);
    const [steady, stepping] = nodes as [StoreNode, StoreNode];
    for (let round = 0; round < 6; round++) {
      await stepping.ask('set_clock', { offsetMs: round % 2 === 0 ? -20_000 : 20_000 });
      const [writer, reader] = round % 3 === 0 ? [steady, stepping] : [stepping, steady];
      const value = `round ${round}`;
      assert.equal(await writer.ask('put_one', { ...ROW, value }), 'stored');
      await reader.until(`told of ${value}`, async () =>
        (await reader.valueOf(ROW.key)) === value ? true : undefined,
      );
      const { context } = await reader.ask('get', ROW);
      const answer = { ...ROW, value: `${value}, seen`, context };
      assert.equal(await reader.ask('put_one', answer), 'stored');
      for (const node of nodes) {
        await node.until(`told of the answer to ${value}`, async () =>
          (await node.valueOf(ROW.key)) === `${value}, seen` ? true : undefined,
        );
        assert.equal((await node.ask('get', ROW)).values.length, 1);
      }
    }
  });

  test('decides between concurrent writes only, and the same on all nodes', async (t) => {
    const nodes = await startStores(t, OPTIONS);
    const [ahead, other] = nodes as [StoreNode, StoreNode];
    await ahead.ask('set_clock', { offsetMs: 20_000 });
    await Promise.all([
      ahead.ask('put_one', { ...ROW, value: 'ahead', context: [] }),
      other.ask('put_one', { ...ROW, value: 'other', context: [] }),
    ]);
    for (const node of nodes) {
      await node.until('of one mind', async () =>
        (await node.valueOf(ROW.key)) === 'ahead' ? true : undefined,
      );
    }
  });
});

for (const [what, offsetMs] of [
  ['ahead', HOUR_MS],
  ['behind', -HOUR_MS],
] as const) {
  describe(`a node an hour ${what}`, () => {
    test('hears it from its peers, refuses its puts, says so, and goes on when the clock is set', async (t) => {
      const nodes = await startStores(t, OPTIONS);
      const [good, , odd] = nodes as [StoreNode, StoreNode, StoreNode];
      await odd.ask('put_one', { ...ROW, value: 'when all was well' });
      await good.until('told', async () =>
        (await good.valueOf(ROW.key)) === 'when all was well' ? true : undefined,
      );
      await odd.ask('set_clock', { offsetMs });
      const problem = await odd.until('aware of its clock', async () =>
        (await odd.problems()).find((one) => one.includes('clock of this node is off')),
      );
      const sign = offsetMs > 0 ? '\\+' : '-';
      assert.match(problem, new RegExp(`clock of this node is off by ${sign}3[56]\\d{5} ms`));
      assert(odd.output.includes('store_clock_off'));
      assert.match(
        await odd.ask('put_one', { ...ROW, value: 'from another time' }),
        /^clock_off: /,
      );
      assert.equal(await good.ask('put_one', { ...ROW, value: 'meanwhile' }), 'stored');
      for (const node of nodes) if (node !== odd) assert.deepEqual(await node.problems(), []);

      await odd.ask('set_clock', { offsetMs: 0 });
      await odd.until('ready again', async () =>
        (await odd.problems()).length === 0 ? true : undefined,
      );
      await odd.until('told what it missed', async () =>
        (await odd.valueOf(ROW.key)) === 'meanwhile' ? true : undefined,
      );
      assert.equal(await odd.ask('put_one', { ...ROW, value: 'in step' }), 'stored');
      for (const node of nodes) {
        await node.until('told', async () =>
          (await node.valueOf(ROW.key)) === 'in step' ? true : undefined,
        );
      }
    });
  });
}

test('stamps of an hour ahead are refused by the others and counted, and the node says why it writes no more', async (t) => {
  const nodes = await storeNodes(t, OPTIONS);
  const [good, , odd] = nodes as [StoreNode, StoreNode, StoreNode];
  odd.clockOffsetMs = HOUR_MS;
  await odd.start(); // alone: nobody tells it
  const early = { prefix: 'warm', from: 0, to: 200 } as const;
  assert.equal((await odd.ask('put', { ...early, value: 'early' })).stored, 200);
  for (const node of nodes) if (node !== odd) await node.start();
  await allLinked(nodes);
  await good.until('offered them', async () =>
    (await good.count('store_rows_ahead')) >= 200 ? true : undefined,
  );
  assert.equal(await good.valueOf('k1'), undefined);
  await odd.ask('set_clock', { offsetMs: 0 });
  // Its clock is right now, what it gave is not: new stamps would be refused as well. It must not look well.
  await odd.until('aware of its stamps', async () =>
    (await odd.problems()).find((one) => one.includes('ahead of its clock')),
  );
  assert.match(await odd.ask('put_one', { ...ROW, key: 'k1', value: 'x' }), /^clock_off: /);
  assert.equal(await good.ask('put_one', { ...ROW, value: 'fine' }), 'stored');
  assert.deepEqual(await good.problems(), []);
});
