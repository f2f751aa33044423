/**
 * The storage port over a raw database: every question is answered once, also around `close`; the limits hold; a failed
 * write breaks the database until it is opened again.
 *
 * Why broken: after a failed append or fsync the log may end in a torn record. The bindings open RocksDB without
 * paranoid checks, so it would append behind that record, acknowledge, and stop reading there at the next start.
 */
import assert from 'node:assert/strict';
import type { Defer } from './defer.ts';
import { realTime } from './defer.ts';
import type { StorageFailure } from './failure.ts';
import { failureOf, storageFailure } from './failure.ts';
import type { Done, RawDatabase, RawScan } from './raw-database.ts';
import { compareBytes } from './raw-database.ts';
import type {
  Answer,
  EngineName,
  Entry,
  Outcome,
  Range,
  Scan,
  ScanOptions,
  Storage,
  Write,
} from './storage.ts';
import { failed, MAX_KEY_BYTES, MAX_VALUE_BYTES, ok } from './storage.ts';

export class GatedStorage implements Storage {
  readonly engine: EngineName;
  readonly path: string;
  broken: StorageFailure | undefined = undefined;
  readonly #raw: RawDatabase;
  readonly #defer: Defer;
  /** Questions not answered yet. */
  #asked = 0;
  readonly #scans = new Set<GatedScan>();
  #state: 'open' | 'closing' | 'closed' = 'open';
  #closers: Answer<void>[] = [];

  constructor(engine: EngineName, path: string, raw: RawDatabase, defer: Defer = realTime) {
    this.engine = engine;
    this.path = path;
    this.#raw = raw;
    this.#defer = defer;
  }

  get(key: Uint8Array, answer: Answer<Uint8Array | undefined>): void {
    assertKey(key);
    this.#ask(answer, (done) => this.#raw.get(key, done));
  }

  getMany(keys: readonly Uint8Array[], answer: Answer<readonly (Uint8Array | undefined)[]>): void {
    keys.forEach(assertKey);
    if (keys.length === 0) return this.#defer(0, () => answer(ok([])));
    this.#ask(answer, (done) => this.#raw.getMany(keys, done));
  }

  batch(
    writes: readonly Write[],
    { sync }: { readonly sync: boolean },
    answer: Answer<void>,
  ): void {
    writes.forEach(assertWrite);
    this.#write(answer, (done) =>
      writes.length === 0
        ? this.#defer(0, () => done(undefined))
        : this.#raw.batch(writes, sync, done),
    );
  }

  scan(options: ScanOptions): Scan {
    assert(options.limit === undefined || options.limit >= 0, 'a limit is not negative');
    const raw =
      this.#state === 'open' && !isEmptyRange(options) ? this.#raw.scan(options) : undefined;
    const scan = new GatedScan(
      raw,
      this.#defer,
      (answer, ask) => this.#ask(answer, ask),
      () => {
        this.#scans.delete(scan);
        this.#closeWhenQuiet();
      },
    );
    if (raw !== undefined) this.#scans.add(scan);
    return scan;
  }

  clear(range: Range, answer: Answer<void>): void {
    this.#write(answer, (done) =>
      isEmptyRange(range) ? this.#defer(0, () => done(undefined)) : this.#raw.clear(range, done),
    );
  }

  approximateSize({ gte, lt }: Required<Range>, answer: Answer<number>): void {
    assertKey(gte);
    assertKey(lt);
    this.#ask(answer, (done) => this.#raw.approximateSize(gte, lt, done));
  }

  close(answer: Answer<void>): void {
    if (this.#state === 'closed') return this.#defer(0, () => answer(ok(undefined)));
    this.#closers.push(answer);
    if (this.#state === 'closing') return;
    this.#state = 'closing';
    for (const scan of this.#scans) scan.close();
    this.#closeWhenQuiet();
  }

  #write(answer: Answer<void>, ask: (done: Done<void>) => void): void {
    const { broken } = this;
    if (broken !== undefined) return this.#defer(0, () => answer(failed(broken)));
    this.#ask<void>((outcome) => {
      if (outcome.kind === 'failed' && outcome.failure.kind !== 'closed') {
        this.broken ??= outcome.failure;
      }
      answer(outcome);
    }, ask);
  }

  #ask<T>(answer: Answer<T>, ask: (done: Done<T>) => void): void {
    if (this.#state !== 'open') {
      const outcome = failed(storageFailure('closed', this.path, 'the database is closed'));
      return this.#defer(0, () => answer(outcome));
    }
    this.#asked++;
    ask((error, value) => {
      this.#asked--;
      const outcome: Outcome<T> = error ? failed(failureOf(error, this.path)) : ok(value as T);
      answer(outcome);
      this.#closeWhenQuiet();
    });
  }

  #closeWhenQuiet(): void {
    if (this.#state !== 'closing' || this.#asked > 0 || this.#scans.size > 0) return;
    this.#state = 'closed';
    this.#raw.close((error) => {
      const outcome = error ? failed(failureOf(error, this.path)) : ok(undefined);
      const closers = this.#closers;
      this.#closers = [];
      for (const answer of closers) answer(outcome);
    });
  }
}

type Ask = <T>(answer: Answer<T>, ask: (done: Done<T>) => void) => void;

class GatedScan implements Scan {
  readonly #raw: RawScan | undefined; // none: nothing to read
  readonly #defer: Defer;
  readonly #ask: Ask;
  readonly #ended: () => void;
  #isAsking = false;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(raw: RawScan | undefined, defer: Defer, ask: Ask, ended: () => void) {
    this.#raw = raw;
    this.#defer = defer;
    this.#ask = ask;
    this.#ended = ended;
  }

  next(maxEntries: number, answer: Answer<readonly Entry[]>): void {
    assert(maxEntries > 0 && !this.#isAsking, 'a scan answers one question at a time');
    this.#isAsking = true;
    this.#ask<readonly Entry[]>(
      (outcome) => {
        this.#isAsking = false;
        const isLast = outcome.kind === 'failed' || outcome.value.length === 0;
        if (isLast || this.#state === 'closing') this.#end();
        answer(outcome);
      },
      (done) => {
        if (this.#raw !== undefined && this.#state === 'open') this.#raw.next(maxEntries, done);
        else this.#defer(0, () => done(null, []));
      },
    );
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    if (!this.#isAsking) this.#end();
  }

  #end(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    // An iterator that cannot be ended holds nothing that we could free in another way.
    if (this.#raw === undefined) this.#ended();
    else this.#raw.end(() => this.#ended());
  }
}

function isEmptyRange({ gte, lt }: Range): boolean {
  return lt !== undefined && (lt.length === 0 || (gte !== undefined && compareBytes(gte, lt) >= 0));
}

function assertKey(key: Uint8Array): void {
  assert(key.length > 0 && key.length <= MAX_KEY_BYTES, `a key of ${key.length} bytes`);
}

function assertWrite(write: Write): void {
  assertKey(write.key);
  if (write.kind === 'put') {
    assert(write.value.length <= MAX_VALUE_BYTES, `a value of ${write.value.length} bytes`);
  }
}
