/**
 * The dumb model of a dotted version vector set: replicas that remember every write and everything its writer had seen.
 * A value is alive where no known write had seen it.
 */
import fc from 'fast-check';
import type { Context, Dvvset } from '../../runtime/causality/dvvset.ts';
import { contextOf, NOTHING, sync, update, written } from '../../runtime/causality/dvvset.ts';

export const REPLICAS = 4;

export type Step =
  /** `context`: of this replica now, of its last read, or none. */
  | {
      readonly kind: 'write';
      readonly at: number;
      readonly context: 'own' | 'read' | 'none';
      readonly skip: number;
    }
  | { readonly kind: 'sync'; readonly at: number; readonly from: number }
  | { readonly kind: 'read'; readonly at: number };

const replica = fc.nat(REPLICAS - 1);

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      at: replica,
      context: fc.constantFrom('own' as const, 'read' as const, 'none' as const),
      skip: fc.nat(3),
    }),
    fc.record({ kind: fc.constant('sync' as const), at: replica, from: replica }),
    fc.record({ kind: fc.constant('read' as const), at: replica }),
  ),
  { minLength: 5, maxLength: 24, size: 'max' },
);

interface Replica {
  set: Dvvset<number>;
  known: ReadonlySet<number>;
  sequence: number;
}

/** The set and the model side by side. A value is the number of its write. */
export class CausalHistories {
  readonly replicas: readonly Replica[] = Array.from({ length: REPLICAS }, () => ({
    set: NOTHING,
    known: new Set<number>(),
    sequence: 0,
  }));
  readonly #pasts: ReadonlySet<number>[] = [];
  #read: { context: Context; known: ReadonlySet<number> } = { context: [], known: new Set() };

  take(step: Step): void {
    const replica = this.replicas[step.at]!;
    if (step.kind === 'write') return this.#write(replica, step);
    if (step.kind === 'read') {
      this.#read = { context: contextOf(replica.set), known: replica.known };
      return;
    }
    const from = this.replicas[step.from]!;
    replica.set = sync(replica.set, from.set, byNumber);
    replica.known = new Set([...replica.known, ...from.known]);
  }

  /** What the model says is alive there. */
  alive(at: number): readonly number[] {
    const { known } = this.replicas[at]!;
    const seen = new Set([...known].flatMap((write) => [...this.#pasts[write]!]));
    return [...known].filter((write) => !seen.has(write)).sort(byNumber);
  }

  #write(replica: Replica, { at, context, skip }: Step & { kind: 'write' }): void {
    const own = { context: contextOf(replica.set), known: replica.known };
    const seen =
      context === 'own' ? own : context === 'read' ? this.#read : { context: [], known: [] };
    const write = this.#pasts.push(new Set(seen.known)) - 1;
    replica.sequence += 1 + skip;
    const client = written(write, seen.context);
    replica.set = update(client, replica.set, `n${at}`, byNumber, replica.sequence);
    replica.known = new Set([...replica.known, ...seen.known, write]);
  }
}

export function byNumber(a: number, b: number): number {
  return a - b;
}
