/**
 * Pages of what has to be asked for one by one: the details of sessions, registrations and subscriptions, by their ids. Only
 * those of one page are asked for; who searches gets what was found among a bounded number of them, and where to go on.
 */
import type { Id, Value } from '../../runtime/wamp/message.ts';
import type { Page, PageQuestion } from './paging.ts';
import { MAX_LIMIT } from './paging.ts';
import { matcher } from './search.ts';

/** Asked for at once. High: one request keeps a router from its work. */
const CHUNK = 64;
/** Looked at for one page of a search: other nodes may have to be asked for each. */
export const MAX_LOOKED = 2_000;

/** Answers once; undefined: it is gone meanwhile. */
export type Get = (id: Id, done: (row: Value | undefined) => void) => void;

export function pageOfDetails(
  ids: readonly Id[],
  { limit = MAX_LIMIT, after, search }: PageQuestion,
  get: Get,
  done: (page: Page) => void,
): void {
  const left = [...ids].sort((a, b) => a - b).filter((id) => !after || id > Number(after));
  const most = search === undefined ? limit : MAX_LOOKED;
  const matches = matcher(search);
  const rows: Value[] = [];
  let looked = 0;
  step();

  function step(): void {
    const chunk = left.slice(looked, Math.min(looked + CHUNK, most));
    if (chunk.length === 0 || rows.length === limit) {
      const next = looked < left.length ? String(left[looked - 1]) : undefined;
      return done({ rows, total: ids.length, next });
    }
    all(chunk, get, (details) => {
      for (const row of details) {
        looked += 1;
        if (row !== undefined && matches(row)) rows.push(row);
        if (rows.length === limit) break;
      }
      step();
    });
  }
}

function all(
  ids: readonly Id[],
  get: Get,
  done: (rows: readonly (Value | undefined)[]) => void,
): void {
  const rows = new Array<Value | undefined>(ids.length).fill(undefined);
  let open = ids.length;
  for (const [i, id] of ids.entries()) {
    get(id, (row) => {
      rows[i] = row;
      open -= 1;
      if (open === 0) done(rows);
    });
  }
}
