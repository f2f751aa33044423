/**
 * A relayed message on the wire: what the relay needs to know as a short list, then the WAMP message in the format of its
 * payload, as a client would have sent it. So payload bytes are copied and not parsed on the way out, and checked on the
 * way in by the same decoder that checks clients.
 */
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import { decodeBody } from '../../runtime/net/peer/codec.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import { put32, uint32 } from '../../runtime/wamp/big-endian.ts';
import { clearProblem, problem, writeValue } from '../../runtime/wamp/cbor/write.ts';
import type { Codec } from '../../runtime/wamp/codec.ts';
import type { Unencodable } from '../../runtime/wamp/codec.ts';
import { Violation } from '../../runtime/wamp/codec.ts';
import type { Message, SerializerId } from '../../runtime/wamp/message.ts';
import {
  CALL,
  ERROR,
  EVENT,
  INVOCATION,
  RESULT,
  retain,
  YIELD,
} from '../../runtime/wamp/message.ts';
import { ByteWriter } from '../../runtime/wamp/writer.ts';
import type { ReceiverLists, RelayMessage } from './api.ts';

export type Codecs = Readonly<Record<SerializerId, Codec>>;

const FORMATS: readonly SerializerId[] = ['json', 'msgpack', 'cbor'];
/** Lists of receivers are as long as a client may send them. */
const HEADER_LIMITS = { maxDepth: 4, maxItems: 10_000_000, maxBytes: 64 * 1024 * 1024 };
/** The sender's limit held when its client sent it. */
const LIMITS = { maxDepth: 1_024 };
const LISTS = [
  'exclude',
  'excludeAuthid',
  'excludeAuthrole',
  'eligible',
  'eligibleAuthid',
  'eligibleAuthrole',
] as const;

const SMALL = 16 * 1024;
const scratch = new ByteWriter(SMALL);
/** A larger buffer is not kept. */
const KEPT_BYTES = 1024 * 1024;
const LENGTH_BYTES = 4;

/** [u32 length of the header] [header] [format] [message]; without a message the body ends with the header. */
export function encode(message: RelayMessage, codecs: Codecs): Uint8Array | Unencodable {
  scratch.at = LENGTH_BYTES;
  clearProblem();
  writeValue(headerOf(message), scratch);
  if (problem !== undefined) throw new RangeError(`a header cannot say ${problem}`);
  const headerBytes = scratch.at - LENGTH_BYTES;
  const frame = 'message' in message ? message.message : undefined;
  if (frame) {
    scratch.reserve(1);
    scratch.buffer[scratch.at++] = FORMATS.indexOf(frame.payload.format);
    const refused = codecs[frame.payload.format].encode(frame, scratch);
    if (refused) return refused;
  }
  put32(scratch.buffer, 0, headerBytes);
  const body = new Uint8Array(scratch.buffer.subarray(0, scratch.at));
  if (scratch.buffer.length > KEPT_BYTES) scratch.buffer = new ByteWriter(SMALL).buffer;
  return body;
}

/** Undefined: not what a relay says. */
export function decode(body: Uint8Array, codecs: Codecs): RelayMessage | undefined {
  if (body.length <= LENGTH_BYTES) return undefined;
  const end = LENGTH_BYTES + uint32(body, 0);
  if (end > body.length) return undefined;
  const header = decodeBody(body.subarray(LENGTH_BYTES, end), HEADER_LIMITS);
  if (header instanceof Malformed || !Array.isArray(header)) return undefined;
  const format = FORMATS[body[end] ?? 255];
  const frame =
    end < body.length && format ? decodeFrame(codecs[format], body, end + 1) : undefined;
  return assemble(header as readonly PlainValue[], frame);
}

/** The same without its payload: so small that it always finds room. */
export function withoutPayload(message: RelayMessage, error: string): RelayMessage {
  if (message.kind !== 'answer' && message.kind !== 'reply') return message;
  const { request } = message.message;
  const requestType = message.kind === 'answer' ? INVOCATION : CALL;
  const details = {};
  const payload = retain({ ...message.message.payload, items: 0 });
  const instead = { type: ERROR, requestType, request, details, error, payload } as const;
  return { ...message, message: instead };
}

function decodeFrame(codec: Codec, body: Uint8Array, start: number): Message | undefined {
  const message = codec.decode(body, start, body.length, LIMITS);
  return message instanceof Violation ? undefined : message;
}

function headerOf(message: RelayMessage): PlainValue {
  const { kind, realm } = message;
  switch (message.kind) {
    case 'invocation':
      return [kind, realm, message.callee, message.isChunk, message.takesPassthru];
    case 'interrupt':
      return [kind, realm, message.callee, message.request, message.mode];
    case 'answer':
      return [kind, realm, message.callee];
    case 'refused':
      return [kind, realm, message.callee, message.request, message.detail];
    case 'event': {
      const { topic, receivers, resourceKey } = message;
      const lists = receivers ? LISTS.map((key) => receivers[key] ?? null) : null;
      return [kind, realm, topic, lists, resourceKey ?? null];
    }
    case 'question': {
      const { id, authid, authrole } = message.caller;
      return [kind, realm, id, authid, authrole];
    }
    case 'reply':
      return [kind, realm];
  }
}

function assemble(
  header: readonly PlainValue[],
  frame: Message | undefined,
): RelayMessage | undefined {
  const [kind, realm, first, second, third] = header;
  if (!isText(realm)) return undefined;
  switch (kind) {
    case 'invocation': {
      if (!isId(first) || frame?.type !== INVOCATION) return undefined;
      const flags = { isChunk: second === true, takesPassthru: third === true };
      return { kind, realm, callee: first, ...flags, message: frame };
    }
    case 'interrupt': {
      if (!isId(first) || !isId(second) || (third !== 'kill' && third !== 'killnowait')) {
        return undefined;
      }
      return { kind, realm, callee: first, request: second, mode: third };
    }
    case 'answer': {
      if (!isId(first) || (frame?.type !== YIELD && frame?.type !== ERROR)) return undefined;
      return { kind, realm, callee: first, message: frame };
    }
    case 'refused': {
      if (!isId(first) || !isId(second) || !isText(third)) return undefined;
      return { kind, realm, callee: first, request: second, detail: third };
    }
    case 'event': {
      const receivers = readLists(second);
      const resourceKey = third === null ? undefined : third;
      if (!isText(first) || frame?.type !== EVENT || receivers === BAD) return undefined;
      if (resourceKey !== undefined && !isText(resourceKey)) return undefined;
      return { kind, realm, topic: first, receivers, resourceKey, message: frame };
    }
    case 'question': {
      if (!isId(first) || !isText(second) || !isText(third) || frame?.type !== CALL) {
        return undefined;
      }
      const caller = { id: first, authid: second, authrole: third };
      return { kind, realm, caller, message: frame };
    }
    case 'reply':
      if (frame?.type !== RESULT && frame?.type !== ERROR) return undefined;
      return { kind, realm, message: frame };
    default:
      return undefined;
  }
}

const BAD = Symbol('bad');

function readLists(value: PlainValue | undefined): ReceiverLists | undefined | typeof BAD {
  if (value === null) return undefined;
  if (!Array.isArray(value) || value.length !== LISTS.length) return BAD;
  const lists: Record<string, readonly PlainValue[]> = {};
  for (const [index, list] of (value as readonly PlainValue[]).entries()) {
    if (list === null) continue;
    const key = LISTS[index];
    const isItem = key === 'exclude' || key === 'eligible' ? isId : isText;
    if (!Array.isArray(list) || !list.every(isItem)) return BAD;
    lists[key] = list;
  }
  return lists as ReceiverLists;
}

function isText(value: PlainValue | undefined): value is string {
  return typeof value === 'string';
}

function isId(value: PlainValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 2 ** 53;
}
