/**
 * The five messages of a handshake (handshake.ts) as bytes. The first two fields of HELLO and the form of REFUSE never
 * change, so that any two versions can say why they do not talk. Every field is checked here; whoever gets a parsed
 * message may use it.
 */
import { uint16, uint32 } from '../../wamp/big-endian.ts';
import { utf8Text } from '../../wamp/utf8.ts';
import type { NodeId } from '../../causality/identity.ts';
import type { BodyLimits, PlainMap, PlainValue } from './codec.ts';
import { decodeBody, encodeBody, isMap } from './codec.ts';
import { Malformed } from '../../structures/malformed.ts';
import type { ChannelName } from './port.ts';
import type { VersionRange } from './protocol.ts';
import { CHANNELS, MAX_PARALLELISM } from './protocol.ts';

/** 'BOND', before anything else. */
const MAGIC = 0x424f4e44;

/** No message of a handshake is longer. */
export const HANDSHAKE_BYTES = 2048;
export const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const MAX_NAME_BYTES = 255;
const MAX_TEXT_BYTES = 256;
/** What a node may be called: it appears in paths, logs and metrics. */
export const NODE_NAME = /^[A-Za-z0-9][A-Za-z0-9._@:-]{0,254}$/;

const LIMITS: BodyLimits = { maxDepth: 3, maxItems: 64, maxBytes: HANDSHAKE_BYTES };

/** Why two nodes do not link; said to the other side and counted as `peer_refused_<reason>`. The position is the code. */
export const REFUSALS = [
  'unknown',
  'protocol', // not our bytes
  'version', // no common version
  'cluster', // another cluster's name
  'authentication', // wrong or missing secret
  'unencrypted', // no secret and not on loopback
  'self', // the node has dialled itself
  'same_name', // two nodes with one name
  'stale_incarnation', // a newer life of that name is known
  'unexpected_peer', // another node than the one that was meant
  'duplicate', // there is a link already
  'unknown_session', // a further connection of a link that is not there
  'unknown_slot',
  'not_admitted', // the membership does not want it
  'full', // too many handshakes at once
  'timeout',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Which connection of which link this is going to be. */
export interface Purpose {
  readonly channel: ChannelName;
  readonly slot: number;
  /** Of the link; undefined: the control connection that makes one. */
  readonly session: string | undefined;
}

/** Who a node says it is; believed when it has proved that it knows the secret. */
export interface PeerIdentity {
  readonly node: NodeId;
  /** Chosen at random by each process: tells two processes with one name and one incarnation apart. */
  readonly instance: string;
  readonly cluster: string;
}

export interface Hello extends PeerIdentity {
  readonly kind: 'hello';
  readonly versions: VersionRange;
  readonly nonce: Uint8Array;
  readonly purpose: Purpose;
  /** Connections per channel the dialler will open, in the order of CHANNELS. */
  readonly parallelism: readonly number[];
  readonly hasSecret: boolean;
}

export interface Challenge extends PeerIdentity {
  readonly kind: 'challenge';
  readonly version: number;
  readonly nonce: Uint8Array;
  readonly hasSecret: boolean;
}

export type HandshakeMessage =
  | Hello
  | Challenge
  | { readonly kind: 'proof' | 'welcome'; readonly mac: Uint8Array }
  | { readonly kind: 'refuse'; readonly reason: Refusal; readonly text: string }
  /** A hello of which only the versions can be understood. */
  | { readonly kind: 'foreign_hello'; readonly versions: VersionRange };

const CODES = { hello: 1, challenge: 2, proof: 3, welcome: 4, refuse: 255 } as const;

export function encodeHello(hello: Omit<Hello, 'kind'>): Uint8Array {
  const { versions, purpose } = hello;
  const body = encodeBody({
    ...identityFields(hello),
    nonce: hello.nonce,
    channel: CHANNELS.indexOf(purpose.channel),
    slot: purpose.slot,
    session: purpose.session ?? '',
    parallelism: hello.parallelism,
    hasSecret: hello.hasSecret,
  });
  const head = Buffer.alloc(9);
  head[0] = CODES.hello;
  head.writeUInt32BE(MAGIC, 1);
  head.writeUInt16BE(versions.min, 5);
  head.writeUInt16BE(versions.max, 7);
  return Buffer.concat([head, body]);
}

export function encodeChallenge(challenge: Omit<Challenge, 'kind'>): Uint8Array {
  const { version, nonce, hasSecret } = challenge;
  return message(CODES.challenge, {
    ...identityFields(challenge),
    version,
    nonce,
    hasSecret,
  });
}

export function encodeMac(kind: 'proof' | 'welcome', mac: Uint8Array): Uint8Array {
  return message(CODES[kind], mac);
}

export function encodeRefuse(reason: Refusal, text: string): Uint8Array {
  const head = Uint8Array.of(CODES.refuse, REFUSALS.indexOf(reason));
  return Buffer.concat([head, Buffer.from(text.slice(0, MAX_TEXT_BYTES / 4), 'utf8')]);
}

/** Undefined: not a message of a handshake. */
export function parseHandshake(bytes: Uint8Array): HandshakeMessage | undefined {
  if (bytes.length < 2 || bytes.length > HANDSHAKE_BYTES) return undefined;
  const rest = bytes.subarray(1);
  switch (bytes[0]) {
    case CODES.hello:
      return parseHello(rest);
    case CODES.challenge:
      return parseChallenge(body(rest));
    case CODES.proof:
    case CODES.welcome: {
      const mac = body(rest);
      if (!isBinary(mac, MAC_BYTES)) return undefined;
      return { kind: bytes[0] === CODES.proof ? 'proof' : 'welcome', mac };
    }
    case CODES.refuse:
      return {
        kind: 'refuse',
        reason: REFUSALS[bytes[1]] ?? 'unknown',
        text: utf8Text(bytes, 2, Math.min(bytes.length, 2 + MAX_TEXT_BYTES)),
      };
    default:
      return undefined;
  }
}

function parseHello(bytes: Uint8Array): HandshakeMessage | undefined {
  if (bytes.length < 8 || uint32(bytes, 0) !== MAGIC) return undefined;
  const versions = { min: uint16(bytes, 4), max: uint16(bytes, 6) };
  if (versions.min > versions.max) return undefined;
  const fields = body(bytes.subarray(8));
  const identity = parseIdentity(fields);
  if (!isMap(fields) || identity === undefined) return { kind: 'foreign_hello', versions };
  const { nonce, channel, slot, session, parallelism, hasSecret } = fields;
  const name = isNatural(channel, CHANNELS.length - 1) ? CHANNELS[channel] : undefined;
  if (
    name === undefined ||
    !isBinary(nonce, NONCE_BYTES) ||
    !isNatural(slot, MAX_PARALLELISM - 1) ||
    !isText(session) ||
    !isParallelism(parallelism) ||
    typeof hasSecret !== 'boolean'
  ) {
    return { kind: 'foreign_hello', versions };
  }
  const purpose = { channel: name, slot, session: session === '' ? undefined : session };
  return { kind: 'hello', ...identity, versions, nonce, purpose, parallelism, hasSecret };
}

function parseChallenge(fields: PlainValue | undefined): HandshakeMessage | undefined {
  const identity = parseIdentity(fields);
  if (!isMap(fields) || identity === undefined) return undefined;
  const { version, nonce, hasSecret } = fields;
  if (!isNatural(version, 0xffff) || !isBinary(nonce, NONCE_BYTES)) return undefined;
  if (typeof hasSecret !== 'boolean') return undefined;
  return { kind: 'challenge', ...identity, version, nonce, hasSecret };
}

function parseIdentity(fields: PlainValue | undefined): PeerIdentity | undefined {
  if (!isMap(fields)) return undefined;
  const { name, incarnation, instance, cluster } = fields;
  if (!isText(name) || !NODE_NAME.test(name) || !isNatural(incarnation, Number.MAX_SAFE_INTEGER)) {
    return undefined;
  }
  if (!isText(instance) || !isText(cluster)) return undefined;
  return { node: { name, incarnation }, instance, cluster };
}

function identityFields({ node, instance, cluster }: PeerIdentity) {
  return { name: node.name, incarnation: node.incarnation, instance, cluster };
}

function message(code: number, value: PlainValue): Uint8Array {
  return Buffer.concat([Uint8Array.of(code), encodeBody(value)]);
}

function body(bytes: Uint8Array): PlainValue | undefined {
  const decoded: PlainMap | PlainValue | Malformed = decodeBody(bytes, LIMITS);
  return decoded instanceof Malformed ? undefined : decoded;
}

function isNatural(value: PlainValue | undefined, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
}

function isBinary(value: PlainValue | undefined, size: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === size;
}

function isText(value: PlainValue | undefined): value is string {
  return typeof value === 'string' && value.length <= MAX_NAME_BYTES;
}

function isParallelism(value: PlainValue | undefined): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length === CHANNELS.length &&
    value.every((count: PlainValue) => isNatural(count, MAX_PARALLELISM) && count >= 1)
  );
}
