/**
 * The four octets each side says before WAMP over RawSocket (WAMP advanced/transport_rawsocket.md): magic, length
 * and serializer, two reserved. They may arrive one by one, or with the first message right behind them.
 */
import type { SerializerId } from '../wamp/message.ts';

const MAGIC = 0x7f;
const SERIALIZERS: Readonly<Record<number, SerializerId>> = { 1: 'json', 2: 'msgpack', 3: 'cbor' };

export type HandshakeError =
  | 'serializer_unsupported' // 1
  | 'length_unacceptable' // 2
  | 'reserved_bits' // 3
  | 'too_many_connections'; // 4

const ERROR_CODES: Readonly<Record<HandshakeError, number>> = {
  serializer_unsupported: 1,
  length_unacceptable: 2,
  reserved_bits: 3,
  too_many_connections: 4,
};

export interface HandshakeRules {
  /** What we accept: 2^(9 + exponent) bytes, 0..15. */
  readonly lengthExponent: number;
  /** The least a peer must accept, as the same exponent. 0 takes everybody. */
  readonly minPeerExponent: number;
  /** The listener has no room: whoever asks correctly hears error 4. */
  readonly isFull: boolean;
}

export type HandshakeResult =
  | { readonly kind: 'incomplete' }
  | {
      readonly kind: 'accepted';
      readonly serializer: SerializerId;
      /** The longest message the peer accepts, in bytes. */
      readonly peerMaxBytes: number;
      readonly reply: Uint8Array;
      /** Where in the chunk just given the first frame starts. */
      readonly rest: number;
    }
  /** `reply` is undefined when the first octet shows that this is no WAMP client. */
  | {
      readonly kind: 'refused';
      readonly error: HandshakeError | 'not_rawsocket';
      readonly reply: Uint8Array | undefined;
    };

/** The largest exponent whose length is not over `bytes` (512 B .. 16 MiB). */
export function lengthExponent(bytes: number): number {
  return Math.max(0, Math.min(15, Math.floor(Math.log2(bytes)) - 9));
}

export function lengthOf(exponent: number): number {
  return 2 ** (9 + exponent);
}

export class RawSocketHandshake {
  readonly #rules: HandshakeRules;
  /** What has come of them, when they do not all come at once. */
  #octets: number[] | undefined;

  constructor(rules: HandshakeRules) {
    this.#rules = rules;
  }

  push(chunk: Uint8Array): HandshakeResult {
    if (this.#octets === undefined && chunk.length >= 4) {
      return chunk[0] === MAGIC ? this.#decide(chunk[1], chunk[2], chunk[3], 4) : NOT_RAWSOCKET;
    }
    const octets = (this.#octets ??= []);
    let used = 0;
    while (used < chunk.length && octets.length < 4) {
      octets.push(chunk[used++]);
      if (octets[0] !== MAGIC) return NOT_RAWSOCKET;
    }
    if (octets.length < 4) return { kind: 'incomplete' };
    return this.#decide(octets[1], octets[2], octets[3], used);
  }

  #decide(second: number, third: number, fourth: number, rest: number): HandshakeResult {
    if (third !== 0 || fourth !== 0) return refuse('reserved_bits');
    const serializer = SERIALIZERS[second & 0x0f];
    if (serializer === undefined) return refuse('serializer_unsupported');
    if (second >> 4 < this.#rules.minPeerExponent) return refuse('length_unacceptable');
    if (this.#rules.isFull) return refuse('too_many_connections');
    const reply = replyWith((this.#rules.lengthExponent << 4) | (second & 0x0f));
    return { kind: 'accepted', serializer, peerMaxBytes: lengthOf(second >> 4), reply, rest };
  }
}

const NOT_RAWSOCKET: HandshakeResult = {
  kind: 'refused',
  error: 'not_rawsocket',
  reply: undefined,
};

/** By their second octet; there are few, and they are written as they are. */
const replies: (Uint8Array | undefined)[] = [];

function replyWith(second: number): Uint8Array {
  return (replies[second] ??= Buffer.of(MAGIC, second, 0, 0));
}

function refuse(error: HandshakeError): HandshakeResult {
  const reply = Uint8Array.of(MAGIC, ERROR_CODES[error] << 4, 0, 0);
  return { kind: 'refused', error, reply };
}
