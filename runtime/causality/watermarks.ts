/**
 * How far every member has seen every origin's puts in one partition. A dot below the least watermark is stable: nobody
 * can come with something older, so a tombstone has nothing left to do.
 *
 * Once stable is always stable: a later member starts from the rows of one that has seen it. A member that is away holds
 * everything up; whoever decides that it must start afresh when it returns takes it out of the members.
 */
import { compareText } from '../structures/bytes.ts';
import type { Context } from './dvvset.ts';
import type { Dot } from './row.ts';
import type { StoreClock } from './store-clock.ts';

export class Watermarks {
  readonly #seen = new Map<string, Map<string, number>>();
  readonly #stable = new Map<string, number>();
  #version = 0;
  #isComplete = false;

  /**
   * All members that are known, this node among them, as `nodeKey`s. Who is new has seen nothing until it reports.
   * `isComplete`: they know of no others. Nothing becomes stable until then, because who is not known yet may not have seen it.
   */
  setMembers(members: readonly string[], isComplete: boolean): void {
    this.#isComplete = isComplete;
    const wanted = new Set(members);
    for (const member of this.#seen.keys()) if (!wanted.has(member)) this.#seen.delete(member);
    for (const member of wanted) if (!this.#seen.has(member)) this.#seen.set(member, new Map());
    for (const origin of this.#origins()) this.#advance(origin);
  }

  get members(): readonly string[] {
    return [...this.#seen.keys()];
  }

  /** It has seen something that `clock` has not, as far as it has reported. */
  isAhead(member: string, clock: StoreClock): boolean {
    const seen = this.#seen.get(member);
    if (seen === undefined) return false;
    for (const [origin, sequence] of seen) if (clock.contiguous(origin) < sequence) return true;
    return false;
  }

  /** A member's frontier, its own included; only ever forward. False: not a member. */
  report(member: string, frontier: Context): boolean {
    const seen = this.#seen.get(member);
    if (seen === undefined) return false;
    for (const [origin, sequence] of frontier) {
      if (sequence <= (seen.get(origin) ?? 0)) continue;
      seen.set(origin, sequence);
      this.#advance(origin);
    }
    return true;
  }

  isStable({ actor, sequence }: Dot): boolean {
    return sequence <= this.stableUpTo(actor);
  }

  /** 0: not every member has seen anything of it. */
  stableUpTo(origin: string): number {
    return this.#stable.get(origin) ?? 0;
  }

  /** What is stable of each origin, in their order: to be kept, because what was forgotten for it stays forgotten. */
  get stable(): Context {
    return [...this.#stable].sort(([a], [b]) => compareText(a, b));
  }

  /** Another number whenever something has become stable. */
  get version(): number {
    return this.#version;
  }

  /** As it was in another life. */
  restore(stable: Context): void {
    for (const [origin, sequence] of stable) {
      if (sequence > this.stableUpTo(origin)) this.#setStable(origin, sequence);
    }
  }

  /** Members that hold up this dot: for a person who asks why space does not return. */
  holdingUp({ actor, sequence }: Dot): readonly string[] {
    return [...this.#seen]
      .filter(([, seen]) => (seen.get(actor) ?? 0) < sequence)
      .map(([member]) => member);
  }

  #origins(): ReadonlySet<string> {
    return new Set([...this.#seen.values()].flatMap((seen) => [...seen.keys()]));
  }

  #advance(origin: string): void {
    if (!this.#isComplete) return;
    let least = Infinity;
    for (const seen of this.#seen.values()) least = Math.min(least, seen.get(origin) ?? 0);
    if (least !== Infinity && least > this.stableUpTo(origin)) this.#setStable(origin, least);
  }

  #setStable(origin: string, sequence: number): void {
    this.#stable.set(origin, sequence);
    this.#version++;
  }
}
