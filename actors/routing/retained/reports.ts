/**
 * What a router has changed among its retained events and the store does not know yet. Lives in the realm's tables, so
 * that a router that dies in the middle leaves it to its successor.
 */
import type { RetainedReplication } from '../broker/retention.ts';
import type { RetainedTarget } from './messages.ts';

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

  readonly #target: RetainedTarget;

  constructor(changes: RetainedChanges, target: RetainedTarget) {
    this.#changes = changes;
    this.#target = target;
  }

  changed(topic: string): number {
    this.#changes.changed.add(topic);
    return ++this.#changes.revision;
  }

  expired(topic: string): void {
    this.#changes.expired.add(topic);
  }

  /** In one message, all since the last one. */
  report(): void {
    const { changed, expired, revision } = this.#changes;
    if (changed.size === 0 && expired.size === 0) return;
    const report = { changed: [...changed], expired: [...expired], revision };
    this.#target.admit({ kind: 'retained_changed', ...report });
    changed.clear();
    expired.clear();
  }
}
