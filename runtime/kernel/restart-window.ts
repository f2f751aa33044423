/** Restart intensity (OTP `supervisor`): more than so many restarts within a period and the supervisor gives up. */
import type { Intensity, OnExhausted } from './supervision.ts';

export const DEFAULT_INTENSITY: Intensity = { restarts: 1, periodMs: 5000 };

export class RestartWindow {
  readonly #intensity: Intensity;
  #restarts: number[] = [];

  constructor(intensity: Intensity = DEFAULT_INTENSITY) {
    if (!(intensity.restarts >= 0) || !(intensity.periodMs > 0)) {
      throw new RangeError('intensity needs restarts of 0 or more and a period above 0 ms');
    }
    this.#intensity = intensity;
  }

  /** One more restart at `now`. False when that is one too many. */
  allows(now: number): boolean {
    const isOld = (at: number | undefined): boolean =>
      at !== undefined && now - at > this.#intensity.periodMs;
    while (isOld(this.#restarts[0])) this.#restarts.shift();
    this.#restarts.push(now);
    return this.#restarts.length <= this.#intensity.restarts;
  }

  reset(): void {
    this.#restarts = [];
  }
}

/** How long a supervisor that has given up waits before it tries again: doubling, reset by a calm period. */
export class CoolDown {
  readonly #first: number;
  readonly #longest: number;
  readonly #calmMs: number;
  #next: number;
  #lastEnd = -Infinity;

  constructor(options: Exclude<OnExhausted, 'escalate'>, intensity: Intensity = DEFAULT_INTENSITY) {
    this.#first = options.coolDownMs;
    this.#longest = options.maxCoolDownMs;
    this.#calmMs = intensity.periodMs;
    this.#next = this.#first;
  }

  /** The wait that begins at `now`. Calm is a period after the last wait longer than that wait and the intensity's. */
  begin(now: number): number {
    if (now - this.#lastEnd > Math.max(this.#calmMs, this.#next)) this.#next = this.#first;
    const wait = this.#next;
    this.#next = Math.min(this.#longest, wait * 2);
    return wait;
  }

  end(now: number): void {
    this.#lastEnd = now;
  }
}
