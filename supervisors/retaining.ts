/** The agent that keeps a realm's retained events on all nodes, and what of it outlives a crash. */
import type { RouterTarget } from '../actors/routing/api.ts';
import type { RetainedMessage, RetainedTarget } from '../actors/routing/retained/messages.ts';
import type { PendingTopic } from '../actors/routing/retained/pending.ts';
import { retained } from '../actors/routing/retained/retained.actor.ts';
import type { RealmTables } from '../actors/routing/tables.ts';
import { Mailbox } from '../runtime/kernel/mailbox.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import { SetTable } from '../runtime/kernel/table.ts';
import type { Parts } from './parts.ts';
import type { StoreParts } from './store-parts.ts';

/** Changes of the store that may wait; beyond, all of the realm is read again. */
const MAILBOX = { limit: 10_000, onFull: 'refuse' } as const;

export interface Retaining {
  readonly target: RetainedTarget;
  readonly child: ChildSpec;
}

export function retaining(
  { net }: Parts,
  { store, state }: StoreParts,
  realm: string,
  tables: RealmTables,
  router: RouterTarget,
): Retaining {
  const mailbox = new Mailbox<RetainedMessage>(MAILBOX);
  const start = retained({
    realm,
    mailbox,
    pending: new SetTable<string, PendingTopic>('retained events to be stored'),
    retained: tables.retained,
    changes: tables.counters.retained,
    router,
    store,
    state,
    codecs: net.codecs,
    count: net.count,
  });
  return { target: mailbox, child: { id: 'retained', start } };
}
