/**
 * Reads the write-ahead logs of LevelDB and RocksDB before the engine does (both: doc/log_format.md of LevelDB). Opened
 * without paranoid checks, as both bindings do, the engines take a damaged record for the end of the log, or skip it,
 * and start without what was acknowledged behind it. Only a torn *tail* is the mark of a crash.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from './crc32c.ts';
import type { StorageFailure } from './failure.ts';
import { storageFailure } from './failure.ts';

const BLOCK = 32_768;
/** crc32c, 4 bytes; length, 2; type, 1. */
const HEADER = 7;
/** Of a file that is used again: 4 bytes more, the log's number. */
const RECYCLABLE_HEADER = 11;
const MAX_TYPE = 8;

/** The damage that the engine would not report, if there is any. */
export function checkLogs(database: string): StorageFailure | undefined {
  if (!existsSync(database)) return undefined;
  for (const name of readdirSync(database)
    .filter((file) => /^\d+\.log$/.test(file))
    .sort()) {
    const damagedAt = findDamage(readFileSync(join(database, name)));
    if (damagedAt === undefined) continue;
    const detail = `${name} is damaged at byte ${damagedAt}, before records that are sound`;
    return storageFailure('corrupt', database, detail);
  }
  return undefined;
}

/** Where the first bad record is that sound ones follow. */
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
  const header = type <= 4 ? HEADER : RECYCLABLE_HEADER;
  const size = header + (block[at + 4]! | (block[at + 5]! << 8));
  if (at + size > block.length) return 0;
  return storedCrc(block, at) === masked(crc32c(block.subarray(at + 6, at + size))) ? size : 0;
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
