/** One entry on the wire: a map, its kind in one letter. What is not understood is none. */
import type { PlainMap, PlainValue } from '../../runtime/net/peer/codec.ts';
import { isMap } from '../../runtime/net/peer/codec.ts';
import type { Entry, EntryMatch, RegistrationEntry } from './api.ts';

const MATCHES: readonly EntryMatch[] = ['exact', 'prefix', 'wildcard'];
const MAX_URI = 65_536;
const MAX_NAME = 65_536; // of a user or a role; routers bound them more tightly
const MAX_KEY = 1_024;

const LETTERS = {
  registration: 'r',
  interest: 'i',
  shard: 'k',
  session: 's',
  subscriber: 'u',
} as const satisfies Record<Entry['kind'], string>;

export function plainEntry(entry: Entry): PlainValue {
  return { ...entry, kind: LETTERS[entry.kind] };
}

export function readEntry(value: PlainValue | undefined): Entry | undefined {
  if (!isMap(value)) return undefined;
  const { kind, realm } = value;
  if (!isText(realm, MAX_URI)) return undefined;
  switch (kind) {
    case LETTERS.session:
      return readSession(realm, value);
    case LETTERS.registration:
    case LETTERS.interest:
    case LETTERS.shard:
    case LETTERS.subscriber:
      return readPattern(kind, realm, value);
    default:
      return undefined;
  }
}

function readSession(realm: string, { session, authid, authrole }: PlainMap): Entry | undefined {
  if (!isId(session) || !isText(authid, MAX_NAME) || !isText(authrole, MAX_NAME)) return undefined;
  return { kind: 'session', realm, session, authid, authrole };
}

function readPattern(
  kind: 'r' | 'i' | 'k' | 'u',
  realm: string,
  value: PlainMap,
): Entry | undefined {
  const { uri, created, nodeKey, session } = value;
  const match = MATCHES.find((each) => each === value['match']);
  if (!isText(uri, MAX_URI) || !match) return undefined;
  switch (kind) {
    case LETTERS.interest:
      return isCount(created) ? { kind: 'interest', realm, uri, match, created } : undefined;
    case LETTERS.shard:
      return isText(nodeKey, MAX_KEY) ? { kind: 'shard', realm, uri, match, nodeKey } : undefined;
    case LETTERS.subscriber:
      return isId(session) ? { kind: 'subscriber', realm, session, uri, match } : undefined;
    case LETTERS.registration:
      return readRegistration(realm, uri, match, value);
  }
}

function readRegistration(
  realm: string,
  uri: string,
  match: EntryMatch,
  value: PlainMap,
): RegistrationEntry | undefined {
  const { created, invoke, session, registration, concurrency, features, stamp } = value;
  const isStrings = Array.isArray(features) && features.length <= 64 && features.every(isShort);
  if (!isCount(created) || !isText(invoke, 64) || !isStrings) return undefined;
  if (!isId(session) || !isId(registration) || !isCount(concurrency)) return undefined;
  if (typeof stamp !== 'bigint' && !isCount(stamp)) return undefined;
  return {
    kind: 'registration',
    realm,
    uri,
    match,
    invoke,
    session,
    registration,
    concurrency,
    discloseCaller: value['discloseCaller'] === true,
    forwardTimeout: value['forwardTimeout'] === true,
    features: features as readonly string[],
    stamp: BigInt(stamp),
    isForced: value['isForced'] === true,
    created,
  };
}

export function isText(value: PlainValue | undefined, max: number): value is string {
  return typeof value === 'string' && value.length <= max;
}

function isShort(value: PlainValue): value is string {
  return isText(value, 128);
}

export function isCount(value: PlainValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** 2^53 is one, too. */
function isId(value: PlainValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 2 ** 53;
}
