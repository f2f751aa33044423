/**
 * Deletes the rows of tickets that are over, a slice at a time. Every node does so; a row that another has deleted already
 * is not there any more.
 */
import type {
  CallOutcome,
  Context,
  Definition,
  Handlers,
  Name,
} from '../../../runtime/kernel/actor.ts';
import { name } from '../../../runtime/kernel/actor.ts';
import type { PutOutcome, Store } from '../../store/api.ts';
import type { SecurityRecord } from '../records.ts';
import { SECURITY } from '../records.ts';
import type { SecurityTable } from '../table.ts';
import { isOver, withoutOver } from './collecting.ts';
import type { TicketsConfig } from './config.ts';

export interface CollectorDependencies {
  readonly table: SecurityTable;
  readonly store: Store;
  readonly config: () => TicketsConfig;
  count(counter: string): void;
}

type Message =
  | { readonly kind: 'sweep' }
  | { readonly kind: 'slice' }
  | { readonly kind: 'deleted'; readonly outcome: CallOutcome<PutOutcome> };

export const TICKET_COLLECTOR: Name<Message> = name('security:ticket_collector');

/** Rows looked at in a turn, and deletions under way. */
const SLICE = 2_000;
const MAX_DELETIONS = 64;

export function ticketCollector(dependencies: CollectorDependencies): Definition<Message> {
  return { class: 'control', init: (context) => new CollectorActor(dependencies, context) };
}

class CollectorActor implements Handlers<Message> {
  readonly #d: CollectorDependencies;
  readonly #context: Context<Message>;
  #rest: Iterator<readonly [key: string, record: SecurityRecord]> | undefined;
  #underWay = 0;

  constructor(dependencies: CollectorDependencies, context: Context<Message>) {
    this.#d = dependencies;
    this.#context = context;
    context.register(TICKET_COLLECTOR);
    this.#later();
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'sweep':
        // Goes on while rows come and go: what it misses the next sweep finds.
        this.#rest ??= this.#d.table.policy.records()[Symbol.iterator]();
        return this.#slice();
      case 'slice':
        return this.#slice();
      case 'deleted':
        return this.#onDeleted(message.outcome);
    }
  }

  #later(): void {
    this.#context.after(this.#d.config().collectIntervalMs, { kind: 'sweep' });
  }

  #slice(): void {
    const now = this.#context.clock.wall();
    for (let looked = 0; looked < SLICE && this.#underWay < MAX_DELETIONS; looked++) {
      const next = this.#rest?.next();
      if (next === undefined || next.done === true) return this.#finish();
      const [key, record] = next.value;
      if (isOver(record, now)) this.#delete(key, now);
    }
    if (this.#underWay === 0) this.#context.self.cast({ kind: 'slice' });
  }

  #delete(key: string, now: number): void {
    this.#underWay += 1;
    this.#d.store.put<Message>(this.#context, SECURITY, key, withoutOver(key, now), (outcome) => ({
      kind: 'deleted',
      outcome,
    }));
  }

  #onDeleted(outcome: CallOutcome<PutOutcome>): void {
    this.#underWay -= 1;
    const isGone = outcome.kind === 'reply' && outcome.value.kind !== 'refused';
    this.#d.count(isGone ? 'tickets_collected' : 'tickets_not_collected');
    if (this.#underWay === 0 && this.#rest) this.#slice();
  }

  #finish(): void {
    this.#rest = undefined;
    this.#later();
  }
}
