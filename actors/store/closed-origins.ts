/**
 * Lives of nodes that are over, and what nobody has of them: a put that went with its node's memory leaves a hole in every
 * clock, and would hold up everything behind it for ever. When this node has compared with every member since the life
 * ended, and nobody had it, nobody will: the hole is closed.
 */
import type { Dots, StoreClock } from '../../runtime/causality/store-clock.ts';
import { nodeKeyOfActor } from './state.ts';

/** Ms after the end of a life in which its last broadcasts may still arrive somewhere. */
const GRACE_MS = 5_000;

interface Closed {
  readonly sinceMs: number;
  /** Members compared with since then. */
  readonly compared: Set<string>;
}

export class ClosedOrigins {
  readonly #self: string;
  readonly #closed = new Map<string, Closed>();
  #members: readonly string[] = [];

  /** `self`: this node's key. */
  constructor(self: string) {
    this.#self = self;
  }

  setMembers(members: readonly string[], clock: StoreClock, nowMs: number): void {
    this.#members = members;
    const alive = new Set(members);
    for (const { origin } of holesIn(clock)) {
      const isOver = !alive.has(nodeKeyOfActor(origin));
      if (!isOver) this.#closed.delete(origin);
      else if (!this.#closed.has(origin)) {
        this.#closed.set(origin, { sinceMs: nowMs, compared: new Set() });
      }
    }
  }

  /** There may be others than the members that are known, and they may have what is missing. */
  clear(): void {
    this.#closed.clear();
  }

  /** All that `member` has is here. Returns what nobody has, to be taken as seen. */
  compared(member: string, clock: StoreClock, nowMs: number): Dots {
    const lost: Dots[number][] = [];
    for (const [origin, { sinceMs, compared }] of this.#closed) {
      if (nowMs - sinceMs >= GRACE_MS) compared.add(member);
      const others = this.#members.filter((one) => one !== this.#self);
      if (!others.every((one) => compared.has(one))) continue;
      this.#closed.delete(origin);
      const highest = clock.rangesOf(origin).at(-1);
      if (highest !== undefined) lost.push({ origin, ranges: [1, highest] });
    }
    return lost;
  }
}

function holesIn(clock: StoreClock): Dots {
  return clock.dots.filter(({ ranges }) => ranges.length > 2 || ranges[0] !== 1);
}
