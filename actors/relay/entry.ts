/**
 * A relayed message on the wire: a few bytes of our own, then the WAMP message in the format of its payload, as a client
 * would have sent it. So payload bytes are copied and not parsed on the way out, and checked on the way in by the same
 * decoder that checks clients.
 *
 *   entry   kind, flags, u32 bytes that follow, head, [message]
 *   head    invocation, interrupt, answer, refused: u64 callee; interrupt and refused: u64 request
 *           event: u32 length, topic; event and question: u32 length, CBOR list of what is rarely said
 */
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import { decodeBody } from '../../runtime/net/peer/codec.ts';
import { put32, uint32 } from '../../runtime/wamp/big-endian.ts';
import { clearProblem, problem, writeValue } from '../../runtime/wamp/cbor/write.ts';
import type { Codec, Unencodable } from '../../runtime/wamp/codec.ts';
import { Violation } from '../../runtime/wamp/codec.ts';
import type { Message, SerializerId } from '../../runtime/wamp/message.ts';
import { CALL, ERROR, EVENT, INVOCATION, RESULT, YIELD } from '../../runtime/wamp/message.ts';
import { readText } from '../../runtime/wamp/utf8.ts';
import type { ByteWriter } from '../../runtime/wamp/writer.ts';
import type { RelayMessage } from './api.ts';
import { listsOf, NO_LISTS, readLists } from './receiver-lists.ts';

export type Codecs = Readonly<Record<SerializerId, Codec>>;

const KINDS: readonly RelayMessage['kind'][] = [
  'invocation',
  'interrupt',
  'answer',
  'refused',
  'event',
  'question',
  'reply',
];
const KIND_CODES = codesOf(KINDS);
const FORMATS: readonly SerializerId[] = ['json', 'msgpack', 'cbor'];
const FORMAT_CODES = codesOf(FORMATS);
/** Flags: the format of the message in the low two bits, 3 for none. */
const NO_MESSAGE = 3;
const IS_CHUNK = 4;
const TAKES_PASSTHRU = 8;
const IS_KILL = 16;
export const ENTRY_HEAD_BYTES = 6;

/** Lists of receivers are as long as a client may send them. */
const LIST_LIMITS = { maxDepth: 4, maxItems: 10_000_000, maxBytes: 64 * 1024 * 1024 };
/** The sender's limit held when its client sent it. */
const LIMITS = { maxDepth: 1_024 };
const NOTHING_RARE: readonly PlainValue[] = [null, null];

/** Appends the entry; on `Unencodable` the writer is as it was before. */
export function writeEntry(
  message: RelayMessage,
  codecs: Codecs,
  into: ByteWriter,
): Unencodable | undefined {
  const start = into.at;
  into.reserve(ENTRY_HEAD_BYTES);
  into.at = start + ENTRY_HEAD_BYTES;
  let flags = writeHead(message, into);
  const frame = 'message' in message ? message.message : undefined;
  if (frame) {
    flags |= FORMAT_CODES[frame.payload.format];
    const refused = codecs[frame.payload.format].encode(frame, into);
    if (refused) {
      into.at = start;
      return refused;
    }
  } else flags |= NO_MESSAGE;
  const { buffer } = into;
  buffer[start] = KIND_CODES[message.kind];
  buffer[start + 1] = flags;
  put32(buffer, start + 2, into.at - start - ENTRY_HEAD_BYTES);
  return undefined;
}

/** The entry at `start`, whose size was found to be within the bytes. Undefined: not what a relay says. */
export function readEntry(
  bytes: Uint8Array,
  start: number,
  end: number,
  realm: string,
  codecs: Codecs,
): RelayMessage | undefined {
  const kind = KINDS[bytes[start]];
  const flags = bytes[start + 1];
  const at = start + ENTRY_HEAD_BYTES;
  switch (kind) {
    case 'invocation': {
      const callee = idAt(bytes, at, end);
      const message = messageAt(bytes, at + 8, end, flags, codecs);
      if (callee === 0 || message?.type !== INVOCATION) return undefined;
      const isChunk = (flags & IS_CHUNK) !== 0;
      const takesPassthru = (flags & TAKES_PASSTHRU) !== 0;
      return { kind, realm, callee, isChunk, takesPassthru, message };
    }
    case 'interrupt': {
      const callee = idAt(bytes, at, end);
      const request = idAt(bytes, at + 8, end);
      if (callee === 0 || request === 0 || at + 16 !== end) return undefined;
      return { kind, realm, callee, request, mode: flags & IS_KILL ? 'kill' : 'killnowait' };
    }
    case 'answer': {
      const callee = idAt(bytes, at, end);
      const message = messageAt(bytes, at + 8, end, flags, codecs);
      if (callee === 0 || (message?.type !== YIELD && message?.type !== ERROR)) return undefined;
      return { kind, realm, callee, message };
    }
    case 'refused': {
      const callee = idAt(bytes, at, end);
      const request = idAt(bytes, at + 8, end);
      if (callee === 0 || request === 0) return undefined;
      const detail = readText(bytes, at + 16, end);
      return detail === undefined ? undefined : { kind, realm, callee, request, detail };
    }
    case 'event':
      return eventAt(bytes, at, end, flags, realm, codecs);
    case 'question':
      return questionAt(bytes, at, end, flags, realm, codecs);
    case 'reply': {
      const message = messageAt(bytes, at, end, flags, codecs);
      if (message?.type !== RESULT && message?.type !== ERROR) return undefined;
      return { kind, realm, message };
    }
    default:
      return undefined;
  }
}

/** Returns the flags. */
function writeHead(message: RelayMessage, into: ByteWriter): number {
  switch (message.kind) {
    case 'invocation':
      putId(into, message.callee);
      return (message.isChunk ? IS_CHUNK : 0) | (message.takesPassthru ? TAKES_PASSTHRU : 0);
    case 'interrupt':
      putId(into, message.callee);
      putId(into, message.request);
      return message.mode === 'kill' ? IS_KILL : 0;
    case 'answer':
      putId(into, message.callee);
      return 0;
    case 'refused':
      putId(into, message.callee);
      putId(into, message.request);
      putText(into, message.detail);
      return 0;
    case 'event': {
      const { topic, receivers, resourceKey } = message;
      const start = open(into);
      putText(into, topic);
      close(into, start);
      const isPlain = receivers === undefined && resourceKey === undefined;
      putList(into, isPlain ? undefined : [listsOf(receivers), resourceKey ?? null]);
      return 0;
    }
    case 'question': {
      const { id, authid, authrole } = message.caller;
      putList(into, [id, authid, authrole]);
      return 0;
    }
    case 'reply':
      return 0;
  }
}

function eventAt(
  bytes: Uint8Array,
  at: number,
  end: number,
  flags: number,
  realm: string,
  codecs: Codecs,
): RelayMessage | undefined {
  const topicEnd = partEnd(bytes, at, end);
  const rareEnd = partEnd(bytes, topicEnd, end);
  if (rareEnd > end) return undefined;
  const topic = readText(bytes, at + 4, topicEnd);
  const rare =
    rareEnd === topicEnd + 4 ? NOTHING_RARE : readList(bytes.subarray(topicEnd + 4, rareEnd));
  const message = messageAt(bytes, rareEnd, end, flags, codecs);
  if (topic === undefined || rare?.length !== 2 || message?.type !== EVENT) return undefined;
  const receivers = readLists(rare[0]);
  const resourceKey = rare[1] === null ? undefined : rare[1];
  if (receivers === NO_LISTS) return undefined;
  if (resourceKey !== undefined && typeof resourceKey !== 'string') return undefined;
  return { kind: 'event', realm, topic, receivers, resourceKey, message };
}

/** Who asks for an administrator that has no session. */
const NOBODY = 0;

function questionAt(
  bytes: Uint8Array,
  at: number,
  end: number,
  flags: number,
  realm: string,
  codecs: Codecs,
): RelayMessage | undefined {
  const askerEnd = partEnd(bytes, at, end);
  if (askerEnd > end) return undefined;
  const [id, authid, authrole] = readList(bytes.subarray(at + 4, askerEnd)) ?? [];
  const message = messageAt(bytes, askerEnd, end, flags, codecs);
  if (message?.type !== CALL || !(id === NOBODY || isId(id))) return undefined;
  if (typeof authid !== 'string' || typeof authrole !== 'string') return undefined;
  return { kind: 'question', realm, caller: { id, authid, authrole }, message };
}

function messageAt(
  bytes: Uint8Array,
  start: number,
  end: number,
  flags: number,
  codecs: Codecs,
): Message | undefined {
  const format = FORMATS[flags & NO_MESSAGE];
  if (format === undefined || start >= end) return undefined;
  const message = codecs[format].decode(bytes, start, end, LIMITS);
  return message instanceof Violation ? undefined : message;
}

/** 0: there is none. */
function idAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 8 > end) return 0;
  const id = uint32(bytes, at) * 0x100000000 + uint32(bytes, at + 4);
  return isId(id) ? id : 0;
}

function putId(into: ByteWriter, id: number): void {
  into.reserve(8);
  const { buffer, at } = into;
  into.at = put32(buffer, put32(buffer, at, Math.floor(id / 0x100000000)), id % 0x100000000);
}

function putText(into: ByteWriter, text: string): void {
  into.reserve(text.length * 3);
  into.at += into.buffer.write(text, into.at, 'utf8');
}

function putList(into: ByteWriter, list: readonly PlainValue[] | undefined): void {
  const start = open(into);
  if (list) {
    clearProblem();
    writeValue(list, into);
    if (problem !== undefined) throw new RangeError(`a relayed message cannot say ${problem}`);
  }
  close(into, start);
}

/** A part that begins with its length. */
function open(into: ByteWriter): number {
  into.reserve(4);
  into.at += 4;
  return into.at;
}

function close(into: ByteWriter, start: number): void {
  put32(into.buffer, start - 4, into.at - start);
}

/** Where the part at `at` ends; beyond `end`: nowhere. */
function partEnd(bytes: Uint8Array, at: number, end: number): number {
  return at + 4 > end ? Infinity : at + 4 + uint32(bytes, at);
}

function readList(bytes: Uint8Array): readonly PlainValue[] | undefined {
  const list = decodeBody(bytes, LIST_LIMITS);
  return Array.isArray(list) ? (list as readonly PlainValue[]) : undefined;
}

function codesOf<T extends string>(names: readonly T[]): Readonly<Record<T, number>> {
  return Object.fromEntries(names.map((name, code) => [name, code])) as Record<T, number>;
}

function isId(value: PlainValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 2 ** 53;
}
