/** Sets of items for reconciliation: the same seed, the same items. */
import { createHash } from 'node:crypto';
import { seededRandom } from '../../runtime/kernel/random.ts';
import type { Difference, Item } from '../../runtime/structures/item.ts';
import { ITEM_BYTES, itemKey } from '../../runtime/structures/item.ts';

/** Item number `n`; with a version, another item of the same row. */
export function itemNumber(n: number, version = 0): Item {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  const item = new Uint8Array(ITEM_BYTES);
  item.set(hash(`key ${n}`).subarray(0, 8));
  item.set(hash(`row ${n} ${version}`).subarray(0, 8), 8);
  return item;
}

export function someItems(count: number, from = 0): Item[] {
  return Array.from({ length: count }, (_, i) => itemNumber(from + i));
}

/** The same rows, `count` of them changed. */
export function changed(items: readonly Item[], count: number, seed: number): Item[] {
  const random = seededRandom(seed);
  const copy = [...items];
  for (const at of pick(items.length, count, random)) {
    const item = new Uint8Array(copy[at]!);
    for (let i = 8; i < ITEM_BYTES; i++) item[i] = Math.floor(random.next() * 256);
    copy[at] = item;
  }
  return copy;
}

/** A difference in an order that can be compared. */
export function sorted({ mine, theirs }: Difference): { mine: string[]; theirs: string[] } {
  return { mine: mine.map(itemKey).sort(), theirs: theirs.map(itemKey).sort() };
}

function pick(size: number, count: number, random: { next(): number }): ReadonlySet<number> {
  const picked = new Set<number>();
  while (picked.size < count) picked.add(Math.floor(random.next() * size));
  return picked;
}
