/** What a store tells all others by broadcast: single puts as they happen, and how far it has seen. */
import type { Context } from '../../runtime/causality/dvvset.ts';
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import { parseContext, plainContext } from './messages.ts';
import type { SharedRow } from './shared-row.ts';
import { parseRow, plainRow } from './shared-row.ts';

export type News = { readonly kind: 'rows'; readonly rows: readonly SharedRow[] } | Seen;

export interface Seen {
  readonly kind: 'seen';
  /** The sender's clock. */
  readonly wallMs: number;
  /** Of each partition the contiguous part of what was seen. */
  readonly frontiers: readonly Context[];
  /** A hash of the members it knows. */
  readonly members: string;
  /** The sender's monotonic clock, ms: of two reports of one life the one with more is the newer. */
  readonly atMs: number;
}

const ROWS = 1;
const SEEN = 2;
const MAX_HASH = 64;

export function plainNews(news: News): PlainValue {
  switch (news.kind) {
    case 'rows':
      return [ROWS, news.rows.map(plainRow)];
    case 'seen':
      return [SEEN, news.wallMs, news.frontiers.map(plainContext), news.members, news.atMs];
  }
}

export function parseNews(value: PlainValue): News | Malformed {
  if (!Array.isArray(value)) return new Malformed('not news');
  const [kind, first, second, third, fourth] = value as readonly PlainValue[];
  if (kind === ROWS && Array.isArray(first)) {
    const rows = (first as readonly PlainValue[]).map(parseRow);
    return rows.every((row) => row !== undefined) ? { kind: 'rows', rows } : new Malformed('rows');
  }
  if (kind === SEEN && typeof first === 'number' && Array.isArray(second)) {
    const frontiers = (second as readonly PlainValue[]).map(parseContext);
    if (!frontiers.every((frontier) => frontier !== undefined)) return new Malformed('frontiers');
    if (typeof third !== 'string' || third.length > MAX_HASH) return new Malformed('members');
    if (typeof fourth !== 'number') return new Malformed('time');
    return { kind: 'seen', wallMs: first, frontiers, members: third, atMs: fourth };
  }
  return new Malformed('unknown news');
}
