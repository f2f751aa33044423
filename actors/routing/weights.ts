/** What kept values weigh in memory, roughly: whatever is kept for a client counts against a budget of it. */
import type { Value } from '../../runtime/wamp/message.ts';

const PER_ITEM = 16;

/** Bytes. */
export function weigh(value: Value): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 0; // within its PER_ITEM
  let bytes = 0;
  for (const [key, item] of Object.entries(value))
    bytes += PER_ITEM + key.length + weigh(item ?? null);
  return bytes;
}
