/** One message for many receivers: encoded at most once per serializer. */
import type { Codec } from '../wamp/codec.ts';
import { Unencodable } from '../wamp/codec.ts';
import type { RouterMessage, SerializerId } from '../wamp/message.ts';
import { ByteWriter } from '../wamp/writer.ts';

const scratch = new ByteWriter(64 * 1024);

export class SharedFrame {
  readonly message: RouterMessage;
  #encoded: Partial<Record<SerializerId, Uint8Array | Unencodable>> = {};

  constructor(message: RouterMessage) {
    this.message = message;
  }

  /** The message's own bytes, without any transport's frame around them. */
  bytes(codec: Codec): Uint8Array | Unencodable {
    return (this.#encoded[codec.id] ??= encodeAlone(codec, this.message));
  }
}

function encodeAlone(codec: Codec, message: RouterMessage): Uint8Array | Unencodable {
  scratch.at = 0;
  const refused = codec.encode(message, scratch);
  if (refused) return refused;
  // Three times as fast as slice(), which asks for the species of a Buffer.
  const bytes = Buffer.allocUnsafe(scratch.at);
  scratch.buffer.copy(bytes, 0, 0, scratch.at);
  return bytes;
}
