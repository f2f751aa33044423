/**
 * Clients of one kind say HELLO in the same bytes, and after a restart they all come back at once: the last HELLO of each
 * serializer is read once. It holds no secret (those come with AUTHENTICATE).
 */
import type { Codec, DecodeLimits } from '../../runtime/wamp/codec.ts';
import { Violation } from '../../runtime/wamp/codec.ts';
import type { Message } from '../../runtime/wamp/message.ts';
import { HELLO } from '../../runtime/wamp/message.ts';

const LONGEST = 2_048;

interface Known {
  readonly bytes: Uint8Array;
  readonly message: Message;
}

export class HelloMemo {
  readonly #known = new Map<Codec, Known>();

  /** What `codec.decode` says of these bytes. */
  decode(
    codec: Codec,
    bytes: Uint8Array,
    start: number,
    end: number,
    limits: DecodeLimits,
  ): Message | Violation {
    const known = this.#known.get(codec);
    if (known && isSame(known.bytes, bytes, start, end)) return known.message;
    const message = codec.decode(bytes, start, end, limits);
    if (message instanceof Violation || message.type !== HELLO || end - start > LONGEST) {
      return message;
    }
    this.#known.set(codec, { bytes: Uint8Array.from(bytes.subarray(start, end)), message });
    return message;
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}
