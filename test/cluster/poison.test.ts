/** Scenario 14: a hook that throws and bytes that are no row harm their own row and nothing else, and everybody hears. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { THROWS } from './store-commands.ts';
import { BY_HAND, startStores } from './store-nodes.ts';
import type { StoreNode } from './store-nodes.ts';

test('a throwing hook and a malformed row are set aside, counted and named; other rows go on', async (t) => {
  const nodes = await startStores(t, { size: 2, settings: BY_HAND });
  const [sender, receiver] = nodes as [StoreNode, StoreNode];
  for (const key of Object.values(THROWS)) {
    const outcome = await sender.ask('put_one', { prefix: 'fragile', key, value: 'poison' });
    assert.equal(outcome, 'stored');
  }
  assert(await sender.ask('send_malformed', { prefix: 'fragile', key: 'malformed' }));
  const fine = { prefix: 'fragile', from: 0, to: 500 } as const;
  assert.equal((await sender.ask('put', { ...fine, value: 'fine' })).stored, 500);
  await receiver.until('told of all', async () => {
    const { value } = await receiver.ask('get', { prefix: 'fragile', key: 'k499' });
    return value === 'fine' && (await receiver.count('store_rows_malformed')) > 0
      ? true
      : undefined;
  });
  await receiver.exchangeWith(sender);
  for (let i = 0; i < 500; i++) {
    const { value } = await receiver.ask('get', { prefix: 'fragile', key: `k${i}` });
    assert.equal(value, 'fine');
  }
  // Not taken in, and taken in before the hook that hears of it threw.
  const read = (key: string) => receiver.ask('get', { prefix: 'fragile', key });
  assert.equal((await read(THROWS.willMerge)).value, undefined);
  assert.equal((await read(THROWS.onMerge)).value, 'poison');

  assert((await receiver.count('store_hooks_threw')) >= 2);
  assert.equal(await receiver.count('store_rows_malformed'), 1);
  const quarantined = (await receiver.ask('partitions', {})).flatMap((one) => one.quarantined);
  assert.deepEqual(
    new Map(quarantined.map(({ key, reason }) => [key, reason])),
    new Map([
      [THROWS.willMerge, 'a hook threw: Error: a hook of this test'],
      [THROWS.onMerge, 'a hook threw: Error: a hook of this test'],
      ['malformed', 'malformed'],
    ]),
  );
  for (const key of [...Object.values(THROWS), 'malformed']) {
    assert(receiver.output.includes(`fragile/${key}`), `${key} is not in the log`);
  }
  for (const node of nodes) {
    assert.deepEqual(await node.ask('crashes', {}), []);
    assert.deepEqual(await node.problems(), []);
  }
  // The row is written again where it is in quarantine: that is its way out.
  const again = { prefix: 'fragile', key: THROWS.willMerge, value: 'written here' } as const;
  assert.equal(await receiver.ask('put_one', again), 'stored');
  const left = (await receiver.ask('partitions', {})).flatMap((one) => one.quarantined);
  assert(!left.some(({ key }) => key === THROWS.willMerge));
});
