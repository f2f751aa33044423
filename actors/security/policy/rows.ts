/**
 * Records as rows of the store: key and bytes, both ways. A row that cannot be read is a value: a peer may be newer, a
 * disk may be damaged, and what cannot be read must neither grant anything nor end the node.
 */
import type { PlainMap, PlainValue } from '../../../runtime/net/peer/codec.ts';
import { decodeBody, encodeBody, isMap } from '../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import type { SecurityRecord } from '../records.ts';
import { isKind, readFields, SHAPES } from './shapes.ts';

/** Raised when an older node must not believe that it understands a row. */
const VERSION = 1;
const LIMITS = { maxDepth: 16, maxItems: 20_000, maxBytes: 1024 * 1024 };

/** The key in the store: words with spaces between, each without any. */
export function keyOf(record: SecurityRecord): string {
  return wordsOf(record).map(wordOf).join(' ');
}

/** Of a group's row. */
export function groupKey(realm: string, name: string): string {
  return ['group', realm, name].map(wordOf).join(' ');
}

function wordsOf(record: SecurityRecord): readonly (string | null)[] {
  const { kind } = record;
  switch (kind) {
    case 'realm':
      return [kind, record.uri];
    case 'realm_key':
      return [kind, record.realm, record.kid];
    case 'user':
      return [kind, record.realm, record.username];
    case 'authorized_key':
      return [kind, record.realm, record.username, record.key];
    case 'alias':
      return [kind, record.realm, record.alias];
    case 'group':
      return [kind, record.realm, record.name];
    case 'membership':
      return [kind, record.realm, record.of, record.member, record.group];
    case 'source':
      return [kind, record.realm, record.username, record.cidr, record.authmethod];
    case 'grant':
      return [kind, record.realm, record.role, record.permission, record.match, record.uri];
    case 'ticket': {
      const { realm, clientId, deviceId } = record.scope;
      return [kind, record.realm, record.authid, realm, clientId, deviceId];
    }
    case 'ticket_cutoff':
      return [kind, record.realm, record.authid];
  }
}

/** `%0`: null, which no text becomes. */
function wordOf(text: string | null): string {
  if (text === null) return '%0';
  return PLAIN.test(text) ? text : text.replace(/[%\s\p{Cc}]/gu, encodeURIComponent);
}

/** Almost all of them. */
const PLAIN = /^[!-$&-~]*$/;

/** The same bytes for the same record, whatever the order of its fields. */
export function encodeRecord(record: SecurityRecord): Uint8Array {
  const body: Record<string, PlainValue | undefined> = { v: VERSION, kind: record.kind };
  const fields = record as unknown as PlainMap;
  for (const name of Object.keys(SHAPES[record.kind])) body[name] = fields[name];
  return encodeBody(body);
}

/** Never throws. */
export function decodeRecord(key: string, bytes: Uint8Array): SecurityRecord | Malformed {
  const record = readRecord(bytes);
  if (record instanceof Malformed) return record;
  return keyOf(record) === key ? record : new Malformed('a record under the key of another');
}

export function readRecord(bytes: Uint8Array): SecurityRecord | Malformed {
  const body = decodeBody(bytes, LIMITS);
  if (body instanceof Malformed) return body;
  if (!isMap(body)) return new Malformed('not a map');
  if (body.v !== VERSION) return new Malformed('a row of another version');
  const { kind } = body;
  if (!isKind(kind)) return new Malformed('no kind of record');
  const fields = readFields<object>(SHAPES[kind], body);
  if (typeof fields === 'string') return new Malformed(`${kind}: ${fields}`);
  return { kind, ...fields } as SecurityRecord;
}
