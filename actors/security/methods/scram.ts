/**
 * WAMP-SCRAM (advanced/authentication_scram.md after RFC 5802, 7677): both sides prove that they know something of the
 * password, and neither sees it. What is stored here does not open a session anywhere.
 */
import { concat, fromBase64, toBase64, utf8, xor } from '../../../runtime/crypto/encoding.ts';
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { StoredPassword } from '../records.ts';
import type { Claim, Method, MethodTools, Step } from './method.ts';
import { FAILED, mocked } from './method.ts';

export type StoredScram = NonNullable<StoredPassword['scram']>;

/** Of the client's nonce, bytes. Short: it could be guessed. Long: nobody needs it. */
const MIN_NONCE = 8;
const MAX_NONCE = 128;
const KEY_BYTES = 32;

const BINDINGS = ['tls-unique', 'tls-server-end-point', 'tls-exporter'] as const;
export type Binding = (typeof BINDINGS)[number];

export class Scram implements Method {
  readonly #tools: MethodTools;
  readonly #claim: Claim;
  readonly #stored: StoredScram;
  readonly #isKnown: boolean;
  /** Crossbar and Autobahn write argon2id with a dash, and `scram` for the method. */
  readonly #isCrossbar: boolean;
  #clientNonce = '';
  #nonce = '';
  #binding: Binding | undefined;

  constructor(tools: MethodTools, claim: Claim, spelling: string) {
    this.#tools = tools;
    this.#claim = claim;
    const mock = mockedScram(tools, claim);
    const known = claim.user?.password?.scram;
    this.#stored = known ?? mock;
    this.#isKnown = known !== null && known !== undefined;
    this.#isCrossbar = spelling === 'scram';
  }

  begin(): Step {
    const { nonce, channel_binding: wanted = null } = this.#claim.authextra;
    const bytes = typeof nonce === 'string' ? fromBase64(nonce, MAX_NONCE) : undefined;
    if (typeof nonce !== 'string' || !bytes || bytes.length < MIN_NONCE) {
      const detail = `authextra.nonce must be ${MIN_NONCE} to ${MAX_NONCE} random bytes in base64`;
      return { kind: 'malformed', detail };
    }
    if (wanted !== null) {
      this.#binding = BINDINGS.find((name) => name === wanted);
      if (!this.#binding || !this.#claim.transport.channel?.(this.#binding)) {
        return { kind: 'malformed', detail: 'this channel binding is not to be had here' };
      }
    }
    this.#clientNonce = nonce;
    this.#nonce = toBase64(concat(bytes, this.#tools.crypto.random(16)));
    const { salt, kdf, iterations, memory } = this.#stored;
    return {
      kind: 'challenge',
      extra: {
        nonce: this.#nonce,
        salt,
        kdf: kdf === 'argon2id13' && this.#isCrossbar ? 'argon2id-13' : kdf,
        iterations,
        memory,
      },
    };
  }

  answer(signature: string, extra: Dict): Step {
    const { crypto } = this.#tools;
    const { transport, authid } = this.#claim;
    const bound = this.#binding && transport.channel?.(this.#binding);
    const expected = bound && toBase64(bound);
    // What is proven is about the nonce too, so who does not repeat it (Autobahn|Python) loses nothing.
    const { nonce = this.#nonce } = extra;
    if (nonce !== this.#nonce || !isBinding(extra, this.#binding, expected)) return FAILED;
    const message = authMessage({
      authid: crypto.saslprep(authid) ?? authid,
      clientNonce: this.#clientNonce,
      nonce: this.#nonce,
      salt: this.#stored.salt,
      iterations: this.#stored.iterations,
      channel: gs2(this.#binding, bound),
    });
    const verifier = verifyProof(this.#tools.crypto, this.#stored, signature, message);
    if (!verifier || !this.#isKnown) return FAILED;
    return { kind: 'proven', authextra: { verifier: toBase64(verifier) } };
  }
}

/** The server's signature when the proof is right. */
export function verifyProof(
  crypto: MethodTools['crypto'],
  stored: Pick<StoredScram, 'storedKey' | 'serverKey'>,
  signature: string,
  message: string,
): Uint8Array | undefined {
  const text = utf8(message);
  const storedKey = fromBase64(stored.storedKey, KEY_BYTES)!;
  const proof = fromBase64(signature, KEY_BYTES);
  const given = proof?.length === KEY_BYTES ? proof : new Uint8Array(KEY_BYTES);
  const clientKey = xor(given, crypto.hmac(storedKey, text));
  const isRight = crypto.equal(crypto.sha256(clientKey), storedKey);
  const verifier = crypto.hmac(fromBase64(stored.serverKey, KEY_BYTES)!, text);
  return isRight ? verifier : undefined;
}

/** Base64 of the GS2 header and what binds the channel. */
export function gs2(binding: Binding | undefined, bound: Uint8Array | undefined): string {
  if (!binding || !bound) return toBase64(utf8('n,,'));
  return toBase64(concat(utf8(`p=${binding},,`), bound));
}

export function authMessage(of: {
  readonly authid: string;
  readonly clientNonce: string;
  readonly nonce: string;
  readonly salt: string;
  readonly iterations: number;
  readonly channel: string;
}): string {
  const name = of.authid.replaceAll('=', '=3D').replaceAll(',', '=2C');
  return (
    `n=${name},r=${of.clientNonce},` +
    `r=${of.nonce},s=${of.salt},i=${of.iterations},` +
    `c=${of.channel},r=${of.nonce}`
  );
}

/** What the client says of the channel must be what HELLO said and what this end sees of it. */
function isBinding(
  { channel_binding: type = null, cbind_data: data = null }: Dict,
  binding: Binding | undefined,
  expected: string | undefined,
): boolean {
  if (type !== null && type !== binding) return false;
  if (data !== null && data !== '' && data !== expected) return false;
  return binding === undefined || type === binding;
}

function mockedScram(tools: MethodTools, claim: Claim): StoredScram {
  const { scramKdf, iterations, memory, passes } = claim.password;
  const isArgon = scramKdf === 'argon2id13';
  return {
    kdf: scramKdf,
    salt: toBase64(mocked(tools, claim, 'scram salt', 16)),
    iterations: isArgon ? passes : iterations,
    memory: isArgon ? memory : null,
    storedKey: toBase64(mocked(tools, claim, 'scram stored key', KEY_BYTES)),
    serverKey: toBase64(mocked(tools, claim, 'scram server key', KEY_BYTES)),
  };
}
