/**
 * The conversation over two hash trees, in bytes. Who asks names branches; who answers sends the hashes of their
 * children, or their items. A branch without items takes one bit.
 *
 *     root     = depth (1 byte), hash (16 bytes), count
 *     request  = kind, level, count, indexes as differences from the one before - 1
 *     children = per branch a mask of those with items (2 bytes); of each of them hash (8 bytes) and count
 *     items    = 16 bytes each
 */
import { ByteReader, ByteWriter } from './bytes.ts';
import type { Item } from './item.ts';
import { ITEM_BYTES } from './item.ts';
import { Malformed } from './malformed.ts';
import type { MerkleTree, TreeRoot } from './merkle.ts';
import { FAN_OUT, MAX_DEPTH, NODE_HASH_BYTES, ROOT_HASH_BYTES } from './merkle.ts';

/** So many that a level takes few messages, so few that an answer stays under half a megabyte. */
export const MAX_BRANCHES = 2048;
/** A megabyte of items. Branches of more are asked for their children. */
export const MAX_ITEMS = 65_536;

export interface TreeRequest {
  readonly kind: 'children' | 'items';
  readonly level: number;
  /** Ascending. */
  readonly indexes: readonly number[];
}

export interface Child {
  readonly hash: Uint8Array;
  readonly count: number;
}

export function encodeRoot({ depth, hash, count }: TreeRoot): Uint8Array {
  return new ByteWriter().byte(depth).raw(hash).integer(count).finish();
}

export function decodeRoot(bytes: Uint8Array): TreeRoot | Malformed {
  const reader = new ByteReader(bytes);
  const depth = reader.byte();
  if (depth < 1 || depth > MAX_DEPTH) reader.fail('impossible depth');
  const hash = reader.raw(ROOT_HASH_BYTES);
  const count = reader.integer();
  return reader.fault ?? { depth, hash, count };
}

export function encodeTreeRequest({ kind, level, indexes }: TreeRequest): Uint8Array {
  const writer = new ByteWriter().byte(kind === 'children' ? 0 : 1).byte(level);
  writer.integer(indexes.length);
  indexes.forEach((index, i) => writer.integer(i === 0 ? index : index - indexes[i - 1]! - 1));
  return writer.finish();
}

/** `depth`: of the tree that has to answer. */
export function decodeTreeRequest(bytes: Uint8Array, depth: number): TreeRequest | Malformed {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  const level = reader.byte();
  if (kind > 1) reader.fail('unknown kind of request');
  if (level > (kind === 0 ? depth - 1 : Math.min(depth, MAX_DEPTH))) reader.fail('level too deep');
  const indexes: number[] = [];
  const count = reader.count(MAX_BRANCHES, 1);
  if (count === 0) reader.fail('no branches');
  for (let least = 0; indexes.length < count && !reader.hasFailed;) {
    const index = least + reader.integer();
    if (index >= FAN_OUT ** level) reader.fail('no such branch');
    indexes.push(index);
    least = index + 1;
  }
  return reader.fault ?? { kind: kind === 0 ? 'children' : 'items', level, indexes };
}

export function answerChildren(tree: MerkleTree, { level, indexes }: TreeRequest): Uint8Array {
  const writer = new ByteWriter();
  for (const index of indexes) {
    const children = Array.from({ length: FAN_OUT }, (_, i) => ({
      level: level + 1,
      index: FAN_OUT * index + i,
    })).filter((child) => tree.count(child) > 0);
    const mask = children.reduce((bits, child) => bits | (1 << (child.index % FAN_OUT)), 0);
    writer.byte(mask >> 8).byte(mask);
    for (const child of children) writer.raw(tree.hash(child)).integer(tree.count(child));
  }
  return writer.finish();
}

/** Sixteen per branch asked for, undefined for those without items. */
export function decodeChildren(
  bytes: Uint8Array,
  { indexes }: TreeRequest,
): readonly (Child | undefined)[] | Malformed {
  const reader = new ByteReader(bytes);
  const children: (Child | undefined)[] = [];
  for (let i = 0; i < indexes.length && !reader.hasFailed; i++) {
    const mask = (reader.byte() << 8) | reader.byte();
    for (let bit = 0; bit < FAN_OUT; bit++) {
      children.push(mask & (1 << bit) ? decodeChild(reader) : undefined);
    }
  }
  return reader.fault ?? children;
}

export function encodeItems(items: readonly Item[]): Uint8Array {
  const bytes = new Uint8Array(ITEM_BYTES * items.length);
  items.forEach((item, i) => bytes.set(item, ITEM_BYTES * i));
  return bytes;
}

export function decodeItems(bytes: Uint8Array): readonly Item[] | Malformed {
  if (bytes.length % ITEM_BYTES !== 0) return new Malformed('not whole items');
  if (bytes.length > ITEM_BYTES * MAX_ITEMS) return new Malformed('too many items');
  return Array.from({ length: bytes.length / ITEM_BYTES }, (_, i) =>
    bytes.slice(ITEM_BYTES * i, ITEM_BYTES * (i + 1)),
  );
}

function decodeChild(reader: ByteReader): Child {
  const child = { hash: reader.raw(NODE_HASH_BYTES), count: reader.integer() };
  if (child.count === 0) reader.fail('a child without items');
  return child;
}
