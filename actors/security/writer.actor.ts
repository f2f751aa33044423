/**
 * Puts changes of security data into the store, one change after the other. Who asked hears when all of it is on disk and
 * in force here: in the policy, with the realms that it opens open.
 */
import type { CallOutcome, Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { Mailbox } from '../../runtime/kernel/mailbox.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { PutOutcome, Store } from '../store/api.ts';
import { REALM_KEEPER } from '../realms/api.ts';
import type { Committed, CommitRequest } from './commits.ts';
import type { Plan, RowPut } from './commit.ts';
import { conflict, isSameValue, planOf } from './commit.ts';
import { encodeRecord, readRecord } from './policy/rows.ts';
import type { RealmKeyRecord } from './records.ts';
import { SECURITY } from './records.ts';
import { SECURITY_ACTOR } from './services.ts';
import type { SecurityTable } from './table.ts';

export type WriterMessage =
  | CommitRequest
  | { readonly kind: 'put'; readonly row: RowPut; readonly outcome: CallOutcome<PutOutcome> }
  | { readonly kind: 'in_policy' }
  | { readonly kind: 'in_force' };

export const SECURITY_WRITER = name<WriterMessage>('security:writer');

export interface WriterDependencies {
  readonly table: SecurityTable;
  readonly store: Pick<Store, 'get' | 'put'>;
  readonly mailbox: Mailbox<WriterMessage>;
  keyFor(realm: string): RealmKeyRecord;
  count(counter: string, by?: number): void;
}

/** Puts under way. */
const MAX_PUTS = 64;
const SYNC_MS = 30_000;

export function writer(dependencies: WriterDependencies): Definition<WriterMessage> {
  return {
    class: 'control',
    mailbox: dependencies.mailbox,
    init: (context) => new WriterActor(dependencies, context),
  };
}

interface Current {
  readonly request: CommitRequest;
  readonly steps: RowPut[][];
  readonly stored: string[];
  underWay: number;
  failure: Extract<Committed, { kind: 'failed' }> | undefined;
}

class WriterActor implements Handlers<WriterMessage> {
  readonly #d: WriterDependencies;
  readonly #context: Context<WriterMessage>;
  readonly #waiting: CommitRequest[] = [];
  #current: Current | undefined;

  constructor(dependencies: WriterDependencies, context: Context<WriterMessage>) {
    this.#d = dependencies;
    this.#context = context;
    context.register(SECURITY_WRITER);
    const interrupted = dependencies.mailbox.takeInterrupted();
    if (interrupted?.kind === 'commit') interrupted.done(brokenOff([]));
    context.own({ close: () => this.#breakOff() });
  }

  handle(message: WriterMessage): void {
    switch (message.kind) {
      case 'commit':
        this.#waiting.push(message);
        return this.#next();
      case 'put':
        return this.#onPut(message.row, message.outcome);
      case 'in_policy':
        return this.#onInPolicy();
      case 'in_force':
        return this.#finish();
    }
  }

  /** Nobody waits for an answer that never comes. */
  #breakOff(): void {
    const current = this.#current;
    this.#current = undefined;
    current?.request.done(brokenOff(current.stored));
    for (const { done } of this.#waiting.splice(0)) done(brokenOff([]));
  }

  #next(): void {
    if (this.#current) return;
    for (let request = this.#waiting.shift(); request; request = this.#waiting.shift()) {
      if (this.#begin(request)) return;
    }
  }

  #begin(request: CommitRequest): boolean {
    const { table } = this.#d;
    if (!table.isLoaded) {
      request.done(failed('unavailable', 'security data is still being read', []));
      return false;
    }
    const plan = this.#plan(request);
    if (plan.kind === 'refused') {
      request.done(failed(plan.reason, plan.message, []));
      return false;
    }
    const { session } = request;
    for (const { username, passwordAt } of plan.users) {
      if (session !== undefined) table.spare(username, { session, passwordAt });
    }
    const steps = plan.steps.map((rows) => [...rows]);
    this.#current = { request, steps, stored: [], underWay: 0, failure: undefined };
    this.#put();
    return true;
  }

  #plan({ records, seen }: CommitRequest): Plan {
    const { table, keyFor, store } = this.#d;
    const plan = planOf(table.policy, records, { now: this.#context.clock.wall(), seen, keyFor });
    if (plan.kind === 'refused') return plan;
    // The policy may not have heard of it yet. What changes after this look is found when the row is put.
    const other = plan.steps.flat().find((row) => isOther(row, store.get(SECURITY, row.key)));
    return other ? conflict(other.key) : plan;
  }

  #put(): void {
    const current = this.#current!;
    const { steps } = current;
    if (current.underWay === 0) while (steps[0]?.length === 0) steps.shift();
    const [step] = steps;
    while (step && step.length > 0 && current.underWay < MAX_PUTS && !current.failure) {
      this.#putRow(step.shift()!);
    }
    if (current.underWay === 0) this.#settle();
  }

  #putRow(row: RowPut): void {
    const { key, value, expects } = row;
    this.#current!.underWay += 1;
    let isChanged = false;
    const put = expects
      ? (is: Uint8Array | undefined) => {
          isChanged = isOther(row, is);
          return isChanged ? is : value;
        }
      : value;
    this.#d.store.put<WriterMessage>(this.#context, SECURITY, key, put, (outcome) => ({
      kind: 'put',
      row: isChanged ? { ...row, expects: OTHER } : row,
      outcome,
    }));
  }

  #onPut(row: RowPut, outcome: CallOutcome<PutOutcome>): void {
    const current = this.#current!;
    current.underWay -= 1;
    if (row.expects === OTHER) {
      const { reason, message } = conflict(row.key);
      current.failure ??= failed(reason, message, current.stored);
    } else if (outcome.kind === 'reply' && outcome.value.kind === 'stored') {
      current.stored.push(row.key);
    } else {
      this.#d.count('security_puts_failed');
      current.failure ??= failed('store', `${row.key}: ${whyOf(outcome)}`, current.stored);
    }
    this.#put();
  }

  /** Everything is stored, or nothing more will be. */
  #settle(): void {
    const security = this.#context.whereis(SECURITY_ACTOR);
    if (security === undefined) return this.#onInPolicy();
    this.#context.call(
      security,
      (reply) => ({ kind: 'sync' as const, reply }),
      SYNC_MS,
      () => ({ kind: 'in_policy' }),
    );
  }

  #onInPolicy(): void {
    const keeper = this.#context.whereis(REALM_KEEPER);
    const isOfRealms = this.#current!.request.records.some(({ kind }) => kind === 'realm');
    if (!isOfRealms || keeper === undefined) return this.#finish();
    this.#context.call(
      keeper,
      (reply) => ({ kind: 'look' as const, reply }),
      SYNC_MS,
      () => ({ kind: 'in_force' }),
    );
  }

  #finish(): void {
    const { request, failure } = this.#current!;
    this.#current = undefined;
    request.done(failure ? withStored(failure) : { kind: 'stored' });
    this.#next();
  }
}

/** Is in the row what was not seen? */
function isOther({ expects }: RowPut, is: Uint8Array | undefined): boolean {
  return expects !== undefined && !isSameValue(is && asWritten(is), expects.value);
}

/** As this version writes it: a newer one may have put more into it. */
function asWritten(row: Uint8Array): Uint8Array {
  const record = readRecord(row);
  return record instanceof Malformed ? row : encodeRecord(record);
}

/** Marks a put that found something else than was seen. */
const OTHER = { value: undefined };

type Failure = Extract<Committed, { kind: 'failed' }>;

function failed(reason: Failure['reason'], message: string, stored: readonly string[]): Failure {
  return { kind: 'failed', reason, message, stored };
}

const MAX_NAMED = 20;

/** What was put first takes something away, so whoever hears of it may leave it at that, or make the change again. */
function withStored(failure: Failure): Failure {
  const { message, stored } = failure;
  if (stored.length === 0) return failure;
  const named = stored.slice(0, MAX_NAMED).join(', ');
  const more = stored.length > MAX_NAMED ? ` and ${stored.length - MAX_NAMED} more` : '';
  return { ...failure, message: `${message}; of the same change are stored: ${named}${more}` };
}

function brokenOff(stored: readonly string[]): Failure {
  return failed('store', 'the writer was restarted; the change may be stored in part', stored);
}

function whyOf(outcome: CallOutcome<PutOutcome>): string {
  if (outcome.kind !== 'reply') return `the store gave no answer (${outcome.kind})`;
  const { value } = outcome;
  return value.kind === 'refused' ? `${value.reason}: ${value.detail}` : value.kind;
}
