/**
 * Where a row lives: its partition, and its keys in a partition's database.
 *
 *     r<prefix>\0<key>        the row
 *     l<leaf key>             its item in the hash tree
 *     c<origin>               what was seen of one origin
 *     m<name>                 numbers of the partition itself
 *
 * A partition is chosen by a hash without a secret, so that it never changes; what peers compare is keyed (item.ts).
 */
import { ByteReader, ByteWriter, compareText } from '../../runtime/structures/bytes.ts';
import type { Item, KeyedHash } from '../../runtime/structures/item.ts';
import { itemOf, KEY_PART_BYTES, keyPartOf } from '../../runtime/structures/item.ts';

/** What a row is called within a partition: `<prefix>\0<key>`. */
export type RowKey = string;

export const MAX_KEY_LENGTH = 4096;
const PREFIX = /^[a-z][a-z0-9_.]{0,63}$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function isPrefix(text: string): boolean {
  return PREFIX.test(text);
}

export function isKey(text: string): boolean {
  return text.length <= MAX_KEY_LENGTH && text.isWellFormed();
}

export function rowKeyOf(prefix: string, key: string): RowKey {
  return `${prefix}\0${key}`;
}

export function prefixOf(rowKey: RowKey): string {
  return rowKey.slice(0, rowKey.indexOf('\0'));
}

export function keyOf(rowKey: RowKey): string {
  return rowKey.slice(rowKey.indexOf('\0') + 1);
}

export function encodeRowKey(rowKey: RowKey): Uint8Array {
  return encoder.encode(rowKey);
}

/** Undefined: no key that a node would have made. */
export function decodeRowKey(bytes: Uint8Array): RowKey | undefined {
  if (bytes.length > 4 * MAX_KEY_LENGTH) return undefined;
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return undefined;
  }
  const at = text.indexOf('\0');
  return at > 0 && isPrefix(text.slice(0, at)) && isKey(text.slice(at + 1)) ? text : undefined;
}

/** FNV-1a with the finalizer of MurmurHash3: every partition gets its share, also of keys that differ in one digit. */
export function partitionOf(rowKey: RowKey, partitions: number): number {
  let hash = 0x811c9dc5;
  for (const byte of encodeRowKey(rowKey)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % partitions;
}

/** The last byte of the key's half names the partition, so that an item of a stream over all of them is at home somewhere. */
export function storeItem(
  partition: number,
  key: Uint8Array,
  digest: Uint8Array,
  keyed: KeyedHash,
): Item {
  const item = itemOf(key, digest, keyed);
  item[KEY_PART_BYTES - 1] = partition;
  return item;
}

export function storeKeyPart(partition: number, key: Uint8Array, keyed: KeyedHash): Uint8Array {
  const part = keyPartOf(key, keyed);
  part[KEY_PART_BYTES - 1] = partition;
  return part;
}

export function partitionOfItem(itemOrKeyPart: Uint8Array): number {
  return itemOrKeyPart[KEY_PART_BYTES - 1]!;
}

export type Space = 'r' | 'l' | 'c' | 'm';

export function diskKey(space: Space, rest: Uint8Array | string): Uint8Array {
  const bytes = typeof rest === 'string' ? encoder.encode(rest) : rest;
  const key = new Uint8Array(1 + bytes.length);
  key[0] = space.charCodeAt(0);
  key.set(bytes, 1);
  return key;
}

/** All keys of a space from `from` on. */
export function spaceRange(
  space: Space,
  from: Uint8Array | string = '',
): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  return { gte: diskKey(space, from), lt: new Uint8Array([space.charCodeAt(0) + 1]) };
}

/** The least key above. */
export function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

export function encodeRanges(ranges: readonly number[]): Uint8Array {
  const writer = new ByteWriter();
  for (const bound of ranges) writer.integer(bound);
  return writer.finish();
}

/** Undefined: not ranges in order. */
export function decodeRanges(bytes: Uint8Array): readonly number[] | undefined {
  const reader = new ByteReader(bytes);
  const ranges: number[] = [];
  while (!reader.isAtEnd) ranges.push(reader.integer());
  if (reader.fault !== undefined || ranges.length % 2 !== 0) return undefined;
  const isAscending = ranges.every((bound, i) =>
    i === 0 ? bound > 0 : i % 2 === 1 ? bound >= ranges[i - 1]! : bound > ranges[i - 1]! + 1,
  );
  return isAscending ? ranges : undefined;
}

export function compareRowKeys(a: RowKey, b: RowKey): number {
  return compareText(a, b);
}
