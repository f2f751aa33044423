/**
 * Every write of a run and what became of it, judged by causality: an acknowledged write is there, or somebody who had
 * seen it wrote again, or (where the last write wins) somebody wrote beside it; and what was seen and overwritten is gone.
 */
import type { GetOutcome, PutOutcome } from '../../actors/store/api.ts';
import type { Context } from '../../runtime/causality/dvvset.ts';
import type { Dot } from '../../runtime/causality/row.ts';

export interface Attempt {
  readonly node: string;
  readonly prefix: string;
  readonly key: string;
  /** Unique. Undefined: a deletion, or a function that was not called. */
  value: string | undefined;
  /** What the writer had seen, if not all of the row. */
  readonly context: Context | undefined;
  /** Virtual ms. */
  readonly begunAt: number;
  /** When whoever was to do it ended: what had not been done by then never is. */
  endedAt: number | undefined;
  outcome: PutOutcome | undefined;
  /** Everybody who had it has lost it: it may be gone. */
  isExcused: boolean;
  /** The disk it was acknowledged from is no more. */
  isOrphan: boolean;
}

export interface Judged {
  /** Acknowledged and there. */
  readonly present: number;
  readonly overwritten: number;
  /** Lost to a concurrent write by the rule of the prefix. */
  readonly outvoted: number;
  /** A write that may have overwritten it was never answered: done or not, nobody can say. */
  readonly unclear: number;
}

const NOBODY: Judged = { present: 0, overwritten: 0, outvoted: 0, unclear: 0 };

export class History {
  readonly attempts: Attempt[] = [];
  #number = 0;

  begin(attempt: Pick<Attempt, 'node' | 'prefix' | 'key' | 'context' | 'begunAt'>): Attempt {
    const begun = { ...attempt, value: undefined, outcome: undefined, endedAt: undefined };
    this.attempts.push({ ...begun, isExcused: false, isOrphan: false });
    return this.attempts[this.attempts.length - 1]!;
  }

  /** The node's process, or the actor of these rows, has ended. */
  ended(node: string, now: number, concerns: (attempt: Attempt) => boolean = () => true): void {
    for (const one of this.attempts) {
      if (one.node !== node || one.outcome !== undefined || !concerns(one)) continue;
      one.endedAt ??= now;
    }
  }

  uniqueValue(node: string): string {
    return `value ${++this.#number} of ${node}`;
  }

  get acknowledged(): number {
    return this.attempts.filter(({ outcome }) => outcome?.kind === 'stored').length;
  }

  /** What every replica lists for a key, held against all that was written. Throws a sentence. */
  judge(prefix: string, key: string, got: GetOutcome, keepsSiblings: boolean): Judged {
    if (got.kind === 'failed') throw new Error(`${prefix}/${key}: ${got.failure.detail}`);
    const about = this.attempts.filter((one) => one.prefix === prefix && one.key === key);
    const listed = new Set(got.values.map((bytes) => new TextDecoder().decode(bytes)));
    for (const value of listed) this.#mayBeThere(about, value, `${prefix}/${key}`);
    const sum = { ...NOBODY };
    for (const write of about) {
      const verdict = fateOf(write, about, listed, keepsSiblings);
      if (verdict === 'lost') {
        throw new Error(`${prefix}/${key}: ${write.value} was acknowledged and is lost`);
      }
      if (verdict !== 'none') sum[verdict]++;
    }
    return sum;
  }

  #mayBeThere(about: readonly Attempt[], value: string, where: string): void {
    const write = about.find((one) => one.value === value);
    if (write === undefined) throw new Error(`${where}: "${value}" was never written`);
    const dot = dotOf(write);
    if (dot === undefined) return;
    const by = about.find((other) => other !== write && !other.isExcused && hadSeen(other, dot));
    if (by !== undefined) {
      throw new Error(`${where}: "${value}" is back, though ${shown(by)} had seen it`);
    }
  }
}

type Fate = keyof Judged | 'none' | 'lost';

function fateOf(
  write: Attempt,
  about: readonly Attempt[],
  listed: ReadonlySet<string>,
  keepsSiblings: boolean,
): Fate {
  const dot = dotOf(write);
  if (dot === undefined || write.value === undefined) return 'none';
  if (listed.has(write.value)) return 'present';
  if (write.isExcused) return 'none';
  const others = about.filter((other) => other !== write);
  if (others.some((other) => hadSeen(other, dot))) return 'overwritten';
  if (others.some((other) => mayHaveSeen(other, write, dot))) return 'unclear';
  // Nobody who wrote had seen it: only a rule that drops siblings takes it away.
  if (!keepsSiblings && others.some((other) => isBeside(other, write))) return 'outvoted';
  return 'lost';
}

function dotOf({ outcome }: Attempt): Dot | undefined {
  return outcome?.kind === 'stored' ? outcome.dot : undefined;
}

/** With a context of its own a write has overwritten just that; without, all that its row knew. */
function hadSeen({ context, outcome }: Attempt, dot: Dot): boolean {
  if (outcome?.kind !== 'stored') return false;
  const seen = context ?? outcome.context;
  return seen.some(([actor, counter]) => isCovered(actor, counter, dot));
}

/** Never answered, done after `write` if it was done at all, and free to overwrite it. */
function mayHaveSeen({ outcome, endedAt, context }: Attempt, write: Attempt, dot: Dot): boolean {
  if (outcome !== undefined || (endedAt ?? Infinity) < write.begunAt) return false;
  return context?.some(([actor, counter]) => isCovered(actor, counter, dot)) ?? true;
}

function isCovered(name: string, counter: number, { actor, sequence }: Dot): boolean {
  return name === actor && counter >= sequence;
}

/** Acknowledged, and neither had seen the other. */
function isBeside(other: Attempt, write: Attempt): boolean {
  const dot = dotOf(other);
  return dot !== undefined && !hadSeen(write, dot);
}

function shown({ node, value }: Attempt): string {
  return `${value === undefined ? 'a deletion' : `"${value}"`} on ${node}`;
}
