/** A page of a prefix in the order of its keys, from memory or from disk, with what is not on disk yet. */
import { resolve } from '../../runtime/causality/resolver.ts';
import type { Row } from '../../runtime/causality/row.ts';
import { compareBytes } from '../../runtime/structures/bytes.ts';
import type { PageOutcome, PageRow } from './api.ts';
import { after, diskKey, encodeRowKey, keyOf, prefixOf, rowKeyOf } from './keys.ts';
import type { RowKey } from './keys.ts';
import { rowOf } from './leaf-reader.ts';
import type { DiskPort } from './port.ts';
import { isInMemory, resolverOf } from './prefixes.ts';
import type { RowStore } from './row-store.ts';
import type { PartitionState } from './state.ts';

export interface PageRequest {
  readonly prefix: string;
  /** Keys behind this one. */
  readonly after: string | undefined;
  readonly limit: number;
}

const MAX_PAGE = 10_000;

export function pageOf(
  rows: RowStore,
  disk: DiskPort,
  request: PageRequest,
  done: (outcome: PageOutcome) => void,
): void {
  const spec = rows.prefixes.get(request.prefix);
  const limit = Math.min(Math.max(1, request.limit), MAX_PAGE);
  if (isInMemory(spec)) {
    const found: PageRow[] = [];
    for (const row of entriesOf(rows, request)) {
      if (found.length === limit) return done({ kind: 'page', rows: found, isLast: false });
      found.push(row);
    }
    return done({ kind: 'page', rows: found, isLast: true });
  }
  pageOfDisk(rows, disk, { ...request, limit }, done);
}

/** Live rows of a prefix in memory. Not while the partition is written. */
export function* inMemory(
  state: PartitionState,
  prefix: string,
  from: string | undefined,
  valueOf: (row: Row) => Uint8Array | undefined,
): IterableIterator<PageRow> {
  const start = rowKeyOf(prefix, from ?? '');
  for (const [rowKey, { row }] of state.rows.entries(start)) {
    if (prefixOf(rowKey) !== prefix) return;
    if (from !== undefined && rowKey === start) continue;
    const value = valueOf(row);
    if (value !== undefined) yield { key: keyOf(rowKey), value };
  }
}

function entriesOf(rows: RowStore, request: PageRequest): IterableIterator<PageRow> {
  const resolver = resolverOf(rows.prefixes.get(request.prefix));
  return inMemory(rows.state, request.prefix, request.after, (row) => resolve(row, resolver));
}

function pageOfDisk(
  rows: RowStore,
  disk: DiskPort,
  request: PageRequest,
  done: (outcome: PageOutcome) => void,
): void {
  const { prefix, limit } = request;
  const first = encodeRowKey(rowKeyOf(prefix, request.after ?? ''));
  const gte = diskKey('r', request.after === undefined ? first : after(first));
  // Keys of the prefix begin with its name and a 0, so a 1 is behind them all.
  const lt = diskKey('r', `${prefix}\u0001`);
  disk.page('durable', { gte, lt, limit }, (outcome) => {
    if (outcome.kind === 'failed') return done({ kind: 'failed', failure: outcome.failure });
    const end = outcome.value.at(-1)?.key;
    const names = new Set<RowKey>();
    for (const entry of outcome.value) {
      const read = rowOf(entry);
      if (read !== undefined) names.add(read.rowKey);
    }
    for (const rowKey of rows.unwritten.keys()) {
      if (prefixOf(rowKey) !== prefix) continue;
      const at = diskKey('r', encodeRowKey(rowKey));
      const isBehind = compareBytes(at, gte) >= 0;
      if (isBehind && (end === undefined || compareBytes(at, end) < 0)) names.add(rowKey);
    }
    collect(rows, request, [...names], (found) => {
      done({ ...found, ...(found.kind === 'page' && { isLast: end === undefined }) });
    });
  });
}

function collect(
  rows: RowStore,
  { prefix }: PageRequest,
  names: readonly RowKey[],
  done: (outcome: PageOutcome) => void,
): void {
  const resolver = resolverOf(rows.prefixes.get(prefix));
  const found: PageRow[] = [];
  let waiting = names.length;
  const finish = (): void => {
    found.sort((a, b) => compareBytes(encodeRowKey(a.key), encodeRowKey(b.key)));
    done({ kind: 'page', rows: found, isLast: false });
  };
  if (waiting === 0) return finish();
  for (const rowKey of names) {
    rows.find(rowKey, (one) => {
      const row = one.kind === 'ok' ? one.value?.row : undefined;
      const value = row && resolve(row, resolver);
      if (value !== undefined) found.push({ key: keyOf(rowKey), value });
      if (--waiting === 0) finish();
    });
  }
}
