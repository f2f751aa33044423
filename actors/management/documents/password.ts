/**
 * Passwords that somebody else has derived: Bondy's password objects (version 1.2), so that users of a Bondy installation
 * move with the passwords they have. What is not exactly such an object is refused: a verifier that is almost right would
 * be a user who cannot log in, or one whom a guess lets in.
 */
import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { fromBase64 } from '../../../runtime/crypto/encoding.ts';
import type { StoredPassword } from '../../security/api.ts';
import { CLOSED } from './names.ts';

const KEY_BYTES = 32;
const MIN_SALT = 8;
const MAX_SALT = 64;

const Base64 = Type.String({ minLength: 1, maxLength: 128 });

const params = Type.Object(
  {
    kdf: Type.Literal('pbkdf2'),
    // As of realms: less is guessed, more is a denial of service at every login.
    iterations: Type.Integer({ minimum: 4_096, maximum: 1_000_000 }),
    hash_function: Type.Literal('sha256'),
    hash_length: Type.Literal(KEY_BYTES),
    salt_length: Type.Optional(Type.Integer({ minimum: MIN_SALT, maximum: MAX_SALT })),
    /** Means something to argon2 only. */
    memory: Type.Optional(Type.Unknown()),
  },
  CLOSED,
);

const HEAD = { type: Type.Literal('password'), version: Type.Literal('1.2') };

const CraObject = Type.Object(
  {
    ...HEAD,
    protocol: Type.Literal('cra'),
    params,
    data: Type.Object({ salt: Base64, salted_password: Base64 }, CLOSED),
  },
  CLOSED,
);

const ScramObject = Type.Object(
  {
    ...HEAD,
    protocol: Type.Literal('scram'),
    params,
    data: Type.Object({ salt: Base64, stored_key: Base64, server_key: Base64 }, CLOSED),
  },
  CLOSED,
);

export const PasswordObject = Type.Union([CraObject, ScramObject]);
export type PasswordObject = Static<typeof PasswordObject>;

export interface WrongField {
  readonly field: string;
  readonly why: string;
}

/** What is kept of it: one verifier, for the method it was made for and for those that reveal the password. */
export function importedPassword(object: PasswordObject): StoredPassword | WrongField {
  const { iterations } = object.params;
  const wrong = wrongData(object.data);
  if (wrong) return wrong;
  if (object.protocol === 'cra') {
    const { salt, salted_password: key } = object.data;
    return { ...NONE, cra: { salt, iterations, keylen: KEY_BYTES, key } };
  }
  const { salt, stored_key: storedKey, server_key: serverKey } = object.data;
  return {
    ...NONE,
    scram: { kdf: 'pbkdf2', salt, iterations, memory: null, storedKey, serverKey },
  };
}

const NONE: StoredPassword = { hash: null, scram: null, cra: null };

function wrongData(data: PasswordObject['data']): WrongField | undefined {
  for (const [field, text] of Object.entries(data)) {
    const isSalt = field === 'salt';
    const bytes = fromBase64(text, MAX_SALT)?.length ?? 0;
    // Texts are compared and hashed as they are: of one value there must be one.
    const isWhole = text.length % 4 === 0;
    if (isWhole && (isSalt ? bytes >= MIN_SALT : bytes === KEY_BYTES)) continue;
    const length = isSalt ? `${MIN_SALT} to ${MAX_SALT}` : `${KEY_BYTES}`;
    return { field: `data.${field}`, why: `must be ${length} bytes in base64 with padding` };
  }
  return undefined;
}
