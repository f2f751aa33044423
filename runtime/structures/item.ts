/**
 * What replicas compare instead of rows: 16 bytes per row, the first 8 of its key and the last 8 of key and digest
 * together. Both halves are keyed hashes with a key all nodes of the cluster share, so nobody outside can choose rows
 * whose items collide, cancel each other out or crowd one branch of a tree.
 *
 * Two versions of one row have the same first half. Leaves are stored under that half and the key, so that the items of
 * a branch are one range and an item leads back to its key.
 */
import { EMPTY_BYTES } from './bytes.ts';

/** 16 bytes. */
export type Item = Uint8Array;

export const ITEM_BYTES = 16;
export const KEY_PART_BYTES = 8;

/** At least 8 bytes of result, e.g. HMAC-SHA-256. Its key must outlive restarts: with another one, leaves are void. */
export type KeyedHash = (bytes: Uint8Array) => Uint8Array;

export function itemOf(key: Uint8Array, digest: Uint8Array, keyed: KeyedHash): Item {
  const item = new Uint8Array(ITEM_BYTES);
  item.set(keyPartOf(key, keyed));
  const both = tagged(1, item.subarray(0, KEY_PART_BYTES), digest);
  item.set(keyed(both).subarray(0, ITEM_BYTES - KEY_PART_BYTES), KEY_PART_BYTES);
  return item;
}

export function keyPartOf(key: Uint8Array, keyed: KeyedHash): Uint8Array {
  return new Uint8Array(keyed(tagged(0, key, EMPTY_BYTES)).subarray(0, KEY_PART_BYTES));
}

/** For maps and sets. */
export function itemKey(item: Item): string {
  return String.fromCharCode(...item);
}

export function leafKeyOf(keyPart: Uint8Array, key: Uint8Array): Uint8Array {
  const leafKey = new Uint8Array(KEY_PART_BYTES + key.length);
  leafKey.set(keyPart.subarray(0, KEY_PART_BYTES));
  leafKey.set(key, KEY_PART_BYTES);
  return leafKey;
}

/** What is in one set and not in the other. */
export interface Difference {
  readonly mine: readonly Item[];
  readonly theirs: readonly Item[];
}

export function differenceOf(mine: readonly Item[], theirs: readonly Item[]): Difference {
  const [ours, other] = [new Set(mine.map(itemKey)), new Set(theirs.map(itemKey))];
  return {
    mine: mine.filter((item) => !other.has(itemKey(item))),
    theirs: theirs.filter((item) => !ours.has(itemKey(item))),
  };
}

function tagged(tag: number, first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + first.length + second.length);
  bytes[0] = tag;
  bytes.set(first, 1);
  bytes.set(second, 1 + first.length);
  return bytes;
}
