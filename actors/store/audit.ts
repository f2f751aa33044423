/**
 * A whole round of the check (tree-check.ts) at an operator's word, with a cursor of its own: from the first row to the last
 * leaf, a page at a time, so that writers never wait. A row that is damaged shows twice, as a row and as a leaf.
 */
import type { ReplyTo } from '../../runtime/kernel/actor.ts';
import type { AuditOutcome, CheckOutcome } from './api.ts';
import type { RowKey } from './keys.ts';
import type { Partition } from './partition.ts';
import type { PartitionPort } from './port.ts';
import type { RowStore } from './row-store.ts';
import { TreeCheck } from './tree-check.ts';

const PAGE = 500;

export class Audit {
  readonly #rows: RowStore;
  readonly #port: PartitionPort;
  readonly #machine: Pick<Partition, 'noticed' | 'quarantined'>;
  readonly #waiting: ReplyTo<AuditOutcome>[] = [];

  constructor(
    rows: RowStore,
    port: PartitionPort,
    machine: Pick<Partition, 'noticed' | 'quarantined'>,
  ) {
    this.#rows = rows;
    this.#port = port;
    this.#machine = machine;
  }

  ask(reply: ReplyTo<AuditOutcome>): void {
    this.#waiting.push(reply);
    if (this.#waiting.length > 1) return; // that round's outcome is theirs, too
    const check = new TreeCheck(this.#rows, this.#port, (key, row) =>
      this.#machine.noticed(key, row),
    );
    /** Whether it could be put right from memory. */
    const mismatches = new Map<RowKey, boolean>();
    check.onMismatch = (rowKey, isRewritten) =>
      mismatches.set(rowKey, isRewritten || mismatches.get(rowKey) === true);
    let unreadable = 0;
    const next = (outcome: CheckOutcome): void => {
      unreadable += outcome.unreadable;
      if (!outcome.isRoundComplete) return check.check(PAGE, next);
      check.settled(() => this.#end(mismatches, unreadable));
    };
    check.check(PAGE, next);
  }

  #end(mismatches: ReadonlyMap<RowKey, boolean>, unreadable: number): void {
    const { state, distrusted } = this.#rows;
    const outcome: AuditOutcome = {
      rows: state.hashtree.count + distrusted.size,
      mismatches: mismatches.size,
      rewritten: [...mismatches.values()].filter((isRewritten) => isRewritten).length,
      unreadable,
      quarantined: this.#machine.quarantined.length,
    };
    for (const reply of this.#waiting.splice(0)) reply.reply(outcome);
  }
}
