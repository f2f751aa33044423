/**
 * When the roster is written: soon after it changed, one write at a time, again after a failure; and who waits for a write
 * because what they asked for is acknowledged only on disk.
 */
import type { RosterStore } from './port.ts';

export interface SaverPort {
  bytes(): Uint8Array;
  /** Brings the outcome back as a message, which calls `saved`. */
  deliver(failure: Error | undefined): void;
  failed(failure: Error): void;
}

/** Least ms between two writes that nobody waits for. */
const PAUSE_MS = 1_000;

export class RosterSaver {
  readonly #store: RosterStore;
  readonly #port: SaverPort;
  #isDirty = false;
  /** The pause does not count. */
  #isUrgent = false;
  #isSaving = false;
  #nextAt = 0;
  /** For the next write, and for the one under way. */
  #waiting: (() => void)[] = [];
  #served: (() => void)[] = [];

  constructor(store: RosterStore, port: SaverPort) {
    this.#store = store;
    this.#port = port;
  }

  changed(): void {
    this.#isDirty = true;
  }

  /**
   * A member that the disk does not know is written without a pause: a node that started again without it would take for
   * seen by all what that member has not seen, and forget tombstones for it.
   */
  grew(now: number): void {
    this.#isDirty = true;
    this.#isUrgent = true;
    this.tick(now);
  }

  /** Writes as soon as may be, and calls `answer` when what is true now is on disk. */
  saveFor(answer: () => void, now: number): void {
    this.#isDirty = true;
    this.#waiting.push(answer);
    if (!this.#isSaving) this.#save(now);
  }

  tick(now: number): void {
    const isDue = this.#isUrgent || now >= this.#nextAt;
    if (this.#isDirty && !this.#isSaving && isDue) this.#save(now);
  }

  saved(failure: Error | undefined): void {
    this.#isSaving = false;
    const served = this.#served;
    this.#served = [];
    if (failure === undefined) return served.forEach((answer) => answer());
    this.#isDirty = true;
    this.#waiting = [...served, ...this.#waiting];
    this.#port.failed(failure);
  }

  /** A write under way may hold less. Nobody is left to try again. */
  last(): void {
    if (this.#isDirty) {
      this.#store.save(this.#port.bytes(), (failure) => failure && this.#port.failed(failure));
    }
  }

  #save(now: number): void {
    this.#isDirty = false;
    this.#isUrgent = false;
    this.#isSaving = true;
    this.#nextAt = now + PAUSE_MS;
    this.#served = this.#waiting;
    this.#waiting = [];
    this.#store.save(this.#port.bytes(), (failure) => this.#port.deliver(failure));
  }
}
