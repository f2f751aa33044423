/** Retained events as rows of the store: one of each topic, the last that was published anywhere. */
import type { SetReader } from '../../../runtime/kernel/table.ts';
import type { RouterTarget } from '../api.ts';
import type { Retained } from '../broker/retention.ts';
import type { Codecs } from '../replicated/events.ts';
import type { Family } from '../replicated/family.ts';
import { UNSAYABLE } from '../replicated/family.ts';
import type { StoredRow } from './messages.ts';
import { decodeRetained, encodeRetained, RETAINED } from './stored.ts';

export interface RetainedFamilyParts {
  readonly retained: SetReader<string, Retained>;
  readonly router: Pick<RouterTarget, 'cast' | 'admit'>;
  readonly codecs: Codecs;
  count(counter: string, by?: number): void;
}

export function retainedFamily({ retained, router, codecs, count }: RetainedFamilyParts): Family {
  const isLive = (row: Pick<Retained, 'events'> | undefined, now: number): boolean =>
    row !== undefined && row.events.some(({ expiresAt }) => expiresAt > now);
  return {
    prefix: RETAINED.name,
    counters: {
      refused: 'retained_not_replicated',
      putsDeferred: 'retained_puts_deferred',
      rowsDeferred: 'retained_rows_deferred',
    },
    names: () => retained.keys(),
    has: (topic) => retained.has(topic),
    isToRestore: (topic, now) => isLive(retained.get(topic), now),
    valueOf: (topic, why, now) => {
      const row = retained.get(topic);
      if (row !== undefined) {
        const value = encodeRetained(row, codecs);
        if (value === undefined) count('retained_not_replicated');
        return value ?? UNSAYABLE;
      }
      if (why === 'changed') return undefined;
      // Perhaps another node has published again since.
      return (current) => {
        const events = current && decodeRetained(topic, current, codecs);
        return isLive(events && { events }, now) ? current : undefined;
      };
    },
    stored: (name, revision, isThere) =>
      router.admit({ kind: 'stored', family: 'retained', name, revision, isThere }),
    tell: (stored, seen) => {
      const rows = stored.flatMap(({ name, value }): readonly StoredRow[] => {
        const events = value === undefined ? [] : decodeRetained(name, value, codecs);
        if (events === undefined) count('retained_rows_malformed');
        return events === undefined ? [] : [{ topic: name, events }];
      });
      return rows.length === 0 || router.cast({ kind: 'retained', rows, seen }) === 'accepted';
    },
  };
}
