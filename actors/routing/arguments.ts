/** What callers of the node's own procedures may send, told apart by type. */
import type { Dict, Value } from '../../runtime/wamp/message.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { MetaError } from './meta.ts';

/** Absent and null are the same. */
export function isMissing(value: Value | undefined): value is null | undefined {
  return value === undefined || value === null;
}

export function isDict(value: Value | undefined): value is Dict {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

export function isStrings(value: Value | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

export function invalidArgument(detail: string): MetaError {
  return { error: ERRORS.invalidArgument, detail };
}
