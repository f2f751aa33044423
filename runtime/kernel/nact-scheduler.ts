/**
 * The production scheduler: nact runs the turns and carries the handles.
 *
 * Every message through nact costs a loop turn and several promises, so exactly one nact actor drives the run
 * queue and one message to it is one turn. Each of our actors can have a nact actor beside it, flat under the
 * system, so that code which knows only nact can reach and stop it (`nactRef`). Nothing else of nact is used: its
 * stop does not reach children, its resets can run a handler twice at once, its references outlive their actor
 * (hence the pid in every name), and a throw in its crash handler takes the process down.
 */
import { dispatch, spawn, start, stop } from 'nact';
import type { Ref as NactRef } from 'nact';
import type { Clock, RandomSource, Ref } from './actor.ts';
import type { HandleOwner, Scheduler } from './kernel.ts';
import { Process } from './process.ts';
import { secureRandom } from './random.ts';

/** What the handlers of all handles share; a handle's state is its owner. */
const HANDLE_BEHAVIOUR = {
  onCrash: (_message: unknown, _error: unknown, context: { stop: symbol }): symbol => context.stop,
  afterStop: (owner: HandleOwner): void => owner.handleStopped(),
};

/** Node's limit; a longer timer is wound up again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface NactSchedulerOptions {
  /** A throw that escaped a turn: a bug of the kernel. The next turn runs all the same. */
  readonly onFault: (error: unknown) => void;
  /** Default: the operating system's. */
  readonly random?: RandomSource;
  /** Wall clock, ms since 1970. Default: the operating system's. */
  readonly wall?: () => number;
}

export class NactScheduler implements Scheduler {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly #onFault: (error: unknown) => void;
  #system: NactRef<never> | undefined = undefined;
  #turns: NactRef<'turn'> | undefined = undefined;
  #isRequested = false;

  constructor(options: NactSchedulerOptions) {
    this.#onFault = options.onFault;
    this.random = options.random ?? secureRandom();
    this.clock = { now: () => performance.now(), wall: options.wall ?? (() => Date.now()) };
  }

  start(turn: () => void): void {
    if (this.#system !== undefined) throw new Error('a scheduler runs one kernel');
    this.#system = start();
    this.#turns = spawn(this.#system, () => this.#runTurn(turn), 'turns', {
      onCrash: HANDLE_BEHAVIOUR.onCrash as never,
    }) as NactRef<'turn'>;
  }

  stop(): void {
    if (this.#system === undefined || this.#turns === undefined) return;
    stop(this.#turns);
    stop(this.#system);
    this.#turns = undefined;
  }

  requestTurn(): void {
    if (this.#isRequested || this.#turns === undefined) return;
    this.#isRequested = true;
    dispatch(this.#turns, 'turn');
  }

  setTimer(delayMs: number, fire: () => void): unknown {
    if (delayMs <= LONGEST_TIMER_MS) return setTimeout(this.#fire, delayMs, fire);
    const timer = new LongTimer();
    timer.wind(delayMs, () => this.#fire(fire));
    return timer;
  }

  clearTimer(handle: unknown): void {
    if (handle instanceof LongTimer) clearTimeout(handle.timeout);
    else clearTimeout(handle as NodeJS.Timeout);
  }

  readonly #fire = (fire: () => void): void => {
    if (this.#turns !== undefined) fire();
  };

  attach(owner: HandleOwner, name: string): unknown {
    if (this.#turns === undefined) return undefined;
    const properties = { ...HANDLE_BEHAVIOUR, initialState: owner };
    return spawn(this.#system!, receive as never, name, properties as never);
  }

  detach(handle: unknown): void {
    if (handle !== undefined) stop(handle as NactRef<unknown>);
  }

  #runTurn(turn: () => void): void {
    this.#isRequested = false;
    try {
      turn();
    } catch (error) {
      this.#onFault(error);
      this.requestTurn();
    }
  }
}

/** An actor as nact code knows it. Undefined when another scheduler runs it. */
export function nactRef<M>(ref: Ref<M>): NactRef<M> | undefined {
  return ref instanceof Process ? (ref.handle as NactRef<M> | undefined) : undefined;
}

/** A message to a handle goes into its owner's mailbox, and the owner stays the handle's state. */
function receive(owner: HandleOwner, message: unknown): HandleOwner {
  owner.receiveFromHandle(message);
  return owner;
}

class LongTimer {
  timeout: NodeJS.Timeout | undefined;

  wind(delayMs: number, fire: () => void): void {
    const now = Math.min(delayMs, LONGEST_TIMER_MS);
    const rest = delayMs - now;
    this.timeout = setTimeout(() => (rest > 0 ? this.wind(rest, fire) : fire()), now);
  }
}
