/**
 * The shape of every record as it is stored: which fields, in which order, within which bounds. Rows come from peers and
 * from disk, so that none of it is believed before it is read by these.
 */
import type { PlainMap, PlainValue } from '../../../runtime/net/peer/codec.ts';
import { isMap } from '../../../runtime/net/peer/codec.ts';
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { PasswordOptions, RealmLimits, SecurityRecord, StoredPassword } from '../records.ts';

/** Undefined: not what is expected. */
export type Read<T> = (value: PlainValue | undefined) => T | undefined;
type Fields<T> = { readonly [K in keyof T]: Read<T[K]> };
export type Kind = SecurityRecord['kind'];
export type RecordOf<K extends Kind> = Extract<SecurityRecord, { readonly kind: K }>;
type Shapes = { readonly [K in Kind]: Fields<Omit<RecordOf<K>, 'kind'>> };

const MAX_URI = 1024;
const MAX_NAME = 1024;
const MAX_TEXT = 4096;
const MAX_KEY_TEXT = 64 * 1024;
const MAX_LIST = 1024;

const boolean: Read<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);

/** From 0 on. */
const integer: Read<number> = (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

function text(max: number): Read<string> {
  return (value) => (typeof value === 'string' && value.length <= max ? value : undefined);
}

function oneOf<const T extends string>(...choices: readonly T[]): Read<T> {
  return (value) => choices.find((choice) => choice === value);
}

function nullable<T>(read: Read<T>): Read<T | null> {
  return (value) => (value === null ? null : read(value));
}

function list<T>(read: Read<T>): Read<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value) || value.length > MAX_LIST) return undefined;
    const items: T[] = [];
    for (const each of value as readonly PlainValue[]) {
      const item = read(each);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  };
}

const dict: Read<Dict> = (value) => (isMap(value) ? value : undefined);

/** Unknown fields are passed over: who adds one that restricts something raises the version of rows. */
export function readFields<T>(fields: Fields<T>, value: PlainMap): T | string {
  const found: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    const read = fields[name as keyof T];
    const field = read(value[name]);
    if (field === undefined) return name;
    found[name] = field;
  }
  return found as T;
}

function object<T>(fields: Fields<T>): Read<T> {
  return (value) => {
    if (!isMap(value)) return undefined;
    const found = readFields(fields, value);
    return typeof found === 'string' ? undefined : found;
  };
}

const FACT = { held: boolean, at: integer };
const OWNER = { ...FACT, since: integer };
const uri = text(MAX_URI);
const name = text(MAX_NAME);
const kdf = oneOf('pbkdf2', 'argon2id13');

const limits = object<RealmLimits>({
  uriStrictness: nullable(oneOf('loose', 'strict')),
  allowDisclosure: nullable(boolean),
  maxSessions: nullable(integer),
  maxSubscriptionsPerSession: nullable(integer),
  maxMessageBytes: nullable(integer),
  maxRate: nullable(integer),
});

const passwordOptions = object<PasswordOptions>({
  protocols: list(oneOf('hash', 'scram', 'cra')),
  scramKdf: kdf,
  iterations: integer,
  memory: integer,
  passes: integer,
});

const storedPassword = object<StoredPassword>({
  hash: nullable(text(MAX_TEXT)),
  scram: nullable(
    object({
      kdf,
      salt: text(MAX_TEXT),
      iterations: integer,
      memory: nullable(integer),
      storedKey: text(MAX_TEXT),
      serverKey: text(MAX_TEXT),
    }),
  ),
  cra: nullable(
    object({
      salt: text(MAX_TEXT),
      iterations: integer,
      keylen: integer,
      key: text(MAX_TEXT),
    }),
  ),
});

export const SHAPES: Shapes = {
  realm: {
    ...OWNER,
    uri,
    description: text(MAX_TEXT),
    isPrototype: boolean,
    prototypeUri: nullable(uri),
    isSsoRealm: boolean,
    ssoRealmUri: nullable(uri),
    allowedRealms: nullable(list(uri)),
    allowConnections: nullable(boolean),
    authmethods: nullable(list(name)),
    securityEnabled: nullable(boolean),
    password: nullable(passwordOptions),
    limits,
    info: dict,
  },
  realm_key: {
    ...FACT,
    realm: uri,
    kid: name,
    use: oneOf('sign', 'encrypt'),
    publicKey: text(MAX_KEY_TEXT),
    privateKey: text(MAX_KEY_TEXT),
    isSealed: boolean,
  },
  user: {
    ...OWNER,
    realm: uri,
    username: name,
    enabled: boolean,
    ssoRealmUri: nullable(uri),
    meta: dict,
    password: nullable(storedPassword),
    passwordAt: integer,
  },
  authorized_key: {
    ...FACT,
    realm: uri,
    username: name,
    key: name,
    // Older rows do not say it: of whoever is there.
    userSince: (value) => (value === undefined ? Number.MAX_SAFE_INTEGER : integer(value)),
  },
  alias: { ...FACT, realm: uri, alias: name, username: name },
  group: { ...OWNER, realm: uri, name, meta: dict },
  membership: { ...FACT, realm: uri, of: oneOf('user', 'group'), member: name, group: name },
  source: { ...FACT, realm: uri, username: name, authmethod: name, cidr: name, meta: dict },
  grant: {
    ...FACT,
    realm: uri,
    role: name,
    permission: uri,
    uri,
    match: oneOf('exact', 'prefix', 'wildcard', 'any'),
  },
  ticket: {
    ...FACT,
    realm: uri,
    authid: name,
    scope: object({
      realm: nullable(uri),
      clientId: nullable(name),
      deviceId: nullable(name),
    }),
    id: name,
    expiresAt: integer,
    since: (value) => (value === undefined ? 0 : integer(value)), // older rows have none
  },
  ticket_cutoff: { ...FACT, realm: uri, authid: name },
};

export function isKind(value: PlainValue | undefined): value is Kind {
  return typeof value === 'string' && Object.hasOwn(SHAPES, value);
}
