/** The engines by name. Each is loaded when it is used, so that a missing binary harms only who wants it. */
import { MemoryDisk } from './memory.ts';
import type { EngineName, StorageEngine } from './storage.ts';

/** For rocksdb only after the probe has passed. Rejects when the package cannot be loaded. */
export async function loadEngine(name: EngineName): Promise<StorageEngine> {
  switch (name) {
    case 'rocksdb':
      return (await import('./rocksdb.ts')).loadRocksdb();
    case 'leveldb':
      return (await import('./leveldb.ts')).leveldb;
    case 'memory':
      return new MemoryDisk();
  }
}
