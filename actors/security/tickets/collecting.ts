/** Rows of tickets that are over: whoever still shows one is told so by what the ticket itself says. */
import { Malformed } from '../../../runtime/structures/malformed.ts';
import { decodeRecord } from '../policy/rows.ts';
import type { SecurityRecord } from '../records.ts';
import { LONGEST_EXPIRY_MS } from './config.ts';

/** Clocks of nodes differ; on none of them may the ticket be good any more. */
const GRACE_MS = 3_600_000;

/** `now`: ms since 1970. */
export function isOver(record: SecurityRecord, now: number): boolean {
  switch (record.kind) {
    case 'ticket':
      return record.expiresAt * 1_000 + GRACE_MS < now;
    case 'ticket_cutoff':
      // No ticket is left that it could be about.
      return record.at + LONGEST_EXPIRY_MS + GRACE_MS < now;
    default:
      return false;
  }
}

/** For a put: what is there is deleted if it is over, and left as it is otherwise. */
export function withoutOver(key: string, now: number) {
  return (current: Uint8Array | undefined): Uint8Array | undefined => {
    const record = current && decodeRecord(key, current);
    if (record === undefined || record instanceof Malformed) return current;
    return isOver(record, now) ? undefined : current;
  };
}
