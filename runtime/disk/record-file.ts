/**
 * A small durable record: JSON that people can read, a format version, and a checksum that tells damage from a choice.
 * `{"format":1,"record":{…},"checksum":"1a2b3c4d"}`
 */
import { readSmallFile, writeAtomically } from './atomic-file.ts';
import { crc32c } from './crc32c.ts';
import { failureOf, storageFailure } from './failure.ts';
import type { Outcome } from './storage.ts';
import { failed, ok } from './storage.ts';

export interface RecordKind<R> {
  /** Files of a higher format were written by a newer version and are refused. */
  readonly format: number;
  /** Undefined: not a record of this kind. */
  parse(value: Readonly<Record<string, unknown>>): R | undefined;
}

/** Undefined when there is no file; `corrupt` when it is not what was written. */
export function readRecord<R>(path: string, kind: RecordKind<R>): Outcome<R | undefined> {
  const text = readSmallFile(path);
  if (text.kind === 'failed' || text.value === undefined) return text as Outcome<undefined>;
  const corrupt = (detail: string) => failed(storageFailure('corrupt', path, detail));
  const envelope = parseObject(text.value);
  if (envelope === undefined) return corrupt('this is not a JSON object');
  const { format, record, checksum } = envelope;
  if (typeof format !== 'number') return corrupt('it has no format version');
  if (format > kind.format) {
    const detail = `it has format ${format}, this version knows ${kind.format}`;
    return failed(storageFailure('newer_format', path, detail));
  }
  if (!isObject(record) || checksum !== checksumOf(format, record)) {
    return corrupt('its checksum does not fit its content');
  }
  const parsed = kind.parse(record);
  return parsed === undefined ? corrupt('it lacks what such a file has') : ok(parsed);
}

/** On disk when it returns. */
export function writeRecord<R extends object>(
  path: string,
  kind: RecordKind<R>,
  record: R,
): Outcome<void> {
  const checksum = checksumOf(kind.format, record);
  const envelope = { format: kind.format, record, checksum };
  try {
    writeAtomically(path, `${JSON.stringify(envelope, null, 2)}\n`);
    return ok(undefined);
  } catch (error) {
    return failed(failureOf(error, path));
  }
}

function checksumOf(format: number, record: object): string {
  const bytes = new TextEncoder().encode(JSON.stringify([format, record]));
  return crc32c(bytes).toString(16).padStart(8, '0');
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
