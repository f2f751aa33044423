/**
 * The storage port as long as the data directory is this process' own. Who has lost its lock writes nothing more: another
 * process may take the directory at any moment, and then two would write one log.
 */
import type { Defer } from './defer.ts';
import { realTime } from './defer.ts';
import type { DirectoryLock } from './directory-lock.ts';
import type { StorageFailure } from './failure.ts';
import type { Answer, Range, Scan, ScanOptions, Storage, Write } from './storage.ts';
import { failed } from './storage.ts';

export class LockedStorage implements Storage {
  readonly #storage: Storage;
  readonly #lock: DirectoryLock;
  readonly #defer: Defer;

  constructor(storage: Storage, lock: DirectoryLock, defer: Defer = realTime) {
    this.#storage = storage;
    this.#lock = lock;
    this.#defer = defer;
  }

  get engine(): Storage['engine'] {
    return this.#storage.engine;
  }

  get path(): string {
    return this.#storage.path;
  }

  get broken(): StorageFailure | undefined {
    return this.#storage.broken;
  }

  get(key: Uint8Array, answer: Answer<Uint8Array | undefined>): void {
    this.#storage.get(key, answer);
  }

  getMany(keys: readonly Uint8Array[], answer: Answer<readonly (Uint8Array | undefined)[]>): void {
    this.#storage.getMany(keys, answer);
  }

  batch(writes: readonly Write[], options: { readonly sync: boolean }, answer: Answer<void>): void {
    this.#write(answer, () => this.#storage.batch(writes, options, answer));
  }

  scan(options: ScanOptions): Scan {
    return this.#storage.scan(options);
  }

  clear(range: Range, answer: Answer<void>): void {
    this.#write(answer, () => this.#storage.clear(range, answer));
  }

  approximateSize(range: Required<Range>, answer: Answer<number>): void {
    this.#storage.approximateSize(range, answer);
  }

  close(answer: Answer<void>): void {
    this.#storage.close(answer);
  }

  #write(answer: Answer<void>, write: () => void): void {
    const lost = this.#lock.lost();
    if (lost === undefined) return write();
    this.#defer(0, () => answer(failed(lost)));
  }
}
