/** Payloads of one format in another. */
import { Unencodable } from './codec.ts';
import type { Payload, SerializerId } from './message.ts';
import type { ByteWriter } from './writer.ts';

export function transcode(
  payload: Payload,
  to: SerializerId,
  _into: ByteWriter,
): Unencodable | undefined {
  return payload.items === 0 ? undefined : new Unencodable(`${payload.format} to ${to}`);
}
