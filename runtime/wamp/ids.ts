/** Ids of WAMP (basic/building_blocks.md, IDs): integers 1 .. 2^53, counted per session or drawn at random. */
import type { RandomSource } from '../kernel/actor.ts';
import type { Id } from './message.ts';

export const MAX_ID = 2 ** 53;

export function isId(value: unknown): value is Id {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_ID;
}

/** The id after `id` in session scope: plus one, and 1 after 2^53. */
export function nextId(id: Id): Id {
  return id >= MAX_ID ? 1 : id + 1;
}

/** Global scope: uniform over the full range. */
export function randomId(random: RandomSource): Id {
  return random.integer(1, MAX_ID);
}
