/** Chance for the kernel: one way to make numbers of 32-bit words, with a secure and a seeded source of words. */
import { randomFillSync } from 'node:crypto';
import type { RandomSource } from './actor.ts';

const TWO_26 = 2 ** 26;
const TWO_53 = 2 ** 53;

/** Words from the operating system, so that ids cannot be guessed; fetched in blocks. */
export function secureRandom(): RandomSource {
  const words = new Uint32Array(1024);
  let used = words.length;
  return randomOf(() => {
    if (used === words.length) {
      randomFillSync(words);
      used = 0;
    }
    return words[used++]!;
  });
}

/** The same seed, the same numbers (mulberry32). */
export function seededRandom(seed: number): RandomSource {
  let state = seed | 0;
  return randomOf(() => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  });
}

function randomOf(word: () => number): RandomSource {
  const next = (): number => ((word() >>> 5) * TWO_26 + (word() >>> 6)) / TWO_53;
  return {
    next,
    integer: (low, high) => {
      if (!(high >= low)) throw new RangeError(`no integer from ${low} to ${high}`);
      return low + Math.floor(next() * (high - low + 1));
    },
  };
}
