/** The event history as rows of the store: one of each event. */
import type { SetReader } from '../../../runtime/kernel/table.ts';
import type { RouterTarget } from '../api.ts';
import type { RecordedEvent } from '../broker/history.ts';
import type { HistoryConfig } from '../config.ts';
import type { Codecs } from '../replicated/events.ts';
import type { Family } from '../replicated/family.ts';
import { UNSAYABLE } from '../replicated/family.ts';
import { decodeRecorded, encodeRecorded, historyPrefix } from './stored.ts';

export interface RecordedFamilyParts {
  readonly storage: HistoryConfig['storage'];
  /** Published here. */
  readonly recorded: SetReader<string, RecordedEvent>;
  readonly router: Pick<RouterTarget, 'cast' | 'admit'>;
  readonly codecs: Codecs;
  count(counter: string, by?: number): void;
}

export function recordedFamily(parts: RecordedFamilyParts): Family {
  const { storage, recorded, router, codecs, count } = parts;
  return {
    prefix: historyPrefix(storage),
    counters: {
      refused: 'history_not_replicated',
      putsDeferred: 'history_puts_deferred',
      rowsDeferred: 'history_rows_deferred',
    },
    names: () => recorded.keys(),
    has: (name) => recorded.has(name),
    isToRestore: (name) => recorded.has(name),
    valueOf: (name) => {
      const event = recorded.get(name);
      // No room any more; it may never have come as far as the store.
      if (event === undefined) return () => undefined;
      const value = encodeRecorded(event, codecs);
      if (value === undefined) count('history_not_replicated');
      return value ?? UNSAYABLE;
    },
    stored: (name, revision, isThere) =>
      router.admit({ kind: 'stored', family: 'recorded', name, revision, isThere }),
    tell: (stored, _seen, isRead) => {
      const events = stored.flatMap(({ value }): readonly RecordedEvent[] => {
        if (value === undefined) return []; // each node makes room by itself
        const event = decodeRecorded(value, codecs);
        if (event === undefined) count('history_rows_malformed');
        return event === undefined ? [] : [event];
      });
      return (
        events.length === 0 || router.cast({ kind: 'recorded', events, isRead }) === 'accepted'
      );
    },
  };
}
