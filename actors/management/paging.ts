/**
 * Long lists in pages: `limit` rows that come after the key `after`. Keys are the rows' own, so a page is right whatever is
 * added or removed between two requests. What is cut off is said: `total` and `next` are keywords of the result.
 */
import { Type } from '@sinclair/typebox';
import type { Dict, Value } from '../../runtime/wamp/message.ts';
import { matcher, SEARCH } from './search.ts';

/** As much as is told without being asked for pages: the answer must fit into a message. */
export const MAX_LIMIT = 10_000;

/** Keywords of every operation that lists. */
export const PAGE_KEYWORDS = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT })),
  after: Type.Optional(Type.String({ maxLength: 64 * 1024 })),
  search: SEARCH,
};

export interface PageQuestion {
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
  /** Only rows that have this text somewhere. */
  readonly search?: string | undefined;
}

export interface Page {
  readonly rows: readonly Value[];
  /** Of all pages. */
  readonly total: number;
  /** Where the next one begins; undefined: this is the last. */
  readonly next: string | undefined;
}

/** `by`: the fields that make the key; none: the rows are themselves. In the order of keys if there is more than one page. */
export function pageOf(
  all: readonly Value[],
  by: readonly string[],
  { limit, after, search }: PageQuestion,
): Page {
  const list = search === undefined ? all : all.filter(matcher(search));
  const total = list.length;
  if (limit === undefined && after === undefined && total <= MAX_LIMIT) {
    return { rows: list, total, next: undefined };
  }
  const keyed = list.map((row) => ({ key: keyOf(row, by), row }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const left = after === undefined ? keyed : keyed.filter(({ key }) => key > sortable(after));
  const shown = left.slice(0, limit ?? MAX_LIMIT);
  const last = shown.at(-1);
  return {
    rows: shown.map(({ row }) => row),
    total,
    next: left.length > shown.length && last ? last.key : undefined,
  };
}

/** Keywords of the result. */
export function pageKeywords({ total, next }: Page): Dict {
  return { total, ...(next !== undefined && { next }) };
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

function isDict(value: Value): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
