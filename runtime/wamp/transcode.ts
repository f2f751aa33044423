/**
 * Payloads of one format in another without JavaScript values: source → tokens → sink, in one pass.
 * What each pair of formats can say is the table in docs/serializers.md.
 */
import * as cborSource from './cbor/source.ts';
import { cborSink } from './cbor/sink.ts';
import { Unencodable } from './codec.ts';
import { jsonSink } from './json/sink.ts';
import * as jsonSource from './json/source.ts';
import type { Payload, SerializerId } from './message.ts';
import { msgpackSink } from './msgpack/sink.ts';
import * as msgpackSource from './msgpack/source.ts';
import type { TokenSink } from './tokens.ts';
import { ByteWriter } from './writer.ts';

const nowhere = new ByteWriter(0);
const sinks: Record<SerializerId, TokenSink> = {
  json: jsonSink,
  msgpack: msgpackSink,
  cbor: cborSink,
};

/**
 * Appends the elements of `payload` in the format `to`, as they stand inside a message. On `Unencodable` the writer is
 * as it was before. `into` must not be the buffer that `payload` points into.
 */
export function transcode(
  payload: Payload,
  to: SerializerId,
  into: ByteWriter,
): Unencodable | undefined {
  if (payload.items === 0) return undefined;
  const start = into.at;
  const sink = sinks[to];
  sink.into = into;
  sink.problem = undefined;
  emit(payload, sink);
  sink.into = nowhere;
  if (sink.problem === undefined) return undefined;
  into.at = start;
  return new Unencodable(sink.problem);
}

function emit(payload: Payload, sink: TokenSink): void {
  switch (payload.format) {
    case 'json':
      return jsonSource.emit(payload, sink);
    case 'msgpack':
      return msgpackSource.emit(payload, sink);
    case 'cbor':
      return cborSource.emit(payload, sink);
  }
}
