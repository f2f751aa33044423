/** The storage contract on every engine that this machine can run. */
import { test } from 'node:test';
import { MemoryDisk } from '../../runtime/disk/memory.ts';
import { DURABLE_ENGINES } from '../support/storage.ts';
import { storageContract } from './storage.contract.ts';

storageContract(new MemoryDisk());
for (const engine of DURABLE_ENGINES) storageContract(engine);

test('the rocksdb engine runs here', (t) => {
  if (DURABLE_ENGINES.length < 2) t.skip('its binary cannot be used by this build of Node');
});
