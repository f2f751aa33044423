/**
 * The deterministic scheduler of tests and simulations: virtual time, seeded chance, and turns of one message
 * whose actor is picked by that chance, so that one seed is one interleaving and another seed is another.
 */
import type { Clock, RandomSource } from './actor.ts';
import type { Scheduler } from './kernel.ts';
import { seededRandom } from './random.ts';

export interface StepperOptions {
  readonly seed?: number;
  /** False: whole turns in the order of the run queue, as in production. Default true. */
  readonly interleaves?: boolean;
  /** Wall clock at virtual time 0, milliseconds since the epoch. */
  readonly epoch?: number;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

export class Stepper implements Scheduler {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly interleave?: RandomSource;
  #turn: (() => void) | undefined = undefined;
  #isRequested = false;
  #now = 0;
  #order = 0;
  /** In the order in which they fire. */
  #timers: Timer[] = [];

  constructor({ seed = 1, interleaves = true, epoch = 0 }: StepperOptions = {}) {
    this.clock = { now: () => this.#now, wall: () => epoch + this.#now };
    this.random = seededRandom(seed);
    if (interleaves) this.interleave = seededRandom(seed ^ 0x5eed);
  }

  start(turn: () => void): void {
    if (this.#turn !== undefined) throw new Error('a scheduler runs one kernel');
    this.#turn = turn;
  }

  stop(): void {
    this.#turn = () => {};
    this.#timers = [];
    this.#isRequested = false;
  }

  requestTurn(): void {
    this.#isRequested = true;
  }

  setTimer(delayMs: number, fire: () => void): unknown {
    const timer = { at: this.#now + Math.max(0, delayMs), order: ++this.#order, fire };
    const position = this.#timers.findIndex((other) => other.at > timer.at);
    if (position < 0) this.#timers.push(timer);
    else this.#timers.splice(position, 0, timer);
    return timer;
  }

  clearTimer(handle: unknown): void {
    const position = this.#timers.indexOf(handle as Timer);
    if (position >= 0) this.#timers.splice(position, 1);
  }

  /** Runs the turn that was asked for. False when there is none: everything waits for time or for the outside. */
  step(): boolean {
    if (!this.#isRequested) return false;
    this.#isRequested = false;
    this.#turn?.();
    return true;
  }

  /** Runs until idle, without moving the clock. Throws after `limit` turns: something never rests. */
  run(limit = 1_000_000): void {
    for (let turns = 0; this.step(); turns++) {
      if (turns >= limit) throw new Error(`not idle after ${limit} turns`);
    }
  }

  /** Moves the clock on, timer by timer, and runs until idle after each. */
  advance(ms: number): void {
    const end = this.#now + ms;
    this.run();
    while (this.#timers.length > 0 && this.#timers[0]!.at <= end) {
      const timer = this.#timers.shift()!;
      this.#now = timer.at;
      timer.fire();
      this.run();
    }
    this.#now = end;
  }

  /** Timers that have not fired. */
  get pendingTimers(): number {
    return this.#timers.length;
  }
}
