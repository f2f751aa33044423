/** Users, a policy, and clients that can prove who they are, for the methods of authentication. */
import { createHash, createHmac, createPrivateKey, pbkdf2Sync, sign } from 'node:crypto';
import type { Authentication, Verdict } from '../../../../actors/security/api.ts';
import { AUTHENTICATION_DEFAULTS } from '../../../../actors/security/config.ts';
import type { AuthenticationConfig } from '../../../../actors/security/config.ts';
import { MethodAuthenticator } from '../../../../actors/security/method-authenticator.ts';
import type { MethodAuthenticatorDependencies } from '../../../../actors/security/method-authenticator.ts';
import { Passwords } from '../../../../actors/security/passwords.ts';
import type { EffectiveRealm, EffectiveUser } from '../../../../actors/security/policy-port.ts';
import type { PasswordOptions, StoredPassword } from '../../../../actors/security/records.ts';
import { ThreadPoolDeriver } from '../../../../runtime/crypto/derivation.ts';
import type { Derivation, Derived, Deriver } from '../../../../runtime/crypto/derivation.ts';
import { primitives } from '../../../../runtime/crypto/primitives.ts';
import type { Primitives } from '../../../../runtime/crypto/primitives.ts';
import { equalSecrets } from '../../../../runtime/crypto/secrets.ts';
import type { TransportInfo } from '../../../../runtime/net/connection.ts';
import type { Dict } from '../../../../runtime/wamp/message.ts';

/** Cheap, so that tests are. */
export const OPTIONS: PasswordOptions = {
  protocols: ['hash', 'scram', 'cra'],
  scramKdf: 'pbkdf2',
  iterations: 4096,
  memory: 64,
  passes: 1,
};

export const TRANSPORT: TransportInfo = {
  kind: 'rawsocket',
  batched: false,
  tls: false,
  peer: { address: '192.0.2.1', port: 4711 },
  listener: 'test',
};

export const ALL_METHODS: readonly string[] = [
  'anonymous',
  'trust',
  'password',
  'ticket',
  'wampcra',
  'wamp-scram',
  'cryptosign',
  'oauth2',
  'tls',
];

export function realm(of: Partial<EffectiveRealm> = {}): EffectiveRealm {
  return {
    uri: 'com.example',
    description: '',
    isPrototype: false,
    prototypeUri: undefined,
    isSsoRealm: false,
    ssoRealmUri: undefined,
    allowedRealms: undefined,
    allowConnections: true,
    authmethods: ALL_METHODS,
    securityEnabled: true,
    password: OPTIONS,
    limits: {
      uriStrictness: null,
      allowDisclosure: null,
      maxSessions: null,
      maxSubscriptionsPerSession: null,
      maxMessageBytes: null,
      maxRate: null,
    },
    info: {},
    isConfigured: false,
    ...of,
  };
}

export function user(username: string, of: Partial<EffectiveUser> = {}): EffectiveUser {
  return {
    realm: 'com.example',
    username,
    enabled: true,
    ssoRealmUri: undefined,
    meta: {},
    groups: ['staff', 'night'],
    aliases: [],
    authorizedKeys: [],
    password: undefined,
    passwordAt: 1,
    ...of,
  };
}

export class FakePolicy {
  realm_: EffectiveRealm | undefined = realm();
  readonly users = new Map<string, EffectiveUser>();
  /** Undefined: all of the realm's, for everybody from everywhere. */
  sources: ((username: string, address: string) => readonly string[]) | undefined;

  add(added: EffectiveUser): void {
    this.users.set(added.username, added);
  }

  realm(uri: string): EffectiveRealm | undefined {
    return uri === this.realm_?.uri ? this.realm_ : undefined;
  }

  user(_realm: string, given: string): EffectiveUser | undefined {
    const authid = given.toLowerCase();
    const byAlias = [...this.users.values()].find(({ aliases }) => aliases.includes(authid));
    return this.users.get(authid) ?? byAlias;
  }

  methodsFrom(_realm: string, username: string, address: string): readonly string[] {
    return this.sources?.(username, address) ?? this.realm_?.authmethods ?? [];
  }
}

/** Counts what is asked of it: two attempts that count the same have done the same work. */
export class CountingCrypto implements Primitives, Deriver {
  calls: string[] = [];
  readonly #deriver = new ThreadPoolDeriver(() => ({ concurrency: 2, maxWaiting: 100 }));

  sha256 = this.#counted('sha256', primitives.sha256);
  hmac = this.#counted('hmac', primitives.hmac);
  equal = this.#counted('equal', primitives.equal);
  random = this.#counted('random', primitives.random);
  verifyEd25519 = this.#counted('verify', primitives.verifyEd25519);
  saslprep = this.#counted('saslprep', primitives.saslprep);

  derive(derivation: Derivation, deliver: (derived: Derived) => void): void {
    const { kdf, salt, length } = derivation;
    this.calls.push(`derive ${JSON.stringify(kdf)} ${salt.length} ${length}`);
    this.#deriver.derive(derivation, deliver);
  }

  #counted<A extends readonly unknown[], R>(
    name: string,
    call: (...args: A) => R,
  ): (...args: A) => R {
    return (...args) => {
      this.calls.push(name);
      return call(...args);
    };
  }
}

export class Door {
  readonly policy = new FakePolicy();
  readonly crypto = new CountingCrypto();
  readonly counted: string[] = [];
  config: AuthenticationConfig = AUTHENTICATION_DEFAULTS;
  now = 1_000_000;
  wall = Date.UTC(2026, 10, 25);
  readonly authenticator: MethodAuthenticator;

  constructor(more: Partial<MethodAuthenticatorDependencies> = {}) {
    this.authenticator = new MethodAuthenticator({
      config: () => this.config,
      configured: () => undefined,
      policy: this.policy,
      crypto: this.crypto,
      deriver: this.crypto,
      tokens: { check: (_issuer, _token, deliver) => deliver({ kind: 'invalid', why: 'none' }) },
      secret: new Uint8Array(32).fill(7),
      equal: equalSecrets,
      wall: () => this.wall,
      now: () => this.now,
      count: (counter) => this.counted.push(counter),
      ...more,
    });
  }

  attempt(transport: TransportInfo = TRANSPORT, sessionId = 4711): Authentication {
    const attempt = this.authenticator.attempt('com.example', transport, sessionId);
    if (!attempt) throw new Error('no such realm');
    return attempt;
  }

  /** HELLO and, after a challenge, AUTHENTICATE with what `prove` says. */
  async enter(
    hello: {
      authid?: string;
      authmethods: readonly string[];
      authextra?: Dict;
      authroles?: readonly string[];
    },
    prove: (challenge: Dict, method: string) => { signature: string; extra?: Dict } = () => ({
      signature: '',
    }),
    transport: TransportInfo = TRANSPORT,
  ): Promise<Verdict> {
    const attempt = this.attempt(transport);
    const { authid, authmethods, authextra = {}, authroles } = hello;
    const first = await settled(attempt.begin({ authid, authmethods, authextra, authroles }));
    if (first.kind !== 'challenge') return first;
    const { signature, extra = {} } = prove(first.extra, first.method);
    return settled(attempt.answer(signature, extra));
  }
}

/** What comes of a verdict in the end. */
export async function settled(verdict: Verdict): Promise<Verdict> {
  if (verdict.kind !== 'pending') return verdict;
  const next = await new Promise<() => Verdict>((resolve) => verdict.settle(resolve));
  return settled(next());
}

export async function stored(
  password: string,
  options: PasswordOptions = OPTIONS,
): Promise<StoredPassword> {
  const passwords = new Passwords({
    crypto: primitives,
    deriver: new ThreadPoolDeriver(() => ({ concurrency: 2, maxWaiting: 100 })),
    limits: () => AUTHENTICATION_DEFAULTS.password,
  });
  return new Promise((resolve, reject) =>
    passwords.make(password, options, (made) =>
      made.kind === 'made' ? resolve(made.stored) : reject(new Error(made.kind)),
    ),
  );
}

// ---- clients, written from the specification alone

export function craSignature(
  password: string,
  { challenge, salt, iterations, keylen }: Dict,
): string {
  const key = pbkdf2Sync(password, String(salt), Number(iterations), Number(keylen), 'sha256');
  return createHmac('sha256', key.toString('base64')).update(String(challenge)).digest('base64');
}

export const hmac = (key: Uint8Array, data: string | Uint8Array): Buffer =>
  createHmac('sha256', key).update(data).digest();

export const CLIENT_NONCE = Buffer.alloc(16, 3).toString('base64');

export function scramAnswer(
  salted: Uint8Array,
  authid: string,
  challenge: Dict,
  channel = 'biws',
): { signature: string; extra: Dict; verifier: string } {
  const { nonce, salt, iterations } = challenge;
  const message = `n=${authid},r=${CLIENT_NONCE},r=${nonce},s=${salt},i=${iterations},c=${channel},r=${nonce}`;
  const clientKey = hmac(salted, 'Client Key');
  const storedKey = createHash('sha256').update(clientKey).digest();
  const signature = hmac(storedKey, message);
  const proof = clientKey.map((byte, i) => byte ^ signature[i]);
  return {
    signature: Buffer.from(proof).toString('base64'),
    extra: { nonce },
    verifier: hmac(hmac(salted, 'Server Key'), message).toString('base64'),
  };
}

export function pbkdf2Salted(password: string, { salt, iterations }: Dict): Uint8Array {
  const bytes = Buffer.from(String(salt), 'base64');
  return pbkdf2Sync(password, bytes, Number(iterations), 32, 'sha256');
}

export function ed25519(seedHex: string): (message: Uint8Array) => Buffer {
  const der = Buffer.from(`302e020100300506032b657004220420${seedHex}`, 'hex');
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return (message) => sign(null, message, key);
}
