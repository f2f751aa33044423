/** So many a second are told, and of the others how many they were: whoever is refused can ask again as fast as they like. */
export class Sampler {
  readonly #perSecond: number;
  #since = -Infinity;
  #told = 0;
  #untold = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Undefined: this one is not told; else how many were not since the last one that was. */
  take(nowMs: number): number | undefined {
    if (nowMs - this.#since >= 1_000) {
      this.#since = nowMs;
      this.#told = 0;
    }
    if (this.#told >= this.#perSecond) {
      this.#untold++;
      return undefined;
    }
    this.#told++;
    const untold = this.#untold;
    this.#untold = 0;
    return untold;
  }
}
