/** Rows as replicas make them, for property tests. */
import fc from 'fast-check';
import type { Row } from '../../runtime/causality/row.ts';
import { merge, put, remove } from '../../runtime/causality/row.ts';
import type { Context } from '../../runtime/causality/dvvset.ts';
import { contextOf, NOTHING } from '../../runtime/causality/dvvset.ts';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const step = fc.record({
  at: fc.nat(2),
  what: fc.constantFrom('put' as const, 'blind_put' as const, 'remove' as const, 'merge' as const),
  other: fc.nat(2),
  value: fc.string({ maxLength: 3 }),
  /** Few milliseconds, so that stamps collide. */
  ms: fc.nat(2),
});

/** Three replicas of one key after a few writes and merges, each of them present. */
export const replicas: fc.Arbitrary<readonly Row[]> = fc
  .array(step, { minLength: 3, maxLength: 16, size: 'max' })
  .map((steps) => {
    const rows: (Row | undefined)[] = [undefined, undefined, undefined];
    const sequences = [0, 0, 0];
    for (const { at, what, other, value, ms } of steps) {
      const row = rows[at];
      const dot = { actor: `n${at}#1`, sequence: (sequences[at]! += 2) };
      // Stamps of one node grow, those of different nodes may collide.
      const stamp = BigInt(dot.sequence * 4 + ms);
      const seen: Context = contextOf(row ?? NOTHING);
      if (what === 'put') rows[at] = put(row, { stamp, value: bytes(value) }, dot, seen);
      else if (what === 'blind_put') rows[at] = put(row, { stamp, value: bytes(value) }, dot, []);
      else if (what === 'remove') rows[at] = remove(row, stamp, dot);
      else if (rows[other] !== undefined) rows[at] = merge(row, rows[other]);
    }
    return rows.filter((row) => row !== undefined);
  })
  .filter((rows) => rows.length === 3);
