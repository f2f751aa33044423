/** Random choices without copying what is chosen from. */
import type { RandomSource } from '../../runtime/kernel/actor.ts';

/** `count` different items in random order; all of them when there are no more. */
export function sample<T>(items: readonly T[], count: number, random: RandomSource): readonly T[] {
  if (items.length <= count) return shuffled(items, random);
  const taken = new Map<number, number>();
  const found: T[] = [];
  // Fisher-Yates on an array that is only imagined: `taken` holds the places that were swapped.
  for (let i = 0; i < count; i++) {
    const at = random.integer(i, items.length - 1);
    found.push(items[taken.get(at) ?? at]!);
    taken.set(at, taken.get(i) ?? i);
  }
  return found;
}

export function shuffled<T>(items: readonly T[], random: RandomSource): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const at = random.integer(0, i);
    [result[i], result[at]] = [result[at]!, result[i]!];
  }
  return result;
}

export function pick<T>(items: readonly T[], random: RandomSource): T | undefined {
  return items.length === 0 ? undefined : items[random.integer(0, items.length - 1)];
}
