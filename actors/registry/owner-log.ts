/**
 * What one node has registered: its living entries and its latest changes, numbered 1, 2, 3 …. Every change has one
 * owner and one place, so replicas need no tombstones: who has all changes up to n has exactly the entries of n.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { Entry, OwnerInfo, Row } from './api.ts';

export type Change =
  /** The entry's id is the number of this change. */
  | { readonly kind: 'add'; readonly entry: Entry }
  | { readonly kind: 'remove'; readonly id: number };

export class OwnerLog {
  readonly node: NodeId;
  readonly #keptChanges: number;
  readonly #entries = new Map<number, Entry>();
  #sequence = 0;
  /** Of the ids of all entries; kept, because operators ask for it all the time. */
  #sum = 0;
  /** The changes up to `#sequence`. */
  #recent: Change[] = [];

  constructor(node: NodeId, keptChanges: number) {
    this.node = node;
    this.#keptChanges = keptChanges;
  }

  /** Of the last change. */
  get sequence(): number {
    return this.#sequence;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: number): Entry | undefined {
    return this.#entries.get(id);
  }

  rows(): IterableIterator<[number, Entry]> {
    return this.#entries.entries();
  }

  /** The next change. Returns the entry that came or went; undefined: there was none to remove. */
  append(change: Change): Row | undefined {
    const sequence = ++this.#sequence;
    this.#recent.push(change);
    if (this.#recent.length > 2 * this.#keptChanges) {
      this.#recent = this.#recent.slice(-this.#keptChanges);
    }
    if (change.kind === 'add') {
      this.#put(sequence, change.entry);
      return [sequence, change.entry];
    }
    const gone = this.#entries.get(change.id);
    this.#drop(change.id);
    return gone && [change.id, gone];
  }

  /** Up to `limit` changes after `sequence`; undefined: they are not kept. */
  since(sequence: number, limit: number): readonly Change[] | undefined {
    const from = this.#recent.length - (this.#sequence - sequence);
    return from < 0 ? undefined : this.#recent.slice(from, from + limit);
  }

  /** Takes all entries of a later time at once. Returns what came and went. */
  replace(sequence: number, rows: readonly Row[]): { added: Row[]; removed: Row[] } {
    const next = new Map(rows);
    const removed: Row[] = [];
    for (const [id, entry] of this.#entries) if (!next.has(id)) removed.push([id, entry]);
    for (const [id] of removed) this.#drop(id);
    const added: Row[] = [];
    for (const [id, entry] of rows) {
      if (this.#entries.has(id)) continue;
      this.#put(id, entry);
      added.push([id, entry]);
    }
    this.#sequence = sequence;
    this.#recent = [];
    return { added, removed };
  }

  info(): OwnerInfo {
    const digest = (this.#sequence + this.#sum) >>> 0;
    return {
      node: this.node,
      sequence: this.#sequence,
      entries: this.#entries.size,
      digest: digest.toString(16),
    };
  }

  #put(id: number, entry: Entry): void {
    this.#entries.set(id, entry);
    this.#sum = (this.#sum + mix(id)) >>> 0;
  }

  #drop(id: number): void {
    if (this.#entries.delete(id)) this.#sum = (this.#sum - mix(id)) >>> 0;
  }
}

/** MurmurHash3's finalizer. */
function mix(id: number): number {
  let hash = id ^ Math.floor(id / 2 ** 32);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
