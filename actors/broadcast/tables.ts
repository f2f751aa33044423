/** What outlives a crash of the broadcaster: its own sequence and what it has seen. Made by its supervisor. */
import { SetTable } from '../../runtime/kernel/table.ts';
import type { OwnSequence } from './broadcaster.ts';
import type { SeenRow } from './seen.ts';

export interface BroadcastTables {
  readonly own: SetTable<'own', OwnSequence>;
  readonly seen: SetTable<string, SeenRow>;
}

export function broadcastTables(): BroadcastTables {
  return { own: new SetTable('broadcast own'), seen: new SetTable('broadcast seen') };
}
