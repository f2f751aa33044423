/** The partitions of this node, asked by an actor: answers come back as its own messages. */
import type { CallOutcome, Context, ReplyTo } from '../../runtime/kernel/actor.ts';
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import { storageFailure } from '../../runtime/disk/failure.ts';
import type { KeyedHash } from '../../runtime/structures/item.ts';
import type { MergeOutcome, PartitionMessage } from './api.ts';
import { partitionName } from './api.ts';
import type { ReplicaPort } from './exchange-port.ts';
import { forAll } from './exchange-port.ts';
import { storeKeyPart } from './keys.ts';
import type { StoreCounter } from './port.ts';
import type { SharedRow } from './shared-row.ts';

/** A step that an actor takes in a turn of its own. */
export interface Step {
  readonly kind: 'step';
  readonly run: () => void;
}

export interface ReplicaDependencies {
  readonly keyed: KeyedHash;
  readonly timeoutMs: number;
  count(what: StoreCounter, by?: number): void;
}

type Asking<M> = Pick<Context<M>, 'call' | 'whereis' | 'self'>;

export function replicaOf<M>(
  context: Asking<M | Step>,
  { keyed, timeoutMs, count }: ReplicaDependencies,
): ReplicaPort {
  const ask = <R>(
    partition: number,
    request: (reply: ReplyTo<R>) => PartitionMessage,
    done: (outcome: CallOutcome<R>) => void,
  ): void => {
    const deliver = (outcome: CallOutcome<R>): Step => ({ kind: 'step', run: () => done(outcome) });
    const target = context.whereis(partitionName(partition));
    if (target !== undefined) return context.call(target, request, timeoutMs, deliver);
    context.self.cast(deliver({ kind: 'down', reason: { kind: 'noproc' } }));
  };
  const orFailure =
    <R>(partition: number, done: (answer: R | StorageFailure) => void) =>
    (outcome: CallOutcome<R | StorageFailure>): void => {
      const away = storageFailure('closed', `partition ${partition}`, 'it does not answer');
      done(outcome.kind === 'reply' ? outcome.value : away);
    };
  return {
    rowsOf: (partition, keyParts, done) =>
      ask<readonly SharedRow[] | StorageFailure>(
        partition,
        (reply) => ({ kind: 'rows_of', keyParts, reply }),
        orFailure(partition, done),
      ),
    itemsOf: (partition, request, done) =>
      ask<Uint8Array | 'too_many' | StorageFailure>(
        partition,
        (reply) => ({ kind: 'items_of', request, reply }),
        orFailure(partition, done),
      ),
    merge: (partition, rows, knowledge, done) =>
      ask<MergeOutcome>(
        partition,
        (reply) => ({ kind: 'merge', rows, knowledge, reply }),
        (outcome) => {
          const none = { changed: 0, unchanged: 0, refused: rows.length, differing: [] };
          done(outcome.kind === 'reply' ? outcome.value : none);
        },
      ),
    discard: (partition, keyParts, clock, done) =>
      ask<readonly SharedRow[] | StorageFailure>(
        partition,
        (reply) => ({ kind: 'discard', keyParts, clock, reply }),
        orFailure(partition, done),
      ),
    learn: (partition, clock, stable, root) =>
      void context
        .whereis(partitionName(partition))
        ?.cast({ kind: 'learn', clock, stable, ...(root && { root }) }),
    catchUp: (partitions, done) =>
      forAll<number, boolean>(
        partitions,
        (partition, next) =>
          ask<void>(
            partition,
            (reply) => ({ kind: 'catch_up', reply }),
            (outcome) => next(outcome.kind === 'reply'),
          ),
        (answers) => done(answers.every(Boolean)),
      ),
    keyPartOf: (partition, key) => storeKeyPart(partition, key, keyed),
    count,
  };
}
