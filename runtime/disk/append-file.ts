/**
 * A file that only grows, line by line, and is put aside under the number of its last line when it is full. Written at a
 * place of our own choosing, not at its end: what a full disk took in part is written over when there is room again.
 */
import {
  closeSync,
  fstatSync,
  fsync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { syncDirectory } from './atomic-file.ts';

/** What a last line may be long. */
const TAIL_BYTES = 64 * 1024;
const DIGITS = 15;

export interface Tail {
  /** Undefined: the file is empty. */
  readonly lastLine: string | undefined;
  /** What follows the end of the last line: something ended in the middle of one. */
  readonly torn: string | undefined;
}

export class AppendFile {
  readonly path: string;
  #file: number;
  #size: number;
  readonly #lost: () => Error | undefined;

  constructor(path: string, file: number, size: number, lost: () => Error | undefined) {
    this.path = path;
    this.#lost = lost;
    this.#file = file;
    this.#size = size;
  }

  /**
   * Made where there is none, readable by its owner only. Throws what the file system throws. Nothing is written while
   * `lost` says that the file may be another process' now.
   */
  static open(path: string, lost: () => Error | undefined = () => undefined): AppendFile {
    const flags = 0o2 | 0o100; // O_RDWR | O_CREAT
    const file = openSync(path, flags, 0o600);
    return new AppendFile(path, file, fstatSync(file).size, lost);
  }

  get size(): number {
    return this.#size;
  }

  tail(): Tail {
    const length = Math.min(this.#size, TAIL_BYTES);
    const bytes = Buffer.alloc(length);
    const read = readSync(this.#file, bytes, 0, length, this.#size - length);
    const lines = bytes.toString('utf8', 0, read).split('\n');
    const torn = lines.pop() || undefined;
    return { lastLine: lines.at(-1) || undefined, torn };
  }

  /** Again after a failure: at the same place. */
  append(text: string, isSynced: boolean, done: (error: Error | undefined) => void): void {
    const lost = this.#lost();
    if (lost !== undefined) return done(lost);
    const bytes = Buffer.from(text);
    const [file, start] = [this.#file, this.#size];
    const ended = (error: Error | null): void => {
      if (error === null && file === this.#file) this.#size = start + bytes.length;
      done(error ?? undefined);
    };
    const next = (at: number): void =>
      write(file, bytes, at, bytes.length - at, start + at, (error, written) => {
        if (error !== null) return ended(error);
        if (at + written < bytes.length) return next(at + written);
        if (isSynced) fsync(file, ended);
        else ended(null);
      });
    next(0);
  }

  sync(done: (error: Error | undefined) => void): void {
    fsync(this.#file, (error) => done(error ?? undefined));
  }

  /** Not while something is being appended. A file that is lost stays as it is. */
  rotate(lastNumber: number, keep: number): void {
    if (this.#lost() !== undefined) return;
    fsyncSync(this.#file);
    closeSync(this.#file);
    renameSync(this.path, `${this.path}.${String(lastNumber).padStart(DIGITS, '0')}`);
    this.#file = openSync(this.path, 0o2 | 0o100 | 0o200, 0o600); // ... | O_EXCL
    this.#size = 0;
    if (keep > 0) for (const old of asideOf(this.path).slice(0, -keep)) rmSync(old);
    syncDirectory(dirname(this.path));
  }

  /** With what is left to be written, also what is just being appended: it comes to the same place. */
  closeWith(text: string): void {
    const bytes = Buffer.from(text);
    try {
      const lost = this.#lost();
      if (lost !== undefined && text !== '') throw lost;
      for (let at = 0; at < bytes.length;) {
        at += writeSync(this.#file, bytes, at, bytes.length - at, this.#size + at);
      }
      fsyncSync(this.#file);
    } finally {
      closeSync(this.#file);
    }
  }
}

/** Files that were put aside, the oldest first. */
export function asideOf(path: string): readonly string[] {
  const start = `${basename(path)}.`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(start) && /^\d{15}$/.test(name.slice(start.length)))
    .sort()
    .map((name) => join(dirname(path), name));
}
