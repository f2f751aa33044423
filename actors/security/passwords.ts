/**
 * What is kept of a password instead of it: the verifiers that the realm's methods need (`PasswordOptions.protocols`),
 * each with a salt of its own. Deriving one takes tens of milliseconds of the thread pool, so answers are delivered.
 *
 * The text itself is in no field of an object: it goes from a closure to the pool.
 */
import type { Derivation, Derived, Deriver } from '../../runtime/crypto/derivation.ts';
import { concat, fromBase64, toBase64, utf8 } from '../../runtime/crypto/encoding.ts';
import type { Primitives } from '../../runtime/crypto/primitives.ts';
import { readPhc, writePhc } from './phc.ts';
import type { PasswordOptions, StoredPassword } from './records.ts';

export interface PasswordLimits {
  /** Characters. */
  readonly minLength: number;
  readonly maxLength: number;
}

export interface PasswordTools {
  readonly crypto: Primitives;
  readonly deriver: Deriver;
  readonly limits: () => PasswordLimits;
}

export type Made =
  | { readonly kind: 'made'; readonly stored: StoredPassword }
  /** A sentence about the password that follows "the password". */
  | { readonly kind: 'unsuitable'; readonly why: string }
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly why: string };

export type Verified = 'right' | 'wrong' | 'busy' | 'failed';

const SALT_BYTES = 16;
const KEY_BYTES = 32;

type Protocol = PasswordOptions['protocols'][number];

/** How one verifier is derived from the text, and what the key must be. */
interface Check {
  readonly derivation: Derivation;
  matches(key: Uint8Array): boolean;
}

export class Passwords {
  readonly #tools: PasswordTools;

  constructor(tools: PasswordTools) {
    this.#tools = tools;
  }

  get maxCharacters(): number {
    return this.#tools.limits().maxLength;
  }

  /** Why this cannot be a password; undefined: it can. Follows "the password". */
  whyUnsuitable(password: string): string | undefined {
    const { minLength, maxLength } = this.#tools.limits();
    if (password.length > maxLength) return `has more than ${maxLength} characters`;
    if ([...password].length < minLength) return `has less than ${minLength} characters`;
    const prepared = this.#tools.crypto.saslprep(password);
    // None is left of a text of soft hyphens.
    return prepared ? undefined : 'has a character that passwords must not have (RFC 4013)';
  }

  /** One verifier after the other, so that one request has one place in the queue. Delivers once. */
  make(password: string, options: PasswordOptions, deliver: (made: Made) => void): void {
    const why = this.whyUnsuitable(password);
    if (why !== undefined) return deliver({ kind: 'unsuitable', why });
    const next = (left: readonly Protocol[], stored: StoredPassword): void => {
      const [protocol, ...rest] = left;
      if (protocol === undefined) return deliver({ kind: 'made', stored });
      const salt = this.#tools.crypto.random(SALT_BYTES);
      this.#tools.deriver.derive(this.#derivation(protocol, password, salt, options), (derived) => {
        if (derived.kind !== 'key') return deliver(derived);
        next(rest, { ...stored, ...this.#verifier(protocol, salt, derived.key, options) });
      });
    };
    next([...new Set(options.protocols)], NOTHING);
  }

  /**
   * Delivers once. Without a stored password the work is that of a realm's new one, and the answer `wrong`; `mockSalt` has
   * 16 bytes.
   */
  verify(
    password: string,
    stored: StoredPassword | undefined,
    options: PasswordOptions,
    mockSalt: Uint8Array,
    deliver: (verified: Verified) => void,
  ): void {
    const [protocol = 'hash'] = PREFERENCE.filter((each) => options.protocols.includes(each));
    const key = concat(mockSalt, mockSalt);
    const mock = { ...NOTHING, ...this.#verifier(protocol, mockSalt, key, options) };
    const known = stored && this.#check(password, stored);
    const check = known ?? this.#check(password, mock)!;
    this.#tools.deriver.derive(check.derivation, (derived: Derived) => {
      if (derived.kind !== 'key') return deliver(derived.kind);
      const matches = check.matches(derived.key);
      deliver(matches && known !== undefined ? 'right' : 'wrong');
    });
  }

  /** Has it exactly the verifiers that a new one would have, at the same cost? */
  isCurrent(stored: StoredPassword, options: PasswordOptions): boolean {
    const wants = (protocol: Protocol): boolean => options.protocols.includes(protocol);
    const hash = stored.hash === null ? undefined : readPhc(stored.hash);
    const { scram, cra } = stored;
    const isArgon = options.scramKdf === 'argon2id13';
    return (
      wants('hash') === (stored.hash !== null) &&
      wants('scram') === (scram !== null) &&
      wants('cra') === (cra !== null) &&
      (!wants('hash') || (hash?.memory === options.memory && hash.passes === options.passes)) &&
      (!scram ||
        (scram.kdf === options.scramKdf &&
          scram.iterations === (isArgon ? options.passes : options.iterations) &&
          scram.memory === (isArgon ? options.memory : null))) &&
      (!cra || cra.iterations === options.iterations)
    );
  }

  #derivation(
    protocol: Protocol,
    password: string,
    salt: Uint8Array,
    { scramKdf, iterations, memory, passes }: PasswordOptions,
  ): Derivation {
    const argon2id = { kind: 'argon2id', memory, passes } as const;
    const pbkdf2 = { kind: 'pbkdf2', iterations } as const;
    switch (protocol) {
      case 'hash':
        return this.#prepared(password, salt, argon2id);
      case 'scram':
        return this.#prepared(password, salt, scramKdf === 'argon2id13' ? argon2id : pbkdf2);
      case 'cra':
        // Clients take the password as it is written, and the text of the salt.
        return {
          kdf: pbkdf2,
          password: utf8(password),
          salt: utf8(toBase64(salt)),
          length: KEY_BYTES,
        };
    }
  }

  #prepared(password: string, salt: Uint8Array, kdf: Derivation['kdf']): Derivation {
    const text = this.#tools.crypto.saslprep(password) ?? password;
    return { kdf, password: utf8(text), salt, length: KEY_BYTES };
  }

  #verifier(
    protocol: Protocol,
    salt: Uint8Array,
    key: Uint8Array,
    { scramKdf, iterations, memory, passes }: PasswordOptions,
  ): Partial<StoredPassword> {
    const isArgon = scramKdf === 'argon2id13';
    switch (protocol) {
      case 'hash':
        return { hash: writePhc({ memory, passes, salt, hash: key }) };
      case 'scram':
        return {
          scram: {
            kdf: scramKdf,
            salt: toBase64(salt),
            iterations: isArgon ? passes : iterations,
            memory: isArgon ? memory : null,
            ...this.scramKeys(key),
          },
        };
      case 'cra':
        return { cra: { salt: toBase64(salt), iterations, keylen: KEY_BYTES, key: toBase64(key) } };
    }
  }

  /** RFC 5802: what the server keeps of the salted password. */
  scramKeys(salted: Uint8Array): { readonly storedKey: string; readonly serverKey: string } {
    const { crypto } = this.#tools;
    return {
      storedKey: toBase64(crypto.sha256(crypto.hmac(salted, utf8('Client Key')))),
      serverKey: toBase64(crypto.hmac(salted, utf8('Server Key'))),
    };
  }

  /** By the verifier that is the hardest to guess. */
  #check(password: string, { hash, scram, cra }: StoredPassword): Check | undefined {
    const { equal } = this.#tools.crypto;
    const phc = hash === null ? undefined : readPhc(hash);
    if (phc) {
      const { memory, passes, salt } = phc;
      const prepared = this.#prepared(password, salt, { kind: 'argon2id', memory, passes });
      return {
        derivation: { ...prepared, length: phc.hash.length },
        matches: (key) => equal(key, phc.hash),
      };
    }
    if (scram) {
      const kdf =
        scram.kdf === 'pbkdf2'
          ? ({ kind: 'pbkdf2', iterations: scram.iterations } as const)
          : ({ kind: 'argon2id', memory: scram.memory ?? 0, passes: scram.iterations } as const);
      const salt = fromBase64(scram.salt, 64) ?? new Uint8Array();
      return {
        derivation: this.#prepared(password, salt, kdf),
        matches: (key) => equal(utf8(this.scramKeys(key).storedKey), utf8(scram.storedKey)),
      };
    }
    if (!cra) return undefined;
    const { iterations, keylen } = cra;
    return {
      derivation: {
        kdf: { kind: 'pbkdf2', iterations },
        password: utf8(password),
        salt: utf8(cra.salt),
        length: keylen,
      },
      matches: (key) => equal(utf8(toBase64(key)), utf8(cra.key)),
    };
  }
}

const NOTHING: StoredPassword = { hash: null, scram: null, cra: null };

const PREFERENCE: readonly Protocol[] = ['hash', 'scram', 'cra'];
