/** Whom this node dials and how that goes: written by each dialler for itself, read by the manager. */
import type { DialProblem, LinkInfo, PeerAddress } from './api.ts';

export interface DialRow {
  readonly address: PeerAddress;
  /** As it was asked for, or as the peer has said. */
  readonly name: string | undefined;
  readonly state: LinkInfo['state'];
  /** Why the last dial made no link. */
  readonly problem: DialProblem | undefined;
}

/** Addresses of our own that are remembered, so that discovery does not dial them for ever. */
const MAX_OWN = 100;

export class DialBoard {
  readonly #rows = new Map<string, DialRow>();
  readonly #own = new Set<string>();

  get size(): number {
    return this.#rows.size;
  }

  set(id: string, row: DialRow): void {
    this.#rows.set(id, row);
  }

  delete(id: string): void {
    this.#rows.delete(id);
  }

  has(id: string): boolean {
    return this.#rows.has(id);
  }

  isLinked(id: string): boolean {
    return this.#rows.get(id)?.state === 'up';
  }

  entries(): IterableIterator<[string, DialRow]> {
    return this.#rows.entries();
  }

  idsOf(name: string): readonly string[] {
    return [...this.#rows].flatMap(([id, row]) => (row.name === name ? [id] : []));
  }

  /** It was us who answered. */
  markOwn(id: string): void {
    if (this.#own.size < MAX_OWN) this.#own.add(id);
  }

  isOwn(id: string): boolean {
    return this.#own.has(id);
  }
}

export function targetId({ host, port }: PeerAddress): string {
  return `${host}:${port}`;
}
