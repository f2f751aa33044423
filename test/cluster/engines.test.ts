/** Nodes of one cluster on different engines, and a conversion from one to the other: the same rows, byte for byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bondy } from '../cli/support.ts';
import { DURABLE_ENGINES } from '../support/storage.ts';
import type { StoreNode } from './store-nodes.ts';
import { allLinked, BY_HAND, sameDump, startStores } from './store-nodes.ts';

const ROWS = { prefix: 'warm', from: 0, to: 300, value: 'x'.repeat(200) } as const;

test('a cluster of two engines agrees, also when one node has been converted to the other', async (t) => {
  if (DURABLE_ENGINES.length < 2) return t.skip('the binary of rocksdb cannot be used here');
  const settings = { ...BY_HAND, 'store.partitions': '2' };
  // `auto` takes rocksdb, and later whatever the directory was converted to.
  const settingsOf = (index: number) => ({ 'store.engine': index === 0 ? 'auto' : 'leveldb' });
  const nodes = (await startStores(t, { size: 2, settings, settingsOf })) as [StoreNode, StoreNode];
  const [first, second] = nodes;
  assert.equal((await first.ask('put', ROWS)).stored, 300);
  await second.ask('put_one', { prefix: 'warm', key: 'k7', value: 'later' });
  await allLinked(nodes);
  const before = await sameDump(nodes);
  await first.end('SIGTERM');
  const data = ['--set', `store.data_dir=${first.dataDirectory}`];
  const converted = await bondy(['store', 'migrate', '--to', 'leveldb', ...data]);
  assert.equal(converted.status, 0, converted.stderr);
  assert.match(converted.stdout, /From rocksdb to leveldb: 2 databases, \d+ entries/);
  await first.start();
  assert.equal((await first.exchangeWith(second)).kind, 'equal');
  assert.deepEqual(await sameDump(nodes), before);
  assert.equal(await first.ask('check', {}), 0);
});
