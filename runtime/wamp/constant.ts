/**
 * A dict that is said often and never changes (what WELCOME announces): each serializer writes it once and copies its
 * own bytes from then on.
 */
import type { Dict, SerializerId } from './message.ts';
import type { ByteWriter } from './writer.ts';

const WRITTEN = Symbol('written');

interface Constant extends Dict {
  [WRITTEN]?: Partial<Record<SerializerId, Uint8Array>>;
}

/** Nobody may change it, or anything in it, afterwards. */
export function constant(dict: Dict): Dict {
  const hidden = { value: {}, enumerable: false };
  return Object.freeze(Object.defineProperty({ ...dict }, WRITTEN, hidden));
}

export function isConstant(dict: Dict): boolean {
  return (dict as Constant)[WRITTEN] !== undefined;
}

/** `write` writes the dict itself, at the end of `into`. */
export function writeConstant(
  dict: Dict,
  serializer: SerializerId,
  into: ByteWriter,
  write: (dict: Dict, into: ByteWriter) => void,
): void {
  const written = (dict as Constant)[WRITTEN]!;
  const known = written[serializer];
  if (known !== undefined) return into.append(known, 0, known.length);
  const start = into.at;
  write(dict, into);
  written[serializer] = Uint8Array.from(into.buffer.subarray(start, into.at));
}
