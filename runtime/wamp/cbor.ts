/** CBOR (RFC 8949): the codec of `wamp.2.cbor`. */
import { decode } from './cbor/decode.ts';
import { clearForeign, cursor, foreign, readValue } from './cbor/read.ts';
import { LIST, skip } from './cbor/skip.ts';
import {
  clearProblem,
  problem,
  writeDict,
  writeHead,
  writeText,
  writeUnsigned,
  writeValue,
} from './cbor/write.ts';
import type { Codec } from './codec.ts';
import { Unencodable } from './codec.ts';
import type { Sink } from './envelope.ts';
import { writeEnvelope } from './envelope.ts';
import type { Dict, Message, Payload, Value } from './message.ts';
import { EMPTY, NO_PAYLOAD } from './message.ts';
import { transcode } from './transcode.ts';
import { ByteWriter } from './writer.ts';

let target = new ByteWriter(0);
const scratch = new ByteWriter();

const sink: Sink = {
  open(type, count) {
    writeHead(LIST, count, target);
    writeUnsigned(type, target);
  },
  integer: (value) => writeUnsigned(value, target),
  dict: (value) => writeDict(value, target),
  text: (value) => writeText(value, target),
};

function encode(message: Message, into: ByteWriter): Unencodable | undefined {
  const start = into.at;
  target = into;
  clearProblem();
  const payload = writeEnvelope(message, sink);
  let refused = problem === undefined ? undefined : new Unencodable(problem);
  if (payload.format === 'cbor') into.append(payload.bytes, payload.start, payload.end);
  else if (payload.items > 0) refused ??= transcode(payload, 'cbor', into);
  if (refused !== undefined) into.at = start;
  return refused;
}

function read(payload: Payload): { args: readonly Value[]; kwargs: Dict } | Unencodable {
  const { bytes, start, end, items } = payload;
  if (items === 0) return { args: [], kwargs: EMPTY };
  if (skip(bytes, start, end, items, Infinity) !== end) return new Unencodable('malformed');
  clearForeign();
  const args = readValue(bytes, start);
  const kwargs = args !== undefined && items === 2 ? readValue(bytes, cursor) : EMPTY;
  if (foreign) return new Unencodable('a tag or simple value without a meaning here');
  if (args === undefined || kwargs === undefined) return new Unencodable('a key is not a string');
  return { args: args as readonly Value[], kwargs: kwargs as Dict };
}

function payload(args?: readonly Value[], kwargs?: Dict): Payload {
  const items = kwargs !== undefined && Object.keys(kwargs).length > 0 ? 2 : args?.length ? 1 : 0;
  if (items === 0) return NO_PAYLOAD;
  scratch.at = 0;
  clearProblem();
  writeValue(args ?? [], scratch);
  if (items === 2) writeDict(kwargs as Dict, scratch);
  if (problem !== undefined) throw new RangeError(`no CBOR for ${problem}`);
  const bytes = Uint8Array.prototype.slice.call(scratch.buffer, 0, scratch.at);
  return { format: 'cbor', bytes, start: 0, end: bytes.length, items };
}

export const cbor: Codec = { id: 'cbor', decode, encode, read, payload };
