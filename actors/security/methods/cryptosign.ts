/**
 * Cryptosign (advanced/authentication_cryptosign.md): an Ed25519 signature over a random challenge. The client sends the
 * challenge along with the signature, and it must be the one it got: otherwise a recorded answer would open a session.
 */
import { concat, fromHex, toHex, xor } from '../../../runtime/crypto/encoding.ts';
import type { Ed25519Signer } from '../../../runtime/crypto/primitives.ts';
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { Claim, Method, MethodTools, Step } from './method.ts';
import { FAILED, PROVEN } from './method.ts';

const BYTES = 32;
const SIGNATURE_BYTES = 64;

const BINDINGS = ['tls-unique', 'tls-exporter'] as const;

export class Cryptosign implements Method {
  readonly #tools: MethodTools;
  readonly #claim: Claim;
  /** Proves to the client that it talks to this router. */
  readonly #router: Ed25519Signer | undefined;
  #publicKey: Uint8Array = new Uint8Array();
  /** What is signed: the challenge, bound to the channel if the client wants it. */
  #message: Uint8Array = new Uint8Array();

  constructor(tools: MethodTools, claim: Claim, router: Ed25519Signer | undefined) {
    this.#tools = tools;
    this.#claim = claim;
    this.#router = router;
  }

  begin(): Step {
    const {
      pubkey,
      channel_binding: wanted = null,
      challenge: theirs = null,
    } = this.#claim.authextra;
    const key = typeof pubkey === 'string' ? fromHex(pubkey, BYTES) : undefined;
    if (!key) {
      return { kind: 'malformed', detail: 'authextra.pubkey must be a key of 32 bytes in hex' };
    }
    const channel = wanted === null ? null : this.#channelId(wanted);
    if (channel === undefined) {
      return { kind: 'malformed', detail: 'this channel binding is not to be had here' };
    }
    const proof = theirs === null ? {} : this.#proveMyself(theirs, channel);
    if (!proof) {
      return { kind: 'malformed', detail: 'authextra.challenge must be 32 random bytes in hex' };
    }
    const challenge = this.#tools.crypto.random(BYTES);
    this.#publicKey = key;
    this.#message = channel ? xor(challenge, channel) : challenge;
    return {
      kind: 'challenge',
      extra: { challenge: toHex(challenge), channel_binding: wanted, ...proof },
    };
  }

  answer(signature: string): Step {
    const { crypto } = this.#tools;
    const given = this.#read(signature);
    if (!given) return FAILED;
    const isMine = crypto.equal(given.message, this.#message);
    const isSigned = crypto.verifyEd25519(this.#publicKey, this.#message, given.signature);
    const key = toHex(this.#publicKey);
    const isAuthorized = this.#claim.user?.authorizedKeys.includes(key) === true;
    return isMine && isSigned && isAuthorized ? PROVEN : FAILED;
  }

  /** The signature and what it is over. Some clients of Bondy send the signature alone. */
  #read(
    text: string,
  ): { readonly signature: Uint8Array; readonly message: Uint8Array } | undefined {
    const alone = fromHex(text, SIGNATURE_BYTES);
    if (alone) return { signature: alone, message: this.#message };
    const both = fromHex(text, SIGNATURE_BYTES + BYTES);
    if (!both) return undefined;
    return { signature: both.slice(0, SIGNATURE_BYTES), message: both.slice(SIGNATURE_BYTES) };
  }

  /** 32 bytes that both ends of the connection see, and nobody in between could have made the same. */
  #channelId(wanted: unknown): Uint8Array | undefined {
    const type = BINDINGS.find((name) => name === wanted);
    const id = type && this.#claim.transport.channel?.(type);
    if (!id) return undefined;
    return type === 'tls-unique' ? this.#tools.crypto.sha256(id) : id;
  }

  #proveMyself(theirs: unknown, channel: Uint8Array | null): Dict | undefined {
    const challenge = typeof theirs === 'string' ? fromHex(theirs, BYTES) : undefined;
    if (!challenge) return undefined;
    if (!this.#router) return {};
    const message = channel ? xor(challenge, channel) : challenge;
    return {
      pubkey: toHex(this.#router.publicKey),
      signature: toHex(concat(this.#router.sign(message), message)),
    };
  }
}
