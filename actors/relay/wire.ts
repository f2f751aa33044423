/**
 * What one turn says to one node about one realm, as one message between nodes: one frame, one acknowledgement, one hop
 * to the realm's router, however many calls are in it.
 *
 *   batch   format, u32 length, realm, u32 length, causal clock (may be empty), entries (entry.ts)
 */
import { put32, uint32 } from '../../runtime/wamp/big-endian.ts';
import type { Unencodable } from '../../runtime/wamp/codec.ts';
import { CALL, ERROR, INVOCATION, retain } from '../../runtime/wamp/message.ts';
import { readText } from '../../runtime/wamp/utf8.ts';
import { ByteWriter } from '../../runtime/wamp/writer.ts';
import type { RelayMessage } from './api.ts';
import type { Codecs } from './entry.ts';
import { ENTRY_HEAD_BYTES, readEntry, writeEntry } from './entry.ts';

export type { Codecs } from './entry.ts';

const FORMAT = 1;
const EMPTY: Uint8Array = new Uint8Array(0);
const utf8 = new TextEncoder();
/** The realm named last, and its bytes: there are many batches, and few realms. */
let lastRealm = '';
let lastName = EMPTY;

export interface Batch {
  readonly realm: string;
  /** What its sender had seen of the store since the last one; empty: nothing new. */
  readonly causal: Uint8Array;
  readonly messages: readonly RelayMessage[];
  /** Entries that were none. */
  readonly malformed: number;
}

/** `entries`: one after the other, as `writeEntry` wrote them. */
export function batchOf(realm: string, entries: Uint8Array, causal = EMPTY): Uint8Array {
  const name = nameOf(realm);
  const body = new Uint8Array(9 + name.length + causal.length + entries.length);
  body[0] = FORMAT;
  let at = put32(body, 1, name.length);
  body.set(name, at);
  at = put32(body, at + name.length, causal.length);
  body.set(causal, at);
  body.set(entries, at + causal.length);
  return body;
}

function nameOf(realm: string): Uint8Array {
  if (realm !== lastRealm) {
    lastName = utf8.encode(realm);
    lastRealm = realm;
  }
  return lastName;
}

/** A batch of one. */
export function encode(
  message: RelayMessage,
  codecs: Codecs,
  causal?: Uint8Array,
): Uint8Array | Unencodable {
  const writer = new ByteWriter(512);
  const refused = writeEntry(message, codecs, writer);
  return refused ?? batchOf(message.realm, writer.buffer.subarray(0, writer.at), causal);
}

/** Undefined: not what a relay says. What is wrong with one entry does not spoil the others. */
export function decode(body: Uint8Array, codecs: Codecs): Batch | undefined {
  if (body.length < 9 || body[0] !== FORMAT) return undefined;
  const realmEnd = 5 + uint32(body, 1);
  if (realmEnd + 4 > body.length) return undefined;
  const realm = readText(body, 5, realmEnd);
  let at = realmEnd + 4 + uint32(body, realmEnd);
  if (realm === undefined || at > body.length) return undefined;
  const causal = body.subarray(realmEnd + 4, at);
  const messages: RelayMessage[] = [];
  let malformed = 0;
  while (at < body.length) {
    const left = body.length - at - ENTRY_HEAD_BYTES;
    const size = left < 0 ? 0 : uint32(body, at + 2);
    if (left < 0 || size > left) {
      malformed++;
      break;
    }
    const end = at + ENTRY_HEAD_BYTES + size;
    const message = readEntry(body, at, end, realm, codecs);
    if (message) messages.push(message);
    else malformed++;
    at = end;
  }
  return { realm, causal, messages, malformed };
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
