/**
 * Several kernels on one virtual clock. Each has a lane, which is its scheduler; between two events every kernel with
 * something to do gets turns, in an order that the seed decides. One seed is one history.
 */
import type { Clock, RandomSource } from '../../runtime/kernel/actor.ts';
import type { Scheduler } from '../../runtime/kernel/kernel.ts';
import { seededRandom } from '../../runtime/kernel/random.ts';
import type { Due } from './event-queue.ts';
import { EventQueue } from './event-queue.ts';

const EPOCH = 1_700_000_000_000;
/** Turns without the clock moving on. */
const MAX_TURNS = 5_000_000;

export class World {
  readonly random: RandomSource;
  readonly clock: Clock = { now: () => this.#queue.now, wall: () => EPOCH + this.#queue.now };
  readonly lanes = new Set<Lane>();
  readonly #queue = new EventQueue();
  readonly #run = (): void => this.run();

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.#queue.now = 1;
  }

  after(delayMs: number, run: () => void): Due {
    return this.#queue.push(this.#queue.now + Math.max(0, delayMs), run);
  }

  /** Runs every kernel until nothing is to be done now. */
  run(): void {
    for (let turns = 0; ; turns++) {
      if (turns > MAX_TURNS) throw new Error('the world never rests');
      const ready: Lane[] = [];
      for (const lane of this.lanes) if (lane.isReady) ready.push(lane);
      if (ready.length === 0) return;
      ready[this.random.integer(0, ready.length - 1)]!.turn();
    }
  }

  advance(ms: number): void {
    this.run();
    this.#queue.run(ms, this.#run);
  }
}

/** The scheduler of one kernel. */
export class Lane implements Scheduler {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly interleave: RandomSource;
  readonly #world: World;
  #turn: (() => void) | undefined;
  #isRequested = false;
  #isOver = false;
  #pausedUntil = 0;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.clock = world.clock;
    this.random = seededRandom(seed);
    this.interleave = seededRandom(seed ^ 0x5eed);
    world.lanes.add(this);
  }

  get isReady(): boolean {
    return this.#isRequested && !this.isPaused;
  }

  get isPaused(): boolean {
    return this.#pausedUntil > this.clock.now();
  }

  start(turn: () => void): void {
    this.#turn = turn;
  }

  /** Power cut: nothing of it runs any more. */
  stop(): void {
    this.#isOver = true;
    this.#isRequested = false;
    this.#world.lanes.delete(this);
  }

  /** Nothing of it runs for so long, as after SIGSTOP; then everything that waited does, in order. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.clock.now() + ms);
    this.#world.after(ms, () => {}); // somebody has to look at the lane then
  }

  requestTurn(): void {
    this.#isRequested = !this.#isOver;
  }

  turn(): void {
    this.#isRequested = false;
    this.#turn?.();
  }

  setTimer(delayMs: number, fire: () => void): Due {
    const timer = this.#world.after(delayMs, () => this.#fire(timer, fire));
    return timer;
  }

  clearTimer(handle: unknown): void {
    (handle as Due).isOff = true;
  }

  /** Due again and again under a handle that can be cleared all the while. */
  #fire(timer: Due, fire: () => void): void {
    if (this.#isOver || timer.isOff) return;
    if (!this.isPaused) return fire();
    this.#world.after(this.#pausedUntil - this.clock.now(), () => this.#fire(timer, fire));
  }
}
