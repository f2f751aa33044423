/**
 * A partition on its databases: has them opened (again, after a failure; anew, when one is corrupt), loads, and turns
 * messages into calls of the machine. Answers of a disk come back as messages, so that everything happens in the actor's
 * turns.
 */
import { resolve } from '../../runtime/causality/resolver.ts';
import { contextOf, NOTHING } from '../../runtime/causality/dvvset.ts';
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import type { Answer, Entry, Outcome, ScanOptions, Write } from '../../runtime/disk/storage.ts';
import type { Context, Definition, Handlers, Target } from '../../runtime/kernel/actor.ts';
import { errorReason } from '../../runtime/kernel/actor.ts';
import type { Change, GetOutcome, PartitionMessage, PutOutcome } from './api.ts';
import { partitionName } from './api.ts';
import { Audit } from './audit.ts';
import type { Opening } from './databases.ts';
import { Databases } from './databases.ts';
import { rowKeyOf } from './keys.ts';
import { discard } from './discard.ts';
import { LeafReader } from './leaf-reader.ts';
import { Loader } from './loader.ts';
import { pageOf } from './pages.ts';
import { infoOf } from './partition-info.ts';
import { Partition, valuesIn } from './partition.ts';
import type { PartitionPort, StoreCounter } from './port.ts';
import type { Lane, Prefixes } from './prefixes.ts';
import { resolverOf } from './prefixes.ts';
import type { Hashing } from './row-store.ts';
import { RowStore } from './row-store.ts';
import type { SharedRow } from './shared-row.ts';
import type { PartitionState, StoreState } from './state.ts';
import { Subscribers } from './subscribers.ts';
import { isTooEarly } from './too-early.ts';
import { TreeCheck } from './tree-check.ts';

export interface PartitionDependencies extends Opening {
  readonly nodeKey: string;
  readonly state: StoreState;
  readonly prefixes: Prefixes;
  readonly hashing: Hashing;
  /** Puts a corrupt database out of the way, so that `open` makes a new one. */
  setAside(partition: number, answer: Answer<void>): void;
  /** Where rows go that other nodes should hear of at once. Absent: there are no others. */
  replicator?():
    Target<{ readonly kind: 'replicate'; readonly rows: readonly SharedRow[] }> | undefined;
  count(what: StoreCounter, by?: number): void;
  report(event: string, fields: Record<string, unknown>): void;
}

type Own =
  | { readonly kind: 'answer'; readonly run: () => void }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'reap' }
  | { readonly kind: 'flush' };

type Message = PartitionMessage | Own;

/** Another incarnation may still be closing it; else the operator reads in /ready that it is locked. */
const LOCKED_RETRY_MS = 50;

export function partition(index: number, dependencies: PartitionDependencies): Definition<Message> {
  return {
    class: 'control',
    mailbox: { limit: dependencies.config.maxWaiting, onFull: 'refuse' },
    startsLater: true,
    init: (context) => new PartitionActor(index, dependencies, context),
  };
}

class PartitionActor implements Handlers<Message>, PartitionPort {
  readonly #d: PartitionDependencies;
  readonly #context: Context<Message>;
  readonly #state: PartitionState;
  readonly #rows: RowStore;
  readonly #machine: Partition;
  readonly #leaves: LeafReader;
  readonly #check: TreeCheck;
  readonly #audit: Audit;
  readonly #subscribers: Subscribers;
  readonly #databases: Databases;
  #outgoing: SharedRow[] = [];
  #reopenMs: number;
  #isReaping = false;
  #hasEnded = false;
  #isReady = false;

  constructor(index: number, dependencies: PartitionDependencies, context: Context<Message>) {
    const { state, prefixes, hashing, nodeKey, config } = dependencies;
    this.#d = dependencies;
    this.#context = context;
    this.#state = state.partitions[index]!;
    this.#state.status = { kind: 'loading' };
    this.#reopenMs = config.reopenMs;
    this.#databases = new Databases(index, dependencies, (done) => this.#answer(done));
    const memory = this.#state.rows.claim(context);
    this.#rows = new RowStore(this.#state, memory, prefixes, this, hashing);
    this.#machine = new Partition(nodeKey, this.#rows, state, config, this);
    this.#leaves = new LeafReader(this.#rows, this);
    this.#check = new TreeCheck(this.#rows, this, (key, row) => this.#machine.noticed(key, row));
    this.#audit = new Audit(this.#rows, this, this.#machine);
    this.#subscribers = new Subscribers((what) => dependencies.count(what));
    context.register(partitionName(index));
    context.own({ close: () => this.#end() });
    this.#open('ram', () => this.#open('durable', () => this.#load()));
  }

  handle(message: Message): void {
    if (this.#isReady || !isTooEarly(message, this.#state.index, this)) this.#handle(message);
  }

  #handle(message: Message): void {
    switch (message.kind) {
      case 'put': {
        const { prefix, key, value, options, reply } = message;
        const done = (outcome: PutOutcome): void => reply?.reply(outcome);
        return this.#machine.put(prefix, key, value, options, done);
      }
      case 'get':
        return this.#get(message.prefix, message.key, (outcome) => message.reply.reply(outcome));
      case 'page':
        return pageOf(this.#rows, this, message, (outcome) => message.reply.reply(outcome));
      case 'subscribe':
        return this.#subscribers.add(message, message.seen !== this.#state.changes);
      case 'unsubscribe':
        return this.#subscribers.remove(message.prefix, message.target);
      case 'merge':
        return this.#machine.merge(message.rows, message.knowledge, (outcome) =>
          message.reply?.reply(outcome),
        );
      case 'rows_of':
        return this.#leaves.rowsOf(message.keyParts, (rows) => message.reply.reply(rows));
      case 'items_of':
        return this.#leaves.itemsOf(message.request, (items) => message.reply.reply(items));
      case 'discard':
        return discard(this.#leaves, this.#machine, message);
      case 'learn':
        this.#machine.learn(message.clock, message.stable, message.root);
        message.reply?.reply();
        return this.#reapLater();
      case 'catch_up':
        this.#state.isCatchingUp = true;
        return message.reply.reply();
      case 'caught_up':
        return this.#machine.caughtUp();
      case 'compared':
        this.#machine.compared(message.member, this.#context.clock.now());
        return this.#reapLater();
      case 'members':
        this.#machine.setMembers(message.members, message.isComplete, this.#context.clock.now());
        return this.#reapLater();
      case 'watermark':
        this.#machine.watermark(message.member, message.frontier);
        return this.#reapLater();
      case 'check':
        return this.#check.check(message.rows, (outcome) => message.reply?.reply(outcome));
      case 'audit':
        return this.#audit.ask(message.reply);
      case 'rebuild':
        return this.#check.rebuild((outcome) => message.reply?.reply(outcome));
      case 'snapshot':
        return message.reply.reply(this.#databases.snapshot());
      case 'info':
        return message.reply.reply(infoOf(this.#state, this.#rows, this.#machine));
      case 'answer':
        return message.run();
      case 'reopen':
        return this.#reopen();
      case 'reap':
        return this.#machine.reap((hasMore) => {
          this.#isReaping = hasMore;
          if (hasMore) this.#context.self.cast({ kind: 'reap' });
        });
      case 'flush':
        return this.#flush();
    }
  }

  wallMs(): number {
    return this.#context.clock.wall();
  }

  commit(lane: Lane, writes: readonly Write[], isSynced: boolean, done: Answer<void>): void {
    this.#databases.commit(lane, writes, isSynced, done);
  }

  readMany(
    lane: Lane,
    keys: readonly Uint8Array[],
    done: Answer<readonly (Uint8Array | undefined)[]>,
  ): void {
    this.#databases.readMany(lane, keys, done);
  }

  isBusy(lane: Lane): boolean {
    return this.#databases.isBusy(lane);
  }

  page(lane: Lane, options: ScanOptions, done: Answer<readonly Entry[]>): void {
    this.#databases.page(lane, options, done);
  }

  replicate(row: SharedRow): void {
    if (this.#d.replicator === undefined) return;
    this.#outgoing.push(row);
    // What is acknowledged in one go leaves in one message.
    if (this.#outgoing.length === 1) this.#context.self.cast({ kind: 'flush' });
  }

  changed(change: Change): void {
    this.#state.changes += 1;
    this.#subscribers.tell(change);
  }

  advanced(): void {
    this.#machine.learned();
    this.#d.state.advanced(this.#state.index);
  }

  reopen(): void {
    this.#context.after(this.#reopenMs, { kind: 'reopen' });
    this.#reopenMs = Math.min(2 * this.#reopenMs, this.#d.config.maxReopenMs);
  }

  count(what: StoreCounter, by = 1): void {
    this.#d.count(what, by);
  }

  report(event: string, fields: Record<string, unknown>): void {
    this.#d.report(event, fields);
  }

  #flush(): void {
    const rows = this.#outgoing;
    this.#outgoing = [];
    const delivery = this.#d.replicator?.()?.cast({ kind: 'replicate', rows });
    // Exchange brings them.
    if (delivery !== 'accepted') this.count('store_replication_dropped', rows.length);
  }

  #get(prefix: string, key: string, done: (outcome: GetOutcome) => void): void {
    const resolver = resolverOf(this.#d.prefixes.get(prefix));
    this.#rows.find(rowKeyOf(prefix, key), (found) => {
      if (found.kind === 'failed') return done({ kind: 'failed', failure: found.failure });
      const row = found.value?.row;
      done({
        kind: 'value',
        value: row && resolve(row, resolver),
        values: row === undefined ? [] : valuesIn(row),
        context: contextOf(row ?? NOTHING),
      });
    });
  }

  #open(lane: Lane, opened: () => void): void {
    this.#databases.open(lane, (failure) => {
      if (failure === undefined) {
        if (!this.#isReady) this.#state.status = { kind: 'loading' };
        return opened();
      }
      if (failure.kind === 'corrupt') return this.#setAside(lane, failure, opened);
      if (this.#isReady) return this.#failAgain(failure);
      if (failure.kind !== 'locked') return this.#exit(failure);
      this.#state.status = { kind: 'degraded', failure };
      this.#d.defer(LOCKED_RETRY_MS, () => {
        if (!this.#hasEnded) this.#open(lane, opened);
      });
    });
  }

  #setAside(lane: Lane, failure: StorageFailure, opened: () => void): void {
    this.count('store_partitions_set_aside');
    this.#state.isCatchingUp = this.#d.config.isAaeEnabled;
    this.report('store_partition_corrupt', { partition: this.#state.index, ...failure });
    this.#d.setAside(
      this.#state.index,
      this.#answer((outcome: Outcome<void>) => {
        if (outcome.kind === 'failed') return this.#exit(outcome.failure);
        this.#open(lane, opened);
      }),
    );
  }

  #load(): void {
    const loader = new Loader(this.#d.nodeKey, this.#rows, this, (rowKey, row) =>
      this.#machine.noticed(rowKey, row),
    );
    loader.load((loaded) => {
      if ('lastStamp' in loaded) {
        this.#machine.startFrom(loaded.lastStamp);
        this.#isReady = true;
        this.#machine.learned();
        this.#d.state.advanced(this.#state.index);
        this.#reapLater();
        return this.#context.ready();
      }
      if (loaded.kind !== 'corrupt') return this.#exit(loaded);
      // Readable enough to open, not to be read: as corrupt as one that does not open.
      this.#databases.close('durable', () => this.#setAside('durable', loaded, () => this.#load()));
    });
  }

  #reopen(): void {
    this.#databases.close('durable', () => this.#open('durable', () => this.#reopened()));
  }

  #reopened(): void {
    this.#rows.reopened();
    this.#databases.drain(() => {
      if (this.#rows.failure !== undefined) return;
      this.#reopenMs = this.#d.config.reopenMs;
      this.report('store_disk_back', { partition: this.#state.index });
    });
  }

  #failAgain(failure: StorageFailure): void {
    this.#state.status = { kind: 'degraded', failure };
    this.reopen();
  }

  #exit(failure: StorageFailure): void {
    this.#state.status = { kind: 'degraded', failure };
    this.report('store_partition_failed', { partition: this.#state.index, ...failure });
    this.#context.exit(errorReason(new Error(`${failure.kind}: ${failure.detail}`)));
  }

  #reapLater(): void {
    this.#machine.reapAll();
    if (!this.#isReady || this.#isReaping || this.#machine.unsettled === 0) return;
    this.#isReaping = true;
    this.#context.self.cast({ kind: 'reap' });
  }

  /** The same answer, in this actor's own turn. */
  #answer<T>(done: Answer<T>): Answer<T> {
    return (outcome) => {
      if (this.#hasEnded) return;
      const run = (): void => done(outcome);
      if (this.#context.self.cast({ kind: 'answer', run }) === 'accepted') return;
      // The mailbox is full of requests, which wait for answers like this one.
      this.#d.defer(1, () => this.#answer(done)(outcome));
    };
  }

  #end(): void {
    this.#hasEnded = true;
    this.#databases.end((failure) => {
      this.report('store_partition_not_closed', { partition: this.#state.index, ...failure });
    });
  }
}
