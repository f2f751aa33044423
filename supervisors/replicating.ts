/** The agents that keep a realm's retained and recorded events in the store, and what of them outlives a crash. */
import type { RouterTarget } from '../actors/routing/api.ts';
import type { HistoryConfig } from '../actors/routing/config.ts';
import { recordedFamily } from '../actors/routing/recorded/family.ts';
import type { Family } from '../actors/routing/replicated/family.ts';
import type { ReplicatorMessage, ReplicatorTarget } from '../actors/routing/replicated/messages.ts';
import type { PendingRow } from '../actors/routing/replicated/pending.ts';
import { replicator } from '../actors/routing/replicated/replicator.actor.ts';
import type { RowChanges } from '../actors/routing/replicated/reports.ts';
import { retainedFamily } from '../actors/routing/retained/family.ts';
import type { RealmTables } from '../actors/routing/tables.ts';
import { Mailbox } from '../runtime/kernel/mailbox.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import { SetTable } from '../runtime/kernel/table.ts';
import type { Parts } from './parts.ts';

/** Changes of the store that may wait; beyond, all of the realm is read again. */
const MAILBOX = { limit: 10_000, onFull: 'refuse' } as const;

export interface Replicating {
  readonly retained: ReplicatorTarget;
  /** Undefined: nothing is recorded, or it is for nobody but this node and process. */
  readonly recorded: ReplicatorTarget | undefined;
  readonly children: readonly ChildSpec[];
}

export function replicating(
  { net, own, cluster }: Parts,
  realm: string,
  history: HistoryConfig,
  tables: RealmTables,
  router: RouterTarget,
): Replicating {
  const { codecs, count } = net;
  const { store, state } = own.store;
  const agent = (id: string, family: Family, changes: RowChanges) => {
    const mailbox = new Mailbox<ReplicatorMessage>(MAILBOX);
    const pending = new SetTable<string, PendingRow>(`${id} events to be stored`);
    const start = replicator({ realm, mailbox, pending, family, changes, store, state, count });
    return { target: mailbox, child: { id, start } };
  };
  const { retained: rows, recorded: events, counters } = tables;
  const shared = { router, codecs, count };
  const retained = agent(
    'retained',
    retainedFamily({ retained: rows, ...shared }),
    counters.retained,
  );
  // What ends with the process is in the router's tables already; the store would only bring it to others.
  if (history.topics.length === 0 || (history.storage === 'ram' && !cluster)) {
    return { retained: retained.target, recorded: undefined, children: [retained.child] };
  }
  const { storage } = history;
  const recorded = agent(
    'recorded',
    recordedFamily({ storage, recorded: events, ...shared }),
    counters.recorded,
  );
  return {
    retained: retained.target,
    recorded: recorded.target,
    children: [retained.child, recorded.child],
  };
}
