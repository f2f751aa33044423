/**
 * A row's canonical bytes: on disk, between nodes and under the hash. Equal rows have equal bytes on every node, and
 * bytes that are not what the encoder would have written are refused.
 *
 *     row     = 1 (format), entries
 *     entry   = actor, counter, versions        actors ascending
 *     version = counter - dot, stamp (8 bytes), 0 (tombstone) | 1 and the value        newest first
 */
import { ByteReader, ByteWriter } from '../structures/bytes.ts';
import { Malformed } from '../structures/malformed.ts';
import type { Dotted, Entry } from './dvvset.ts';
import { MAX_STAMP } from './hlc.ts';
import type { Row, Version } from './row.ts';

const FORMAT = 1;

export const ROW_LIMITS = {
  /** A row has to pass between nodes in one message, with others. */
  maxValueBytes: 16 * 1024 * 1024,
  maxRowBytes: 32 * 1024 * 1024,
  /** Lives of nodes that ever wrote one key and were not forgotten. */
  maxActors: 4096,
  /** Concurrent writes of one key. */
  maxVersions: 4096,
  /** A node's name and incarnation. */
  maxActorBytes: 320,
} as const;

export const DIGEST_BYTES = 16;

/** Throws for a row over the limits: its writer must have refused it. */
export function encodeRow({ entries }: Row): Uint8Array {
  const writer = new ByteWriter().byte(FORMAT).integer(entries.length);
  for (const { actor, counter, values } of entries) {
    writer.text(actor).integer(counter).integer(values.length);
    for (const { dot, value } of values) encodeVersion(writer.integer(counter - dot), value);
  }
  const bytes = writer.finish();
  if (bytes.length > ROW_LIMITS.maxRowBytes) throw new RangeError(`a row of ${bytes.length} bytes`);
  return bytes;
}

export function decodeRow(bytes: Uint8Array): Row | Malformed {
  if (bytes.length > ROW_LIMITS.maxRowBytes) return new Malformed('row too large');
  const reader = new ByteReader(bytes);
  if (reader.byte() !== FORMAT) return new Malformed('unknown row format');
  const entries: Entry<Version>[] = [];
  let before = '';
  for (let left = reader.count(ROW_LIMITS.maxActors, 3); left > 0 && !reader.hasFailed; left--) {
    const entry = decodeEntry(reader);
    if (entry.actor <= before) reader.fail('actors not ascending');
    before = entry.actor;
    entries.push(entry);
  }
  const versions = entries.reduce((sum, { values }) => sum + values.length, 0);
  // A row without a version is never written: what remains of a deletion is its tombstone.
  if (versions === 0) reader.fail('no version');
  if (versions > ROW_LIMITS.maxVersions) reader.fail('too many versions');
  return reader.fault ?? { entries, anonymous: [] };
}

/** Of clock and values together, so that a value that rotted under its clock is seen. `sha256` is injected. */
export function digestOf(
  rowBytes: Uint8Array,
  sha256: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  return new Uint8Array(sha256(rowBytes).subarray(0, DIGEST_BYTES));
}

function encodeVersion(writer: ByteWriter, { stamp, value }: Version): void {
  writer.uint64(stamp);
  if (value === undefined) writer.byte(0);
  else writer.byte(1).bytes(value);
}

function decodeEntry(reader: ByteReader): Entry<Version> {
  const actor = reader.text(ROW_LIMITS.maxActorBytes);
  const counter = reader.integer();
  if (counter === 0) reader.fail('dot 0');
  const values: Dotted<Version>[] = [];
  let before = counter + 1;
  const count = reader.count(ROW_LIMITS.maxVersions, 10);
  for (let left = count; left > 0 && !reader.hasFailed; left--) {
    const dot = counter - reader.integer(counter);
    if (dot >= before || dot === 0) reader.fail('dots not descending');
    before = dot;
    values.push({ dot, value: decodeVersion(reader) });
  }
  return { actor, counter, values };
}

function decodeVersion(reader: ByteReader): Version {
  const stamp = reader.uint64();
  if (stamp > MAX_STAMP) reader.fail('stamp out of range');
  const kind = reader.byte();
  if (kind > 1) reader.fail('unknown kind of version');
  return { stamp, value: kind === 0 ? undefined : reader.bytes(ROW_LIMITS.maxValueBytes) };
}
