/**
 * A relayed message on the wire: what the relay needs to know as a short list, then the WAMP message in the format of its
 * payload, as a client would have sent it. So payload bytes are copied and not parsed on the way out, and checked on the
 * way in by the same decoder that checks clients.
 */
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import { decodeBody, encodeBody } from '../../runtime/net/peer/codec.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
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
const HEADER_LIMITS = { maxDepth: 4, maxItems: 200_000, maxBytes: 4 * 1024 * 1024 };
const MAX_URI = 16_384;
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

const scratch = new ByteWriter(16 * 1024);
const KEPT_BYTES = 1024 * 1024;

/** [u32 length of the header] [header] [format] [message]; without a message the body ends with the header. */
export function encode(message: RelayMessage, codecs: Codecs): Uint8Array | Unencodable {
  const header = encodeBody(headerOf(message));
  const frame = 'message' in message ? message.message : undefined;
  scratch.at = 0;
  const problem = frame && codecs[frame.payload.format].encode(frame, scratch);
  if (problem) return problem;
  const length = frame ? 5 + header.length + scratch.at : 4 + header.length;
  const body = new Uint8Array(length);
  new DataView(body.buffer).setUint32(0, header.length);
  body.set(header, 4);
  if (frame) {
    body[4 + header.length] = FORMATS.indexOf(frame.payload.format);
    body.set(scratch.buffer.subarray(0, scratch.at), 5 + header.length);
  }
  if (scratch.buffer.length > KEPT_BYTES) scratch.buffer = new ByteWriter(16 * 1024).buffer;
  return body;
}

/** Undefined: not what a relay says. */
export function decode(body: Uint8Array, codecs: Codecs): RelayMessage | undefined {
  if (body.length < 5) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const end = 4 + view.getUint32(0);
  if (end > body.length) return undefined;
  const header = decodeBody(body.subarray(4, end), HEADER_LIMITS);
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
  return typeof value === 'string' && value.length <= MAX_URI;
}

function isId(value: PlainValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 2 ** 53;
}
