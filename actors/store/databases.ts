/**
 * The two databases of a partition: in memory, and on disk. What is written is gathered into batches, what is asked of one
 * that is not open fails, and every answer comes back in the partition's own turn.
 */
import type { Defer } from '../../runtime/disk/defer.ts';
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import { storageFailure } from '../../runtime/disk/failure.ts';
import { GroupCommit } from '../../runtime/disk/group-commit.ts';
import type {
  Answer,
  Entry,
  Outcome,
  ScanOptions,
  Storage,
  Write,
} from '../../runtime/disk/storage.ts';
import { failed } from '../../runtime/disk/storage.ts';
import type { PartitionSnapshot } from './api.ts';
import type { StoreConfig } from './config.ts';
import { spaceRange } from './keys.ts';
import type { DiskPort } from './port.ts';
import type { Lane } from './prefixes.ts';

export interface Opening {
  readonly config: StoreConfig;
  readonly defer: Defer;
  /** The partition's database; `ram` is in memory and lives as long as the process. */
  open(lane: Lane, partition: number, answer: Answer<Storage>): void;
}

export class Databases implements DiskPort {
  readonly #partition: number;
  readonly #opening: Opening;
  readonly #answer: <T>(done: Answer<T>) => Answer<T>;
  readonly #storages = new Map<Lane, Storage>();
  readonly #commits = new Map<Lane, GroupCommit>();

  /** `answer`: the same answer, in the partition's own turn. */
  constructor(partition: number, opening: Opening, answer: <T>(done: Answer<T>) => Answer<T>) {
    this.#partition = partition;
    this.#opening = opening;
    this.#answer = answer;
  }

  open(lane: Lane, done: (failure: StorageFailure | undefined) => void): void {
    const { config, defer } = this.#opening;
    const opened = this.#answer((outcome: Outcome<Storage>) => {
      if (outcome.kind === 'failed') return done(outcome.failure);
      this.#storages.set(lane, outcome.value);
      this.#commits.set(lane, new GroupCommit(outcome.value, config.commit, defer));
      done(undefined);
    });
    this.#opening.open(lane, this.#partition, opened);
  }

  /** At once if it is not open. */
  close(lane: Lane, closed: () => void): void {
    const storage = this.#storages.get(lane);
    this.#storages.delete(lane);
    this.#commits.delete(lane);
    if (storage === undefined) return closed();
    storage.close(this.#answer<void>(closed));
  }

  /** When all that waits for the disk has been answered. */
  drain(drained: () => void): void {
    const answer = this.#answer<void>(drained);
    this.#commits.get('durable')!.drain(() => answer({ kind: 'ok', value: undefined }));
  }

  isBusy(lane: Lane): boolean {
    return this.#commits.get(lane)?.isBusy ?? false;
  }

  commit(lane: Lane, writes: readonly Write[], isSynced: boolean, done: Answer<void>): void {
    const commits = this.#commits.get(lane);
    if (commits === undefined) return this.#answer(done)(failed(this.#closed()));
    commits.put(writes, this.#answer(done), { sync: isSynced && lane === 'durable' });
  }

  readMany(
    lane: Lane,
    keys: readonly Uint8Array[],
    done: Answer<readonly (Uint8Array | undefined)[]>,
  ): void {
    const storage = this.#storages.get(lane);
    if (storage === undefined) return this.#answer(done)(failed(this.#closed()));
    storage.getMany(keys, this.#answer(done));
  }

  page(lane: Lane, options: ScanOptions, done: Answer<readonly Entry[]>): void {
    const storage = this.#storages.get(lane);
    if (storage === undefined) return this.#answer(done)(failed(this.#closed()));
    const scan = storage.scan(options);
    scan.next(options.limit ?? 1_000, (outcome) => {
      scan.close();
      this.#answer(done)(outcome);
    });
  }

  snapshot(): PartitionSnapshot | StorageFailure {
    const storage = this.#storages.get('durable');
    if (storage === undefined) return this.#closed();
    return { clock: storage.scan(spaceRange('c')), rows: storage.scan(spaceRange('r')) };
  }

  /** For the partition's end. The memory outlives it. */
  end(notClosed: (failure: StorageFailure) => void): void {
    // Into the memory they would go while the next one reads it.
    for (const commits of this.#commits.values()) commits.stop();
    this.#storages.get('durable')?.close((outcome) => {
      if (outcome.kind === 'failed') notClosed(outcome.failure);
    });
  }

  #closed(): StorageFailure {
    return storageFailure('closed', `partition ${this.#partition}`, 'it is being opened');
  }
}
