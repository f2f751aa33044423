/** Which rows an exchange asks for and offers: halves of items by partition, in messages of a bounded size. */
import { compareText } from '../../runtime/structures/bytes.ts';
import { itemKey } from '../../runtime/structures/item.ts';
import { partitionOfItem } from './keys.ts';
import type { PartitionKeys } from './messages.ts';

/** Halves of items of one message. */
const KEYS_AT_ONCE = 2_000;

/** By partition, each once, none too many for a message. */
export function grouped(keyParts: readonly Uint8Array[]): PartitionKeys[] {
  const groups = new Map<number, Map<string, Uint8Array>>();
  for (const part of keyParts) {
    const partition = partitionOfItem(part);
    const group = groups.get(partition) ?? new Map<string, Uint8Array>();
    groups.set(partition, group.set(itemKey(part), part));
  }
  return [...groups].flatMap(([partition, group]) => {
    const all = [...group].sort(([a], [b]) => compareText(a, b)).map(([, part]) => part);
    return Array.from({ length: Math.ceil(all.length / KEYS_AT_ONCE) }, (_, i) => ({
      partition,
      keyParts: all.slice(KEYS_AT_ONCE * i, KEYS_AT_ONCE * (i + 1)),
    }));
  });
}

/** From the front of a list, as many as one message takes, at least one. */
export function takeKeys<K extends PartitionKeys>(keys: K[]): K[] {
  let count = 0;
  let taken = 0;
  for (const { keyParts } of keys) {
    count += keyParts.length;
    if (taken > 0 && count > KEYS_AT_ONCE) break;
    taken++;
  }
  return keys.splice(0, taken);
}
