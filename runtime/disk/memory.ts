/**
 * The memory engine: for `store.engine = memory`, for tests, and as the disk of a simulated node. A `MemoryDisk` keeps
 * its databases while it is kept itself, loses what was not synced when told so, and fails when told so.
 */
import type { Defer } from './defer.ts';
import { realTime } from './defer.ts';
import type { StorageFailureKind } from './failure.ts';
import { storageFailure } from './failure.ts';
import { GatedStorage } from './gated-storage.ts';
import type { Done, RawDatabase, RawScan } from './raw-database.ts';
import type {
  Answer,
  Entry,
  OpenOptions,
  Range,
  ScanOptions,
  Storage,
  StorageEngine,
  Write,
} from './storage.ts';
import { failed, ok, SCAN_PAGE_BYTES } from './storage.ts';
import { VersionedMap } from './versioned-map.ts';

/** How long the disk of a simulated node takes, milliseconds. */
export interface MemoryDiskTiming {
  readonly readMs?: number;
  readonly writeMs?: number;
  readonly syncMs?: number;
}

export class MemoryDisk implements StorageEngine {
  readonly name = 'memory';
  /** The kind of failure that writes end in until it is taken away. */
  failsWrites: StorageFailureKind | undefined = undefined;
  readonly #files = new Map<string, MemoryFile>();
  readonly #defer: Defer;
  readonly #timing: MemoryDiskTiming;

  constructor(defer: Defer = realTime, timing: MemoryDiskTiming = {}) {
    this.#defer = defer;
    this.#timing = timing;
  }

  open(path: string, _options: OpenOptions, answer: Answer<Storage>): void {
    this.#defer(0, () => {
      const file = this.#files.get(path) ?? new MemoryFile();
      this.#files.set(path, file);
      if (file.isOpen) return answer(failed(storageFailure('locked', path, 'open already')));
      file.isOpen = true;
      const raw = new MemoryDatabase(file, this.#defer, this.#timing, () => this.#mistake());
      answer(ok(new GatedStorage('memory', path, raw, this.#defer)));
    });
  }

  /** The end of the process: every database can be opened again. What was answered is there. */
  crash(): void {
    for (const file of this.#files.values()) file.detach();
  }

  /** Also loses the writes since each database's last synced batch. */
  losePower(): void {
    this.crash();
    for (const file of this.#files.values()) file.rollBack();
  }

  #mistake(): Error | undefined {
    const kind = this.failsWrites;
    return kind === undefined ? undefined : new Error(SAID_BY[kind]);
  }
}

/** What an engine would say, so that it is read as its sentences are (failure.ts). */
const SAID_BY: Readonly<Record<StorageFailureKind, string>> = {
  locked: 'LEVEL_LOCKED',
  corrupt: 'Corruption: simulated',
  newer_format: 'a newer format',
  full: 'IO error: No space left on device',
  read_only: 'IO error: Read-only file system',
  io: 'IO error: Input/output error',
  closed: 'Database is not open',
  overloaded: 'IO error: overloaded',
};

class MemoryFile {
  isOpen = false;
  map = new VersionedMap();
  /** One life of the process with this file open. */
  life = 0;
  /** How to take back the writes since the last sync, oldest first. */
  #undo: (readonly [Uint8Array, Uint8Array | undefined])[] = [];

  apply(writes: readonly Write[], sync: boolean): void {
    for (const write of writes) {
      const before =
        write.kind === 'put' ? this.map.set(write.key, write.value) : this.map.delete(write.key);
      if (!sync) this.#undo.push([write.key, before]);
    }
    if (sync) this.#undo = [];
  }

  detach(): void {
    this.isOpen = false;
    this.life++;
  }

  rollBack(): void {
    for (const [key, before] of this.#undo.reverse()) {
      if (before === undefined) this.map.delete(key);
      else this.map.set(key, before);
    }
    this.#undo = [];
  }
}

class MemoryDatabase implements RawDatabase {
  readonly #file: MemoryFile;
  readonly #life: number;
  readonly #defer: Defer;
  readonly #timing: Required<MemoryDiskTiming>;
  readonly #mistake: () => Error | undefined;
  readonly #queue: (() => void)[] = [];

  constructor(
    file: MemoryFile,
    defer: Defer,
    { readMs = 0, writeMs = 0, syncMs = 0 }: MemoryDiskTiming,
    mistake: () => Error | undefined,
  ) {
    this.#file = file;
    this.#life = file.life;
    this.#defer = defer;
    this.#timing = { readMs, writeMs, syncMs };
    this.#mistake = mistake;
  }

  get(key: Uint8Array, done: Done<Uint8Array | undefined>): void {
    this.#after(this.#timing.readMs, () => done(null, this.#file.map.get(key)));
  }

  getMany(keys: readonly Uint8Array[], done: Done<readonly (Uint8Array | undefined)[]>): void {
    this.#after(this.#timing.readMs, () =>
      done(
        null,
        keys.map((key) => this.#file.map.get(key)),
      ),
    );
  }

  batch(writes: readonly Write[], sync: boolean, done: Done<void>): void {
    const copies = writes.map(copyOf);
    this.#queue.push(() => {
      const mistake = this.#mistake();
      if (mistake === undefined) this.#file.apply(copies, sync);
      done(mistake);
    });
    // Whichever delay is over, the oldest is written: a quick one does not overtake.
    this.#after(sync ? this.#timing.syncMs : this.#timing.writeMs, () => this.#queue.shift()!());
  }

  scan(options: ScanOptions): RawScan {
    const entries = this.#file.map.read(options);
    return {
      next: (maxEntries, done) =>
        this.#after(this.#timing.readMs, () => done(null, page(entries, maxEntries))),
      end: (done) => done(null),
    };
  }

  clear(range: Range, done: Done<void>): void {
    const keys = all(this.#file.map.read(range)).map(({ key }) => key);
    this.batch(
      keys.map((key) => ({ kind: 'delete', key })),
      false,
      done,
    );
  }

  approximateSize(gte: Uint8Array, lt: Uint8Array, done: Done<number>): void {
    const entries = all(this.#file.map.read({ gte, lt }));
    const bytes = entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
    this.#after(0, () => done(null, bytes));
  }

  close(done: Done<void>): void {
    if (this.#life === this.#file.life) this.#file.detach();
    this.#defer(0, () => done(null));
  }

  /** A process that has crashed neither writes nor hears an answer any more. */
  #after(delayMs: number, run: () => void): void {
    this.#defer(delayMs, () => {
      if (this.#life === this.#file.life) run();
    });
  }
}

function page(entries: Iterator<Entry>, maxEntries: number): readonly Entry[] {
  const found: Entry[] = [];
  for (let bytes = 0; found.length < maxEntries && bytes <= SCAN_PAGE_BYTES;) {
    const { done, value } = entries.next();
    if (done) break;
    found.push({ key: value.key, value: value.value });
    bytes += value.key.length + value.value.length;
  }
  return found;
}

function all(entries: Iterator<Entry>): readonly Entry[] {
  const found: Entry[] = [];
  for (let next = entries.next(); !next.done; next = entries.next()) found.push(next.value);
  return found;
}

function copyOf(write: Write): Write {
  return write.kind === 'put'
    ? { kind: 'put', key: new Uint8Array(write.key), value: new Uint8Array(write.value) }
    : { kind: 'delete', key: new Uint8Array(write.key) };
}
