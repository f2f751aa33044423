/** Comparing secrets without telling by time how much of them was right. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Constant in the content of both; hashing hides the length of `known`. */
export function equalSecrets(given: string, known: string): boolean {
  return timingSafeEqual(digest(given), digest(known));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
