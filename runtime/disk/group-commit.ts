/**
 * Many writers, one fsync: what is written in one turn of the event loop, and while the previous batch is on its way to
 * the disk, becomes one batch. A write is answered when its batch is on disk, in the order in which they came; when a
 * batch fails, everybody in it hears so. (Group commit: DeWitt et al., SIGMOD 1984.)
 */
import type { GroupCommitConfig } from './config.ts';
import type { Defer } from './defer.ts';
import { storageFailure } from './failure.ts';
import type { Answer, Outcome, Storage, Write } from './storage.ts';
import { failed, ok } from './storage.ts';

interface Waiting {
  readonly writes: readonly Write[];
  readonly bytes: number;
  readonly sync: boolean;
  readonly answer: Answer<void>;
}

export interface CommitCounters {
  readonly batches: number;
  readonly writes: number;
  readonly overloaded: number;
  readonly failed: number;
  readonly queuedWrites: number;
  readonly queuedBytes: number;
}

export class GroupCommit {
  readonly #storage: Storage;
  readonly #config: GroupCommitConfig;
  readonly #defer: Defer;
  #waiting: Waiting[] = [];
  #queuedWrites = 0;
  #queuedBytes = 0;
  /** `scheduled`: the batch is collected; `writing`: one is on its way, the next is collected. */
  #state: 'idle' | 'scheduled' | 'writing' = 'idle';
  #batches = 0;
  #written = 0;
  #overloaded = 0;
  #failed = 0;

  constructor(storage: Storage, config: GroupCommitConfig, defer: Defer) {
    this.#storage = storage;
    this.#config = config;
    this.#defer = defer;
  }

  /** All of these writes or none. `sync: false`: the answer does not wait for the disk. Owns the bytes until then. */
  put(
    writes: readonly Write[],
    answer: Answer<void>,
    { sync = true }: { readonly sync?: boolean } = {},
  ): void {
    const bytes = sizeOf(writes);
    if (this.#isFull(writes.length, bytes)) return this.#refuse(answer);
    this.#waiting.push({ writes, bytes, sync, answer });
    this.#queuedWrites += writes.length;
    this.#queuedBytes += bytes;
    if (this.#state !== 'idle') return;
    this.#state = 'scheduled';
    this.#defer(this.#config.delayMs, () => this.#commit());
  }

  /** Calls `run` when everything that was put before has been answered. */
  drain(run: () => void): void {
    this.put([], run, { sync: false });
  }

  /** The end of who writes: what has not begun is not written, and answered so. */
  stop(): void {
    const waiting = this.#waiting.splice(0);
    this.#queuedWrites -= waiting.reduce((sum, { writes }) => sum + writes.length, 0);
    this.#queuedBytes -= waiting.reduce((sum, { bytes }) => sum + bytes, 0);
    const failure = storageFailure('closed', this.#storage.path, 'its writer has ended');
    for (const { answer } of waiting) answer(failed(failure));
  }

  get counters(): CommitCounters {
    return {
      batches: this.#batches,
      writes: this.#written,
      overloaded: this.#overloaded,
      failed: this.#failed,
      queuedWrites: this.#queuedWrites,
      queuedBytes: this.#queuedBytes,
    };
  }

  /** More than half of the queue is taken: whoever can be refused should be, the rest is for those who cannot. */
  get isBusy(): boolean {
    const { maxQueuedWrites, maxQueuedBytes } = this.#config;
    return 2 * this.#queuedWrites > maxQueuedWrites || 2 * this.#queuedBytes > maxQueuedBytes;
  }

  /** A group larger than the queue passes when the queue is empty, else it never would. */
  #isFull(writes: number, bytes: number): boolean {
    const { maxQueuedWrites, maxQueuedBytes } = this.#config;
    if (this.#queuedWrites === 0) return false;
    return (
      this.#queuedWrites + writes > maxQueuedWrites || this.#queuedBytes + bytes > maxQueuedBytes
    );
  }

  #refuse(answer: Answer<void>): void {
    this.#overloaded++;
    const detail = `${this.#queuedWrites} writes wait for the disk`;
    const failure = storageFailure('overloaded', this.#storage.path, detail);
    this.#defer(0, () => answer(failed(failure)));
  }

  #commit(): void {
    this.#state = 'writing';
    const group = this.#takeGroup();
    if (group.length === 0) return void (this.#state = 'idle'); // stopped meanwhile
    const writes = group.flatMap((waiting) => waiting.writes);
    const sync = group.some((waiting) => waiting.sync);
    this.#storage.batch(writes, { sync }, (outcome) => this.#onCommitted(group, outcome));
  }

  #takeGroup(): readonly Waiting[] {
    const { maxBatchWrites, maxBatchBytes } = this.#config;
    let writes = 0;
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      writes += waiting.writes.length;
      bytes += waiting.bytes;
      if (count > 0 && (writes > maxBatchWrites || bytes > maxBatchBytes)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  #onCommitted(group: readonly Waiting[], outcome: Outcome<void>): void {
    const writes = group.reduce((sum, waiting) => sum + waiting.writes.length, 0);
    this.#queuedWrites -= writes;
    this.#queuedBytes -= group.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#batches++;
    if (outcome.kind === 'ok') this.#written += writes;
    else this.#failed += writes;
    if (this.#waiting.length > 0) this.#commit();
    else this.#state = 'idle';
    for (const { answer } of group) answer(outcome.kind === 'ok' ? ok(undefined) : outcome);
  }
}

function sizeOf(writes: readonly Write[]): number {
  return writes.reduce(
    (sum, write) => sum + write.key.length + (write.kind === 'put' ? write.value.length : 0),
    0,
  );
}
