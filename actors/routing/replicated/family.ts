/** A family of a router's rows that the store keeps on all nodes: what the agent has to know of them. */
import type { PutValue } from '../../store/api.ts';
import type { PutReason } from './pending.ts';

export interface StoredBytes {
  readonly name: string;
  /** Undefined: deleted. */
  readonly value: Uint8Array | undefined;
}

/** Stands for an event that its own serializer cannot say: what the store had before it goes. */
export const UNSAYABLE = (): undefined => undefined;

export interface Family {
  /** Of the store. */
  readonly prefix: string;
  readonly counters: FamilyCounters;
  /** Of the rows here that the store is to have. */
  names(): Iterable<string>;
  has(name: string): boolean;
  /** It is here and not in the store: is it to be put again? */
  isToRestore(name: string, now: number): boolean;
  valueOf(name: string, why: PutReason, now: number): PutValue;
  /** Tells the router whether the store has a row as it was after the change with this revision; never refused. */
  stored(name: string, revision: number, isThere: boolean): void;
  /**
   * Tells the router what the store has. `seen`: its own changes up to this revision are known here. `isRead`: not a change,
   * but found there. False: the router is too busy.
   */
  tell(rows: readonly StoredBytes[], seen: number, isRead: boolean): boolean;
}

/** Names of counters. */
export interface FamilyCounters {
  /** Refused by the store for good. */
  readonly refused: string;
  readonly putsDeferred: string;
  readonly rowsDeferred: string;
}

/** No URI has a space. */
export function keyOf(realm: string, name: string): string {
  return `${realm} ${name}`;
}

/** Undefined: of another realm. */
export function nameOf(realm: string, key: string): string | undefined {
  return key.startsWith(`${realm} `) ? key.slice(realm.length + 1) : undefined;
}
