/**
 * What a router has changed among its rows and the store does not know yet. Lives in the realm's tables, so that a router
 * that dies in the middle leaves it to its successor.
 */
import type { HistoryReplication } from '../broker/history.ts';
import type { ReplicatorTarget } from './messages.ts';

/** Names of rows. */
export interface RowChanges {
  revision: number;
  readonly changed: Set<string>;
  readonly expired: Set<string>;
  /** Rows whose way into the store somebody waits for. */
  readonly awaited: Set<string>;
}

export function noChanges(): RowChanges {
  return { revision: 0, changed: new Set(), expired: new Set(), awaited: new Set() };
}

export class RowReports {
  readonly #changes: RowChanges;

  readonly #target: ReplicatorTarget;

  constructor(changes: RowChanges, target: ReplicatorTarget) {
    this.#changes = changes;
    this.#target = target;
  }

  /** Returns the revision of the change. */
  changed(name: string): number {
    this.#changes.changed.add(name);
    return ++this.#changes.revision;
  }

  expired(name: string): void {
    this.#changes.expired.add(name);
  }

  /** In one message, all since the last one. */
  report(): void {
    const { changed, expired, revision } = this.#changes;
    if (changed.size === 0 && expired.size === 0) return;
    const report = { changed: [...changed], expired: [...expired], revision };
    this.#target.admit({ kind: 'rows_changed', ...report });
    changed.clear();
    expired.clear();
  }
}

export function historyReplication(
  reports: RowReports,
  rows: HistoryReplication['rows'],
  node: string,
): HistoryReplication {
  return {
    node,
    rows,
    changed: (name) => reports.changed(name),
    expired: (name) => reports.expired(name),
  };
}
