/**
 * A family of one realm's rows on all nodes: what the router changes is put into the store, what the store says of other
 * nodes' changes is told to the router, whose own rows stay what sessions are served from.
 *
 * Two nodes that change a row at once agree by the store's stamps. A router never takes over what was said before its own
 * last change was known here (`seen`): that change gets a later stamp and comes back to all.
 */
import type { CallOutcome, Context, Definition, Handlers } from '../../../runtime/kernel/actor.ts';
import type { Mailbox } from '../../../runtime/kernel/mailbox.ts';
import type { SetTable } from '../../../runtime/kernel/table.ts';
import type { Change, PutOutcome, Store, StoreState } from '../../store/api.ts';
import { Following } from '../../store/api.ts';
import type { Family } from './family.ts';
import { keyOf, nameOf, UNSAYABLE } from './family.ts';
import type { ReplicatorMessage } from './messages.ts';
import type { PendingRow, PutReason } from './pending.ts';
import { PendingRows } from './pending.ts';
import type { RowChanges } from './reports.ts';

export interface ReplicatorDependencies {
  readonly realm: string;
  /** Its supervisor's: reports of a router outlive this agent. */
  readonly mailbox: Mailbox<ReplicatorMessage>;
  readonly pending: SetTable<string, PendingRow>;
  readonly changes: Pick<RowChanges, 'revision' | 'awaited'>;
  readonly family: Family;
  readonly store: Store;
  readonly state: Pick<StoreState, 'isReady' | 'onAdvance'>;
  count(counter: string, by?: number): void;
}

/** Puts of a realm under way at once: enough to fill a batch of the disk. */
const MAX_PUTS = 64;
/** Rows told to the router in one message when all are read. */
const SLICE = 100;
const RETRY_MS = 1_000;

export function replicator(dependencies: ReplicatorDependencies): Definition<ReplicatorMessage> {
  const { mailbox } = dependencies;
  return { class: 'control', mailbox, init: (context) => new Replicator(dependencies, context) };
}

class Replicator implements Handlers<ReplicatorMessage> {
  readonly #d: ReplicatorDependencies;
  readonly #context: Context<ReplicatorMessage>;
  readonly #family: Family;
  readonly #pending: PendingRows;
  readonly #following: Following;
  #seen: number;
  /** Rows still to be read. */
  #unread: string[] = [];
  #isRetrying = false;
  #isBehind = false;

  constructor(dependencies: ReplicatorDependencies, context: Context<ReplicatorMessage>) {
    this.#d = dependencies;
    this.#family = dependencies.family;
    this.#context = context;
    this.#pending = new PendingRows(dependencies.pending.claim(context), MAX_PUTS);
    this.#seen = dependencies.changes.revision;
    const { store, state, mailbox } = dependencies;
    this.#following = new Following(context, store, state, this.#family.prefix, mailbox);
    const interrupted = mailbox.takeInterrupted();
    if (interrupted?.kind === 'rows_changed') this.handle(interrupted);
    mailbox.admit({ kind: 'look' }); // behind the reports that wait
  }

  handle(message: ReplicatorMessage): void {
    switch (message.kind) {
      case 'rows_changed':
        this.#seen = Math.max(this.#seen, message.revision);
        for (const name of message.changed) this.#pending.add(name, 'changed');
        for (const name of message.expired) this.#pending.add(name, 'expired');
        return this.#put();
      case 'store_change':
        return this.#onChange(message);
      case 'store_changes_lost':
        return this.#readAll();
      case 'look':
        return this.#look();
      case 'read':
        return this.#read();
      case 'retry':
        this.#isRetrying = false;
        if (this.#isBehind) this.#readAll();
        return this.#put();
      case 'put':
        return this.#onPut(message.name, message.outcome);
    }
  }

  onDown(): void {
    this.#following.onDown();
  }

  #look(): void {
    if (!this.#following.look()) return;
    this.#readAll();
    this.#put();
  }

  // ---- out of the store

  #onChange({ key, source }: Change): void {
    const name = nameOf(this.#d.realm, key);
    if (name === undefined || source === 'local' || this.#pending.hear(name)) return;
    this.#tell([name], false);
  }

  #readAll(): void {
    const { store, realm } = this.#d;
    this.#isBehind = false;
    const names = new Set(this.#family.names());
    for (const { key } of store.entries(this.#family.prefix)) {
      const name = nameOf(realm, key);
      if (name !== undefined) names.add(name);
    }
    const wasReading = this.#unread.length > 0;
    this.#unread = [...names];
    if (!wasReading) this.#read();
  }

  #read(): void {
    const slice = this.#unread.splice(0, SLICE);
    const settled = slice.filter((name) => !this.#pending.hear(name));
    const known = settled.filter((name) => this.#stored(name) !== undefined);
    if (known.length > 0) this.#tell(known, true);
    // Here and not there: a partition began anew, or a router died before it had said so.
    for (const name of settled) if (this.#stored(name) === undefined) this.#restore(name);
    if (this.#unread.length > 0) this.#d.mailbox.admit({ kind: 'read' });
    this.#put();
  }

  #restore(name: string): void {
    if (this.#family.isToRestore(name, this.#now())) this.#pending.add(name, 'changed');
  }

  #tell(names: readonly string[], isRead: boolean): void {
    const rows = names.map((name) => ({ name, value: this.#stored(name) }));
    if (this.#family.tell(rows, this.#seen, isRead)) return;
    this.#d.count(this.#family.counters.rowsDeferred, rows.length);
    this.#isBehind = true;
    this.#retryLater();
  }

  #stored(name: string): Uint8Array | undefined {
    return this.#d.store.get(this.#family.prefix, keyOf(this.#d.realm, name));
  }

  // ---- into the store

  #put(): void {
    // A timer wakes those that could not be put.
    if (!this.#following.isActive || this.#isRetrying) return;
    // Rows are put as they are now.
    const { revision } = this.#d.changes;
    for (;;) {
      const next = this.#pending.begin(revision);
      if (next === undefined) return;
      const { name, why } = next;
      if (why === 'expired' && this.#isGone(name)) this.#settle(name);
      else this.#putOne(name, why);
    }
  }

  /** Somebody was quicker: it is deleted already, or published again. */
  #isGone(name: string): boolean {
    return this.#stored(name) === undefined || this.#family.has(name);
  }

  #putOne(name: string, why: PutReason): void {
    const key = keyOf(this.#d.realm, name);
    const value = this.#family.valueOf(name, why, this.#now());
    if (value === UNSAYABLE) this.#answer(name, false);
    this.#d.store.put<ReplicatorMessage>(
      this.#context,
      this.#family.prefix,
      key,
      value,
      (outcome) => ({ kind: 'put', name, outcome }),
    );
  }

  #onPut(name: string, outcome: CallOutcome<PutOutcome>): void {
    const result = resultOf(outcome);
    if (result === 'refused') this.#d.count(this.#family.counters.refused);
    if (result === 'later') {
      this.#d.count(this.#family.counters.putsDeferred);
      this.#retryLater();
    } else this.#answer(name, result === 'done');
    this.#settle(name, result === 'later');
    this.#put();
  }

  /** Before the row is settled: an agent that dies in between puts it again. */
  #answer(name: string, isThere: boolean): void {
    const revision = this.#pending.revisionOf(name);
    if (revision === undefined || !this.#d.changes.awaited.has(name)) return;
    this.#family.stored(name, revision, isThere);
  }

  #settle(name: string, isLater = false): void {
    if (this.#pending.done(name, isLater)) this.#tell([name], false);
  }

  #retryLater(): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    this.#context.after(RETRY_MS, { kind: 'retry' });
  }

  #now(): number {
    return this.#context.clock.wall();
  }
}

function resultOf(outcome: CallOutcome<PutOutcome>): 'done' | 'later' | 'refused' {
  if (outcome.kind !== 'reply') return 'later';
  if (outcome.value.kind !== 'refused') return 'done';
  switch (outcome.value.reason) {
    case 'overloaded':
    case 'loading':
    case 'disk':
    case 'clock_off':
      return 'later';
    case 'unknown_prefix':
    case 'bad_key':
    case 'bad_context':
    case 'too_large':
    case 'function_threw':
      return 'refused';
  }
}
