/** MessagePack (specification 5, with bin): the codec of `wamp.2.msgpack`. */
import type { Codec } from './codec.ts';
import { Unencodable } from './codec.ts';
import type { Sink } from './envelope.ts';
import { writeEnvelope } from './envelope.ts';
import type { Dict, Message, Payload, Value } from './message.ts';
import { EMPTY, NO_PAYLOAD } from './message.ts';
import { decode } from './msgpack/decode.ts';
import { clearForeign, foreign, readValue, cursor } from './msgpack/read.ts';
import { skip } from './msgpack/skip.ts';
import {
  clearProblem,
  problem,
  writeDict,
  writeListHeader,
  writeText,
  writeUnsigned,
  writeValue,
} from './msgpack/write.ts';
import { transcode } from './transcode.ts';
import { ByteWriter } from './writer.ts';

let target = new ByteWriter(0);
const scratch = new ByteWriter();

const sink: Sink = {
  open(type, count) {
    writeListHeader(count, target);
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
  if (payload.format === 'msgpack') into.append(payload.bytes, payload.start, payload.end);
  else refused ??= transcode(payload, 'msgpack', into);
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
  if (foreign) return new Unencodable('an extension type');
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
  if (problem !== undefined) throw new RangeError(`no MessagePack for ${problem}`);
  const bytes = Uint8Array.prototype.slice.call(scratch.buffer, 0, scratch.at);
  return { format: 'msgpack', bytes, start: 0, end: bytes.length, items };
}

export const msgpack: Codec = { id: 'msgpack', decode, encode, read, payload };
