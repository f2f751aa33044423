/**
 * Retained events of one realm on all nodes: what the router changes is put into the store, what the store says of other
 * nodes' changes is told to the router, whose own rows stay what subscribers are served from.
 *
 * Two nodes that change a topic at once agree by the store's stamps. A router never takes over what was said before its
 * own last change was known here (`seen`): that change gets a later stamp and comes back to all.
 */
import type { CallOutcome, Context, Definition, Handlers } from '../../../runtime/kernel/actor.ts';
import type { Mailbox } from '../../../runtime/kernel/mailbox.ts';
import type { SetReader, SetTable } from '../../../runtime/kernel/table.ts';
import type { Change, PutOutcome, PutValue, Store, StoreState } from '../../store/api.ts';
import { partitionName } from '../../store/api.ts';
import type { RouterTarget } from '../api.ts';
import type { Retained } from '../broker/retention.ts';
import type { RetainedMessage, StoredRow } from './messages.ts';
import type { PendingTopic, PutReason } from './pending.ts';
import { PendingTopics } from './pending.ts';
import type { RetainedChanges } from './reports.ts';
import type { Codecs } from './stored.ts';
import { decodeRetained, encodeRetained, keyOf, RETAINED, topicOf } from './stored.ts';

export interface RetainedDependencies {
  readonly realm: string;
  /** Its supervisor's: reports of a router outlive this agent. */
  readonly mailbox: Mailbox<RetainedMessage>;
  readonly pending: SetTable<string, PendingTopic>;
  readonly retained: SetReader<string, Retained>;
  readonly changes: Pick<RetainedChanges, 'revision'>;
  readonly router: RouterTarget;
  readonly store: Store;
  readonly state: Pick<StoreState, 'isReady' | 'onAdvance'>;
  readonly codecs: Codecs;
  count(counter: string, by?: number): void;
}

/** Puts of a realm under way at once: enough to fill a batch of the disk. */
const MAX_PUTS = 64;
/** Topics told to the router in one message when all are read. */
const SLICE = 100;
const RETRY_MS = 1_000;
const LOOK_AGAIN_MS = 200;

export function retained(dependencies: RetainedDependencies): Definition<RetainedMessage> {
  const { mailbox } = dependencies;
  return { class: 'control', mailbox, init: (context) => new RetainedAgent(dependencies, context) };
}

class RetainedAgent implements Handlers<RetainedMessage> {
  readonly #d: RetainedDependencies;
  readonly #context: Context<RetainedMessage>;
  readonly #pending: PendingTopics;
  readonly #monitors = new Set<number>();
  #seen: number;
  #follows = false;
  /** Topics still to be read. */
  #unread: string[] = [];
  #isRetrying = false;
  #isBehind = false;

  constructor(dependencies: RetainedDependencies, context: Context<RetainedMessage>) {
    this.#d = dependencies;
    this.#context = context;
    this.#pending = new PendingTopics(dependencies.pending.claim(context), MAX_PUTS);
    this.#seen = dependencies.changes.revision;
    const { state, mailbox } = dependencies;
    // The store starts after the realms, and its partitions may start again.
    const undo = state.onAdvance(() => {
      if (!this.#follows && state.isReady) mailbox.admit({ kind: 'look' });
    });
    context.own({ close: undo });
    const interrupted = mailbox.takeInterrupted();
    if (interrupted?.kind === 'retained_changed') this.handle(interrupted);
    mailbox.admit({ kind: 'look' }); // behind the reports that wait
  }

  handle(message: RetainedMessage): void {
    switch (message.kind) {
      case 'retained_changed':
        this.#seen = Math.max(this.#seen, message.revision);
        for (const topic of message.changed) this.#pending.add(topic, 'changed');
        for (const topic of message.expired) this.#pending.add(topic, 'expired');
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
        return this.#onPut(message.topic, message.outcome);
    }
  }

  /** A partition ended: when it is back it has perhaps other rows. */
  onDown(): void {
    if (!this.#follows) return;
    this.#follows = false;
    this.#context.after(LOOK_AGAIN_MS, { kind: 'look' });
  }

  #look(): void {
    const { state, store, mailbox } = this.#d;
    if (this.#follows || !state.isReady) return;
    for (const monitor of this.#monitors) this.#context.demonitor(monitor);
    this.#monitors.clear();
    for (let index = 0; index < store.partitions; index++) {
      const partition = this.#context.whereis(partitionName(index));
      if (partition === undefined) {
        this.#context.after(LOOK_AGAIN_MS, { kind: 'look' });
        return;
      }
      this.#monitors.add(this.#context.monitor(partition));
    }
    this.#follows = true;
    store.subscribe(this.#context, RETAINED.name, mailbox);
    this.#readAll();
    this.#put();
  }

  // ---- out of the store

  #onChange({ key, source }: Change): void {
    const topic = topicOf(this.#d.realm, key);
    if (topic === undefined || source === 'local' || this.#pending.hear(topic)) return;
    this.#tell([topic]);
  }

  #readAll(): void {
    const { store, realm, retained: rows } = this.#d;
    this.#isBehind = false;
    const topics = new Set(rows.keys());
    for (const { key } of store.entries(RETAINED.name)) {
      const topic = topicOf(realm, key);
      if (topic !== undefined) topics.add(topic);
    }
    const wasReading = this.#unread.length > 0;
    this.#unread = [...topics];
    if (!wasReading) this.#read();
  }

  #read(): void {
    const slice = this.#unread.splice(0, SLICE);
    const settled = slice.filter((topic) => !this.#pending.hear(topic));
    const known = settled.filter((topic) => this.#stored(topic) !== undefined);
    if (known.length > 0) this.#tell(known);
    // Here and not there: a partition began anew, or a router died before it had said so.
    for (const topic of settled) if (this.#stored(topic) === undefined) this.#restore(topic);
    if (this.#unread.length > 0) this.#d.mailbox.admit({ kind: 'read' });
    this.#put();
  }

  #restore(topic: string): void {
    if (isLive(this.#d.retained.get(topic), this.#now())) this.#pending.add(topic, 'changed');
  }

  #tell(topics: readonly string[]): void {
    const rows = topics.flatMap((topic): readonly StoredRow[] => {
      const value = this.#stored(topic);
      const events = value === undefined ? [] : decodeRetained(topic, value, this.#d.codecs);
      if (events === undefined) this.#d.count('retained_rows_malformed');
      return events === undefined ? [] : [{ topic, events }];
    });
    if (rows.length === 0) return;
    const delivery = this.#d.router.cast({ kind: 'retained', rows, seen: this.#seen });
    if (delivery === 'accepted') return;
    this.#d.count('retained_rows_deferred', rows.length);
    this.#isBehind = true;
    this.#retryLater();
  }

  #stored(topic: string): Uint8Array | undefined {
    return this.#d.store.get(RETAINED.name, keyOf(this.#d.realm, topic));
  }

  // ---- into the store

  #put(): void {
    // A timer wakes those that could not be put.
    if (!this.#follows || this.#isRetrying) return;
    for (let next = this.#pending.begin(); next; next = this.#pending.begin()) {
      const { topic, why } = next;
      if (why === 'expired' && this.#isGone(topic)) this.#settle(topic);
      else this.#putOne(topic, why);
    }
  }

  /** Somebody was quicker: it is deleted already, or published again. */
  #isGone(topic: string): boolean {
    return this.#stored(topic) === undefined || this.#d.retained.has(topic);
  }

  #putOne(topic: string, why: PutReason): void {
    const key = keyOf(this.#d.realm, topic);
    this.#d.store.put<RetainedMessage>(
      this.#context,
      RETAINED.name,
      key,
      this.#valueOf(topic, why),
      (outcome) => ({ kind: 'put', topic, outcome }),
    );
  }

  #valueOf(topic: string, why: PutReason): PutValue {
    const { retained: rows, codecs } = this.#d;
    const row = rows.get(topic);
    if (row !== undefined) {
      const value = encodeRetained(row, codecs);
      if (value === undefined) this.#d.count('retained_not_replicated');
      return value;
    }
    if (why === 'changed') return undefined;
    const now = this.#now();
    // Perhaps another node has published again since.
    return (current) => {
      const events = current && decodeRetained(topic, current, codecs);
      return isLive(events && { events }, now) ? current : undefined;
    };
  }

  #onPut(topic: string, outcome: CallOutcome<PutOutcome>): void {
    const result = resultOf(outcome);
    if (result === 'refused') this.#d.count('retained_not_replicated');
    if (result === 'later') {
      this.#d.count('retained_puts_deferred');
      this.#retryLater();
    }
    this.#settle(topic, result === 'later');
    this.#put();
  }

  #settle(topic: string, isLater = false): void {
    if (this.#pending.done(topic, isLater)) this.#tell([topic]);
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

function isLive(row: Pick<Retained, 'events'> | undefined, now: number): boolean {
  return row !== undefined && row.events.some(({ expiresAt }) => expiresAt > now);
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
