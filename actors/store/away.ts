/**
 * Members that are down: tombstones wait for them, but not for ever. Who was away longer is not counted any more, and
 * learns from the first peer it compares with that it is behind what is stable (deletions.ts).
 */
export class Away {
  readonly #limitMs: number;
  readonly #since = new Map<string, number>();

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  down(node: string, nowMs: number): void {
    if (!this.#since.has(node)) this.#since.set(node, nowMs);
  }

  up(node: string): void {
    this.#since.delete(node);
  }

  isLongAway(node: string, nowMs: number): boolean {
    const since = this.#since.get(node);
    return since !== undefined && nowMs - since > this.#limitMs;
  }
}
