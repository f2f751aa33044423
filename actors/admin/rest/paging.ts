/**
 * Long lists in pages: `limit` rows that come after the key `after`. Keys are the rows' own, so a page is right whatever is
 * added or removed between two requests.
 */
import type { Dict, Value } from '../../../runtime/wamp/message.ts';
import type { ApiError } from '../../management/api.ts';
import { apiError } from '../../management/api.ts';
import type { RestRequest } from './request.ts';
import { isDict } from './request.ts';

export const DEFAULT_LIMIT = 1_000;
export const MAX_LIMIT = 10_000;

export interface PageQuestion {
  readonly limit: number;
  readonly after: string | undefined;
}

export interface Page {
  readonly rows: readonly Value[];
  readonly total: number;
  /** Where the next one begins; undefined: this is the last. */
  readonly next: string | undefined;
}

export function readPage({ query }: Pick<RestRequest, 'query'>): PageQuestion | ApiError {
  const { limit = String(DEFAULT_LIMIT), after } = query as Readonly<Record<string, string>>;
  const count = /^\d{1,5}$/.test(limit) ? Number(limit) : 0;
  if (count >= 1 && count <= MAX_LIMIT) return { limit: count, after };
  const message = `limit: must be a whole number from 1 to ${MAX_LIMIT}`;
  return { ...apiError('invalidArgument', message), path: 'limit' };
}

/** `by`: the fields that make the key; none: the rows are themselves. */
export function pageOf(
  list: readonly Value[],
  by: readonly string[],
  { limit, after }: PageQuestion,
): Page {
  const keyed = list.map((row) => ({ key: keyOf(row, by), row }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const left = after === undefined ? keyed : keyed.filter(({ key }) => key > sortable(after));
  const shown = left.slice(0, limit);
  const last = shown.at(-1);
  return {
    rows: shown.map(({ row }) => row),
    total: list.length,
    next: left.length > shown.length && last ? last.key : undefined,
  };
}

function keyOf(row: Value, by: readonly string[]): string {
  const values = by.length === 0 ? [row] : by.map((name) => (isDict(row) ? row[name] : undefined));
  return values.map((value) => sortable(textOf(value))).join(' ');
}

function textOf(value: Value | undefined): string {
  return typeof value === 'object' && value !== null
    ? JSON.stringify(sorted(value as Dict))
    : String(value);
}

/** The same value is the same text. */
function sorted(value: Dict | readonly Value[]): unknown {
  if (Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const DIGITS = 16;

/** Ids by their number. */
function sortable(key: string): string {
  return /^\d{1,16}$/.test(key) ? key.padStart(DIGITS, '0') : key;
}
