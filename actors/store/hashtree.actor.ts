/**
 * Keeps a partition's tree true, in the background: a slice of rows against their leaves every `aae.hashtree_timer`, the
 * whole tree from its leaves every `aae.hashtree_ttl`. The partition does the reading between its writes; this actor is
 * when, so that a check that goes wrong takes nothing along.
 */
import type { CallOutcome, Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import type { CheckOutcome, PartitionMessage, RebuildOutcome } from './api.ts';
import { partitionName } from './api.ts';
import type { StoreConfig } from './config.ts';

type Message =
  | { readonly kind: 'slice' }
  | { readonly kind: 'whole' }
  | { readonly kind: 'sliced'; readonly outcome: CallOutcome<CheckOutcome> }
  | { readonly kind: 'rebuilt'; readonly outcome: CallOutcome<RebuildOutcome> };

const SLICE_TIMEOUT_MS = 60_000;
const REBUILD_TIMEOUT_MS = 3_600_000;

export function hashtree(
  index: number,
  config: Pick<StoreConfig, 'hashtreeMs' | 'hashtreeSlice' | 'hashtreeTtlMs'>,
): Definition<Message> {
  return { class: 'data', init: (context) => new HashtreeActor(index, config, context) };
}

class HashtreeActor implements Handlers<Message> {
  readonly #index: number;
  readonly #config: Pick<StoreConfig, 'hashtreeMs' | 'hashtreeSlice' | 'hashtreeTtlMs'>;
  readonly #context: Context<Message>;

  constructor(
    index: number,
    config: Pick<StoreConfig, 'hashtreeMs' | 'hashtreeSlice' | 'hashtreeTtlMs'>,
    context: Context<Message>,
  ) {
    this.#index = index;
    this.#config = config;
    this.#context = context;
    this.#sliceLater();
    this.#wholeLater();
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'slice':
        return this.#ask<CheckOutcome>(
          (reply) => ({ kind: 'check', rows: this.#config.hashtreeSlice, reply }),
          SLICE_TIMEOUT_MS,
          (outcome) => ({ kind: 'sliced', outcome }),
        );
      case 'whole':
        return this.#ask<RebuildOutcome>(
          (reply) => ({ kind: 'rebuild', reply }),
          REBUILD_TIMEOUT_MS,
          (outcome) => ({ kind: 'rebuilt', outcome }),
        );
      case 'sliced':
        return this.#sliceLater();
      case 'rebuilt':
        return this.#wholeLater();
    }
  }

  #ask<R>(
    request: (reply: { reply(value: R): void }) => PartitionMessage,
    timeoutMs: number,
    deliver: (outcome: CallOutcome<R>) => Message,
  ): void {
    const partition = this.#context.whereis(partitionName(this.#index));
    if (partition !== undefined) {
      return this.#context.call(partition, request, timeoutMs, deliver);
    }
    this.#context.self.cast(deliver({ kind: 'down', reason: { kind: 'noproc' } }));
  }

  #sliceLater(): void {
    this.#context.after(this.#config.hashtreeMs, { kind: 'slice' });
  }

  /** Not all partitions of all nodes in the same moment. */
  #wholeLater(): void {
    const ms = this.#config.hashtreeTtlMs * (0.9 + 0.2 * this.#context.random.next());
    this.#context.after(ms, { kind: 'whole' });
  }
}
