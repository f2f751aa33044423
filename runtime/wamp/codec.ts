/**
 * The port of the three serializers: bytes to envelope and back, bounded, nothing lost.
 * One contract suite runs on json.ts, msgpack.ts and cbor.ts.
 */
import type { Dict, Message, Payload, SerializerId, Value } from './message.ts';
import type { ByteWriter } from './writer.ts';

/** A peer broke the protocol with these bytes. Always ends in ABORT `wamp.error.protocol_violation`. */
export class Violation {
  /** For people; names the place and what was expected, never the payload. */
  readonly detail: string;
  constructor(detail: string) {
    this.detail = detail;
  }
}

/** The payload cannot be said in the receiver's serializer (the table in docs/serializers.md). */
export class Unencodable {
  readonly detail: string;
  constructor(detail: string) {
    this.detail = detail;
  }
}

export interface DecodeLimits {
  /** Nesting of arrays and maps in a message. */
  readonly maxDepth: number;
}

export const DEFAULT_LIMITS: DecodeLimits = { maxDepth: 64 };

export interface Codec {
  readonly id: SerializerId;
  /**
   * Reads the message in `[start, end)`. Checks the whole message: shape of the envelope, ids, that options are
   * dicts, that args is a list and kwargs a map with string keys, UTF-8, depth, nothing after it.
   * URIs are only checked to be strings (strict or loose is the session's business).
   */
  decode(bytes: Uint8Array, start: number, end: number, limits: DecodeLimits): Message | Violation;
  /** Appends the message. On `Unencodable` the writer is as it was before. */
  encode(message: Message, into: ByteWriter): Unencodable | undefined;
  /** Decodes args and kwargs for the node's own procedures. */
  read(payload: Payload): { readonly args: readonly Value[]; readonly kwargs: Dict } | Unencodable;
  /** A payload the node makes itself; leave out what is empty. */
  payload(args?: readonly Value[], kwargs?: Dict): Payload;
}
