/** How a replica of one owner's log grows: the next changes, changes before their turn, pages of a snapshot. */
import type { Row } from './api.ts';
import type { RegistryConfig } from './config.ts';
import type { RegistryWire } from './messages.ts';
import type { Change } from './owner-log.ts';
import type { Peer } from './tables.ts';

export type Received =
  /** `isComplete`: nothing waits behind a hole. */
  | {
      readonly kind: 'applied';
      readonly added: readonly Row[];
      readonly removed: readonly Row[];
      readonly isComplete: boolean;
    }
  /** Something before it is missing. */
  | { readonly kind: 'hole' }
  /** A page that others follow. */
  | { readonly kind: 'page' }
  | { readonly kind: 'refused' };

type Changes = Extract<RegistryWire, { kind: 'changes' }>;
type Page = Extract<RegistryWire, { kind: 'snapshot' }>;

export function receiveChanges(
  peer: Peer,
  { first, changes }: Changes,
  config: RegistryConfig,
): Received {
  if (first > peer.log.sequence + 1) {
    if (peer.early.size < config.earlyBatches) peer.early.set(first, changes);
    return { kind: 'hole' };
  }
  if (peer.log.size + changes.length > config.maxEntriesPerNode) return { kind: 'refused' };
  const outcome = { added: [] as Row[], removed: [] as Row[] };
  append(peer, first, changes, outcome);
  appendEarly(peer, outcome);
  return { kind: 'applied', ...net(outcome), isComplete: peer.early.size === 0 };
}

/** Pages come in order on one connection; one out of order starts nothing, and is asked for again. */
export function receivePage(peer: Peer, page: Page, config: RegistryConfig): Received {
  const { sequence, offset, total, rows } = page;
  if (total > config.maxEntriesPerNode || rows.some(([id]) => id > sequence)) {
    peer.pages = undefined;
    return { kind: 'refused' };
  }
  if (offset === 0) peer.pages = { sequence, rows: [] };
  const { pages } = peer;
  if (!pages || pages.sequence !== sequence || pages.rows.length !== offset) {
    peer.pages = undefined;
    return { kind: 'hole' };
  }
  pages.rows.push(...rows);
  if (pages.rows.length < total) return { kind: 'page' };
  peer.pages = undefined;
  const isNews = sequence > peer.log.sequence;
  const outcome = isNews ? peer.log.replace(sequence, pages.rows) : { added: [], removed: [] };
  appendEarly(peer, outcome);
  return { kind: 'applied', ...net(outcome), isComplete: peer.early.size === 0 };
}

interface Outcome {
  added: Row[];
  removed: Row[];
}

function append(peer: Peer, first: number, changes: readonly Change[], outcome: Outcome): void {
  for (const change of changes.slice(peer.log.sequence + 1 - first)) {
    const row = peer.log.append(change);
    if (row) (change.kind === 'add' ? outcome.added : outcome.removed).push(row);
  }
}

function appendEarly(peer: Peer, outcome: Outcome): void {
  for (let isMoving = true; isMoving;) {
    isMoving = false;
    for (const [first, changes] of peer.early) {
      if (first > peer.log.sequence + 1) continue;
      peer.early.delete(first);
      append(peer, first, changes, outcome);
      isMoving = true;
    }
  }
}

/** What came and went in the same message concerns nobody. */
function net({ added, removed }: Outcome): Outcome {
  const gone = new Set(removed.map(([id]) => id));
  const brief = new Set(added.map(([id]) => id).filter((id) => gone.has(id)));
  if (brief.size === 0) return { added, removed };
  return {
    added: added.filter(([id]) => !brief.has(id)),
    removed: removed.filter(([id]) => !brief.has(id)),
  };
}
