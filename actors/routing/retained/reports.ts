/**
 * What a router has changed among its retained events and the store does not know yet. Lives in the realm's tables, so
 * that a router that dies in the middle leaves it to its successor.
 */
import type { RetainedReplication } from '../broker/retention.ts';
import type { RetainedReport } from './messages.ts';

/** At most a topic each. */
export interface RetainedChanges {
  revision: number;
  readonly changed: Set<string>;
  readonly expired: Set<string>;
}

export function noChanges(): RetainedChanges {
  return { revision: 0, changed: new Set(), expired: new Set() };
}

export class RetainedReports implements RetainedReplication {
  readonly #changes: RetainedChanges;

  constructor(changes: RetainedChanges) {
    this.#changes = changes;
  }

  changed(topic: string): number {
    this.#changes.changed.add(topic);
    return ++this.#changes.revision;
  }

  expired(topic: string): void {
    this.#changes.expired.add(topic);
  }

  take(): RetainedReport | undefined {
    const { changed, expired, revision } = this.#changes;
    if (changed.size === 0 && expired.size === 0) return undefined;
    const report = { changed: [...changed], expired: [...expired], revision };
    changed.clear();
    expired.clear();
    return { kind: 'retained_changed', ...report };
  }
}
