/**
 * Finds the peers that are gone without a word. One timer for all connections of a listener, so that thousands of
 * idle ones cost a loop and not a timer each. It runs while there is anybody to watch.
 */
export interface Watched {
  /** Ticks since the peer was last heard; the transport sets it to 0. */
  quietTicks: number;
  ping(): void;
  onSilence(): void;
}

export interface KeepAliveRules {
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
}

/** Both waits are counted in ticks of a quarter of the shorter one. */
const TICKS = 4;

export class KeepAlive {
  readonly #watched = new Set<Watched>();
  readonly #periodMs: number;
  readonly #pingAt: number;
  readonly #cutAt: number;
  #timer: NodeJS.Timeout | undefined;

  constructor({ pingIntervalMs, pingTimeoutMs }: KeepAliveRules) {
    this.#periodMs = Math.max(1, Math.min(pingIntervalMs, pingTimeoutMs) / TICKS);
    this.#pingAt = Math.ceil(pingIntervalMs / this.#periodMs);
    this.#cutAt = this.#pingAt + Math.ceil(pingTimeoutMs / this.#periodMs);
  }

  add(watched: Watched): void {
    if (this.#pingAt === 0) return;
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#tick(), this.#periodMs).unref();
  }

  delete(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size > 0 || this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    for (const watched of this.#watched) {
      const quiet = ++watched.quietTicks;
      if (quiet === this.#pingAt) watched.ping();
      else if (quiet >= this.#cutAt) watched.onSilence();
    }
  }
}
