/** JSON (RFC 8259), with binaries as advanced/serialization_binary_json.md says: the codec of `wamp.2.json`. */
import type { Codec } from './codec.ts';
import { Unencodable } from './codec.ts';
import type { Sink } from './envelope.ts';
import { writeEnvelope } from './envelope.ts';
import { decode } from './json/decode.ts';
import { cursor, readValue } from './json/read.ts';
import { CLOSE_LIST, COMMA, OPEN_LIST, skipSpace, skipValue } from './json/scan.ts';
import {
  clearProblem,
  problem,
  writeByte,
  writeDict,
  writeText,
  writeUnsigned,
  writeValue,
} from './json/write.ts';
import type { Dict, Message, Payload, Value } from './message.ts';
import { EMPTY, NO_PAYLOAD } from './message.ts';
import { transcode } from './transcode.ts';
import { ByteWriter } from './writer.ts';

let target = new ByteWriter(0);
const scratch = new ByteWriter();

const sink: Sink = {
  open(type) {
    writeByte(OPEN_LIST, target);
    writeUnsigned(type, target);
  },
  integer(value) {
    writeByte(COMMA, target);
    writeUnsigned(value, target);
  },
  dict(value) {
    writeByte(COMMA, target);
    writeDict(value, target);
  },
  text(value) {
    writeByte(COMMA, target);
    writeText(value, target);
  },
};

function encode(message: Message, into: ByteWriter): Unencodable | undefined {
  const start = into.at;
  target = into;
  clearProblem();
  const payload = writeEnvelope(message, sink);
  let refused = problem === undefined ? undefined : new Unencodable(problem);
  if (payload.items > 0 && refused === undefined) {
    writeByte(COMMA, into);
    if (payload.format === 'json') into.append(payload.bytes, payload.start, payload.end);
    else refused = transcode(payload, 'json', into);
  }
  writeByte(CLOSE_LIST, into);
  if (refused !== undefined) into.at = start;
  return refused;
}

function read(payload: Payload): { args: readonly Value[]; kwargs: Dict } | Unencodable {
  const { bytes, start, end, items } = payload;
  if (items === 0) return { args: [], kwargs: EMPTY };
  const argsEnd = skipValue(bytes, start, end, Infinity);
  if (argsEnd < 0) return new Unencodable('malformed');
  const args = readValue(bytes, start) as readonly Value[];
  if (items === 1) return { args, kwargs: EMPTY };
  const comma = skipSpace(bytes, cursor, end);
  if (skipValue(bytes, comma + 1, end, Infinity) !== end) return new Unencodable('malformed');
  return { args, kwargs: readValue(bytes, comma + 1) as Dict };
}

function payload(args?: readonly Value[], kwargs?: Dict): Payload {
  const items = kwargs !== undefined && Object.keys(kwargs).length > 0 ? 2 : args?.length ? 1 : 0;
  if (items === 0) return NO_PAYLOAD;
  scratch.at = 0;
  clearProblem();
  writeValue(args ?? [], scratch);
  if (items === 2) {
    writeByte(COMMA, scratch);
    writeDict(kwargs as Dict, scratch);
  }
  if (problem !== undefined) throw new RangeError(`no JSON for ${problem}`);
  const bytes = Uint8Array.prototype.slice.call(scratch.buffer, 0, scratch.at);
  return { format: 'json', bytes, start: 0, end: bytes.length, items };
}

export const json: Codec = { id: 'json', decode, encode, read, payload };
