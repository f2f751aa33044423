/**
 * WAMP-CRA (advanced/authentication_cra.md), salted: HMAC over a challenge with a key made from the password.
 *
 * As in Bondy and Autobahn it is the base64 text of the salt that is hashed, and the base64 text of the result that is
 * the key of the HMAC; the specification leaves both open.
 */
import { fromBase64, toBase64, toHex, utf8 } from '../../../runtime/crypto/encoding.ts';
import type { StoredPassword } from '../records.ts';
import type { Claim, Method, MethodTools, Step } from './method.ts';
import { FAILED, mocked, PROVEN } from './method.ts';

type StoredCra = NonNullable<StoredPassword['cra']>;

export const PROVIDER = 'com.leapsight.bondy.rbac';

export class WampCra implements Method {
  readonly #tools: MethodTools;
  readonly #claim: Claim;
  readonly #stored: StoredCra;
  readonly #isKnown: boolean;
  #challenge = '';

  constructor(tools: MethodTools, claim: Claim) {
    this.#tools = tools;
    this.#claim = claim;
    const mock = mockedCra(tools, claim);
    const known = claim.user?.password?.cra;
    this.#stored = known ?? mock;
    this.#isKnown = known !== null && known !== undefined;
  }

  begin(): Step {
    const { authid, sessionId } = this.#claim;
    this.#challenge = JSON.stringify({
      authid,
      authrole: 'default',
      authmethod: 'wampcra',
      authprovider: PROVIDER,
      nonce: toHex(this.#tools.crypto.random(16)),
      timestamp: new Date(this.#tools.wall()).toISOString(),
      session: sessionId,
    });
    const { salt, keylen, iterations } = this.#stored;
    return {
      kind: 'challenge',
      extra: { challenge: this.#challenge, salt, keylen, iterations },
    };
  }

  answer(signature: string): Step {
    const { crypto } = this.#tools;
    const expected = crypto.hmac(utf8(this.#stored.key), utf8(this.#challenge));
    const given = fromBase64(signature, expected.length) ?? new Uint8Array(expected.length);
    const isRight = crypto.equal(given, expected);
    return isRight && this.#isKnown ? PROVEN : FAILED;
  }
}

function mockedCra(tools: MethodTools, claim: Claim): StoredCra {
  return {
    salt: toBase64(mocked(tools, claim, 'cra salt', 16)),
    iterations: claim.password.iterations,
    keylen: 32,
    key: toBase64(mocked(tools, claim, 'cra key', 32)),
  };
}
