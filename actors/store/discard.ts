/** The rows that a member which was away too long has and its peer has not: what of each is not news is given up. */
import { encodeRow } from '../../runtime/causality/row-codec.ts';
import type { PartitionMessage } from './api.ts';
import { encodeRowKey } from './keys.ts';
import type { LeafReader } from './leaf-reader.ts';
import type { Partition } from './partition.ts';
import type { SharedRow } from './shared-row.ts';

/** Answers with what is left of them, to be offered to the peer. */
export function discard(
  leaves: LeafReader,
  machine: Partition,
  { keyParts, clock, reply }: Extract<PartitionMessage, { kind: 'discard' }>,
): void {
  leaves.keysOf(keyParts, (keys) => {
    if ('kind' in keys) return reply.reply(keys);
    const rest: SharedRow[] = [];
    let waiting = keys.length;
    if (waiting === 0) return reply.reply(rest);
    for (const rowKey of keys) {
      machine.discard(rowKey, clock, (row) => {
        if (row !== undefined) rest.push({ key: encodeRowKey(rowKey), row: encodeRow(row) });
        if (--waiting === 0) reply.reply(rest);
      });
    }
  });
}
