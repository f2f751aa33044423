/**
 * The log format that LevelDB and RocksDB share (LevelDB, doc/log_format.md; RocksDB, Write-Ahead-Log-File-Format): their
 * write-ahead logs, and the manifests that say which tables are alive.
 */
import { crc32c } from './crc32c.ts';

const BLOCK = 32_768;
/** crc32c, 4 bytes; length, 2; type, 1. */
const HEADER = 7;
/** Of a file that is used again: 4 bytes more, the log's number. */
const RECYCLABLE_HEADER = 11;
const MAX_TYPE = 8;

/**
 * Where the first bad record is that sound ones follow. Bad ones at the end are what a crash leaves: not damage, and
 * not distinguishable from it.
 */
export function findDamage(log: Uint8Array): number | undefined {
  let badAt: number | undefined;
  for (let start = 0; start < log.length; start += BLOCK) {
    const block = log.subarray(start, start + BLOCK);
    const sound = soundPrefix(block);
    if (badAt !== undefined && sound > 0) return badAt;
    if (isRest(block, sound)) continue;
    badAt ??= start + sound;
    if (hasSoundRecord(block, sound + 1)) return badAt;
  }
  return undefined;
}

/** What records begin with, up to the first bad one; of a record in several fragments, what is in the first. */
export function* recordStarts(log: Uint8Array): Generator<Uint8Array, void> {
  for (let start = 0; start < log.length; start += BLOCK) {
    const block = log.subarray(start, start + BLOCK);
    let at = 0;
    for (let size = recordAt(block, at); size > 0; size = recordAt(block, at)) {
      const type = block[at + 6]!;
      if (isFirst(type)) yield block.subarray(at + headerOf(type), at + size);
      at += size;
    }
    if (!isRest(block, at)) return;
  }
}

/** Bytes of sound records from the start of the block. */
function soundPrefix(block: Uint8Array): number {
  let at = 0;
  for (let size = recordAt(block, at); size > 0; size = recordAt(block, at)) at += size;
  return at;
}

/** Too little for a header: the end of a block, or of the log. */
function isRest(block: Uint8Array, at: number): boolean {
  return block.length - at < HEADER && (block.length === BLOCK || block.length === at);
}

function hasSoundRecord(block: Uint8Array, from: number): boolean {
  for (let at = from; at + HEADER <= block.length; at++) if (recordAt(block, at) > 0) return true;
  return false;
}

/** The size with the header, 0 when there is no sound record. */
function recordAt(block: Uint8Array, at: number): number {
  if (at + HEADER > block.length) return 0;
  const type = block[at + 6]!;
  if (type === 0 || type > MAX_TYPE) return 0;
  const size = headerOf(type) + (block[at + 4]! | (block[at + 5]! << 8));
  if (at + size > block.length) return 0;
  return storedCrc(block, at) === masked(crc32c(block.subarray(at + 6, at + size))) ? size : 0;
}

/** FULL and FIRST, and the same of a file that is used again. */
function isFirst(type: number): boolean {
  return type === 1 || type === 2 || type === 5 || type === 6;
}

function headerOf(type: number): number {
  return type <= 4 ? HEADER : RECYCLABLE_HEADER;
}

function storedCrc(block: Uint8Array, at: number): number {
  return (
    (block[at]! | (block[at + 1]! << 8) | (block[at + 2]! << 16) | (block[at + 3]! << 24)) >>> 0
  );
}

/** A checksum of bytes that hold checksums is weak, so the formats store a rotated one. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
