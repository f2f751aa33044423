/** How security data is changed: by whoever administers it, through here. */
import type { Target } from '../../runtime/kernel/actor.ts';
import type { Id } from '../../runtime/wamp/message.ts';
import type { Seen } from './commit.ts';
import type { SecurityRecord } from './records.ts';

export type Committed =
  /** On disk, and in force on this node. */
  | { readonly kind: 'stored' }
  | {
      readonly kind: 'failed';
      /**
       * `invalid`, `unavailable`, `busy`: nothing was put. `conflict`: somebody changed what was seen. `store`: the disk, or
       * the node, failed in the middle; the same change can be made again.
       */
      readonly reason: 'invalid' | 'conflict' | 'busy' | 'unavailable' | 'store';
      readonly message: string;
      /** Keys of the rows that are stored nevertheless. */
      readonly stored: readonly string[];
    };

export interface CommitOptions {
  /** Refuse when any of these is not what it was. */
  readonly seen?: Seen;
  /** Whose session stays although the password of its user changes. */
  readonly session?: Id;
}

export interface CommitRequest extends CommitOptions {
  readonly kind: 'commit';
  readonly records: readonly SecurityRecord[];
  done(outcome: Committed): void;
}

export class Commits {
  readonly #writer: Target<CommitRequest>;

  constructor(writer: Target<CommitRequest>) {
    this.#writer = writer;
  }

  /** `done` is called once, in a turn of the writer's. */
  commit(
    records: readonly SecurityRecord[],
    done: (outcome: Committed) => void,
    options: CommitOptions = {},
  ): void {
    const delivery = this.#writer.cast({ kind: 'commit', records, done, ...options });
    if (delivery === 'accepted') return;
    const message = 'too many changes of security data wait; try again later';
    done({ kind: 'failed', reason: 'busy', message, stored: [] });
  }
}
