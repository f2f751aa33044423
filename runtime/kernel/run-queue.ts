/**
 * Who runs next: one queue of ready actors for the whole process, drained once per turn.
 *
 * Signals go before messages, and the classes system, control and data in that order, except that every eighth
 * pick is data's and every eighth control's, so that neither is ever starved. An actor handles at most a batch
 * before it goes to the back of its class. A turn ends when nothing is ready or at its deadline, so that sockets
 * are read and written in between. No cost here depends on how many actors there are.
 */
import type { Clock, RandomSource, TurnClass } from './actor.ts';
import type { TurnOptions } from './kernel.ts';

/** Something that can be ready. Its methods never throw. */
export interface Runnable {
  readonly turnClass: TurnClass;
  /** Messages it handles in one go at most; what is above the turn's batch has no effect. */
  readonly batch: number;
  /** Handles at most `limit` signals, and asks again when more wait; returns how many. */
  runSignals(limit: number): number;
  /** Handles at most `limit` messages; returns how many. */
  runMessages(limit: number): number;
  /** After a batch: false when it may leave the queue, true when more waits. */
  staysReady(): boolean;
}

export const DEFAULT_TURN: TurnOptions = {
  deadlineMs: 1.5,
  batch: 64,
  checkEvery: 32,
  messages: 20_000,
};

export class RunQueue {
  readonly #signalled = new Ring();
  readonly #system = new Ring();
  readonly #control = new Ring();
  readonly #data = new Ring();
  readonly #clock: Clock;
  readonly #options: TurnOptions;
  readonly #interleave: RandomSource | undefined;
  readonly #requestTurn: () => void;
  #picks = 0;
  #isRunning = false;

  constructor(
    clock: Clock,
    options: TurnOptions,
    requestTurn: () => void,
    interleave?: RandomSource,
  ) {
    this.#clock = clock;
    this.#options = options;
    this.#requestTurn = requestTurn;
    this.#interleave = interleave;
  }

  get isEmpty(): boolean {
    return this.#signalled.size + this.#system.size + this.#control.size + this.#data.size === 0;
  }

  /** `runnable` has a message. It asks once and is kept until `staysReady` says no. */
  addMessages(runnable: Runnable): void {
    this.#ringOf(runnable.turnClass).push(runnable);
    if (!this.#isRunning) this.#requestTurn();
  }

  /** `runnable` has signals. It asks once per `runSignals`. */
  addSignals(runnable: Runnable): void {
    this.#signalled.push(runnable);
    if (!this.#isRunning) this.#requestTurn();
  }

  /** Runs what is ready until nothing is, or until the deadline. The caller asks for the next turn. */
  runTurn(): void {
    this.#isRunning = true;
    if (this.#interleave !== undefined) this.#runOne(this.#interleave);
    else this.#runUntilDeadline();
    this.#isRunning = false;
  }

  #runUntilDeadline(): void {
    const { deadlineMs, batch, checkEvery, messages } = this.#options;
    const deadline = this.#clock.now() + deadlineMs;
    let sinceCheck = 0;
    let done = 0;
    for (;;) {
      while (this.#signalled.size > 0) {
        sinceCheck += this.#signalled.shift().runSignals(batch) + 1;
        if (sinceCheck >= checkEvery) break;
      }
      const ring = this.#pick();
      if (ring !== undefined) sinceCheck += runBatch(ring, batch) + 1;
      else if (this.#signalled.size === 0) return;
      if (sinceCheck >= checkEvery) {
        done += sinceCheck;
        sinceCheck = 0;
        if (done >= messages || this.#clock.now() >= deadline) return;
      }
    }
  }

  #pick(): Ring | undefined {
    const pick = ++this.#picks & 7;
    if (pick === 0 && this.#data.size > 0) return this.#data;
    if (pick === 4 && this.#control.size > 0) return this.#control;
    if (this.#system.size > 0) return this.#system;
    if (this.#control.size > 0) return this.#control;
    return this.#data.size > 0 ? this.#data : undefined;
  }

  /** The stepper's turn: one actor, chosen by chance, handles its signals or one message. */
  #runOne(random: RandomSource): void {
    if (this.#signalled.size > 0) {
      this.#signalled.shift().runSignals(1);
      return;
    }
    const ready = [this.#system, this.#control, this.#data].filter((ring) => ring.size > 0);
    if (ready.length === 0) return;
    const ring = ready[random.integer(0, ready.length - 1)]!;
    for (let skipped = random.integer(0, ring.size - 1); skipped > 0; skipped--) {
      ring.push(ring.shift());
    }
    runBatch(ring, 1);
  }

  #ringOf(turnClass: TurnClass): Ring {
    if (turnClass === 'data') return this.#data;
    return turnClass === 'control' ? this.#control : this.#system;
  }
}

/** Returns what it cost in ordinary messages: those of an actor with a small batch are heavy. */
function runBatch(ring: Ring, batch: number): number {
  const runnable = ring.shift();
  const limit = Math.min(batch, runnable.batch);
  const handled = runnable.runMessages(limit);
  if (runnable.staysReady()) ring.push(runnable);
  return limit === batch ? handled : Math.ceil((handled * batch) / limit);
}

/** A growing ring of runnables; an actor is in each ring at most once, which bounds it. */
class Ring {
  #items: (Runnable | undefined)[] = new Array<Runnable | undefined>(64).fill(undefined);
  #head = 0;
  size = 0;

  push(runnable: Runnable): void {
    if (this.size === this.#items.length) this.#grow();
    this.#items[(this.#head + this.size) & (this.#items.length - 1)] = runnable;
    this.size++;
  }

  /** Only to be called when `size` is not 0. */
  shift(): Runnable {
    const head = this.#head;
    const runnable = this.#items[head]!;
    this.#items[head] = undefined;
    this.#head = (head + 1) & (this.#items.length - 1);
    this.size--;
    return runnable;
  }

  #grow(): void {
    const old = this.#items;
    const grown = new Array<Runnable | undefined>(old.length * 2).fill(undefined);
    for (let i = 0; i < this.size; i++) grown[i] = old[(this.#head + i) & (old.length - 1)];
    this.#items = grown;
    this.#head = 0;
  }
}
