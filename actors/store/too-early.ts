/**
 * What a partition that is being read cannot do: rows that changed meanwhile would be in the memory and not in the tree that
 * is just added up, or the other way round. Whoever asks hears so; exchange brings what was not taken.
 */
import { storageFailure } from '../../runtime/disk/failure.ts';
import type { PartitionMessage } from './api.ts';
import type { PartitionPort } from './port.ts';

/** What a partition tells itself. */
type OwnKind = 'answer' | 'reopen' | 'reap' | 'flush';

/** True: the message is dealt with. */
export function isTooEarly(
  message: PartitionMessage | { readonly kind: OwnKind },
  partition: number,
  port: Pick<PartitionPort, 'count'>,
): boolean {
  switch (message.kind) {
    case 'merge': {
      const { rows, reply } = message;
      const none = { changed: 0, unchanged: 0, refused: rows.length, differing: [] };
      port.count('store_rows_too_early', rows.length);
      reply?.reply(none);
      return true;
    }
    case 'discard':
    case 'snapshot':
      message.reply.reply(storageFailure('closed', `partition ${partition}`, 'it is being read'));
      return true;
    // Nothing was taken in that would make it true; who waits for an answer gets none.
    case 'learn':
    case 'compared':
    case 'caught_up':
      return true;
    default:
      return false;
  }
}
