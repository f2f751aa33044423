/** What outlives a crash of the broadcaster: its own sequence, what it has seen, and who subscribes. Made by its supervisor. */
import { SetTable } from '../../runtime/kernel/table.ts';
import type { OwnSequence } from './broadcaster.ts';
import type { TopicRow } from './deliveries.ts';
import type { SeenRow } from './seen.ts';

export interface BroadcastTables {
  readonly own: SetTable<'own', OwnSequence>;
  readonly seen: SetTable<string, SeenRow>;
  readonly topics: SetTable<string, TopicRow>;
}

export function broadcastTables(): BroadcastTables {
  return {
    own: new SetTable('broadcast own'),
    seen: new SetTable('broadcast seen'),
    topics: new SetTable('broadcast topics'),
  };
}
