/**
 * What broadcasters say to each other. On the wire a message is an array whose first item is its kind; items that a
 * newer node appends are ignored. Nothing here trusts the sender: shapes, sizes and order are checked, and numbers of
 * ids are only ever counted or walked with a limit.
 */
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import type { Ranges } from './ranges.ts';
import { isOrigin } from './origin.ts';

/** One broadcast: a message id {origin, sequence}, who it is for, and bytes nobody on the way looks into. */
export interface Payload {
  readonly origin: string; // see origin.ts
  /** 1, 2, 3 … by origin. */
  readonly sequence: number;
  readonly topic: string;
  readonly bytes: Uint8Array;
}

/** Message ids of one origin. */
export interface Ids {
  readonly origin: string;
  readonly ranges: Ranges;
}

export type PeerMessage =
  /** Pushed along a tree; `round` is the number of hops so far. */
  | { readonly kind: 'gossip'; readonly payload: Payload; readonly round: number }
  /** Sent to everyone by its origin: not passed on. */
  | { readonly kind: 'direct'; readonly payload: Payload }
  /** An answer to an exchange: the payload, but not along a tree. */
  | { readonly kind: 'supply'; readonly payload: Payload }
  /** I have these; ask when they do not come. */
  | { readonly kind: 'i_have'; readonly ids: readonly Ids[] }
  /** Send me these, and push to me what comes from their origins. */
  | { readonly kind: 'graft'; readonly ids: readonly Ids[] }
  /** Do not push to me what comes from `root`; I get it from another. */
  | { readonly kind: 'prune'; readonly root: string }
  /** All I have seen lately, to be compared. */
  | { readonly kind: 'digest'; readonly ids: readonly Ids[] }
  /** Supply these, by your digest. */
  | { readonly kind: 'want'; readonly ids: readonly Ids[] }
  /** I supplied as much as one exchange may; compare again. */
  | { readonly kind: 'more' };

export type Refused = { readonly kind: 'refused'; readonly reason: string };

/** Origins in one message: all that a node remembers. */
export const MAX_ORIGINS = 16_384;
/** Numbers in all ranges of one message (two per range). */
export const MAX_RANGE_NUMBERS = 131_072;
/** Hops after which something goes in circles; a tree over 10,000 nodes has 12. */
export const MAX_ROUND = 1_000;

const TOPIC = /^[a-z][a-z0-9_.]{0,63}$/;

const TAGS = {
  gossip: 1,
  direct: 2,
  supply: 3,
  i_have: 4,
  graft: 5,
  prune: 6,
  digest: 7,
  want: 8,
  more: 9,
} as const satisfies Record<PeerMessage['kind'], number>;

const KINDS = new Map<unknown, PeerMessage['kind']>(
  (Object.keys(TAGS) as PeerMessage['kind'][]).map((kind) => [TAGS[kind], kind]),
);

export function isTopic(text: string): boolean {
  return TOPIC.test(text);
}

/** The array that is encoded. */
export function toWire(message: PeerMessage): readonly PlainValue[] {
  const tag = TAGS[message.kind];
  switch (message.kind) {
    case 'gossip':
      return [tag, ...wirePayload(message.payload), message.round];
    case 'direct':
    case 'supply':
      return [tag, ...wirePayload(message.payload)];
    case 'i_have':
    case 'graft':
    case 'digest':
    case 'want':
      return [tag, message.ids.map(({ origin, ranges }) => [origin, ranges])];
    case 'prune':
      return [tag, message.root];
    case 'more':
      return [tag];
  }
}

/** A decoded body as a message, or why it is none. `maxPayload` in bytes. */
export function parsePeerMessage(value: unknown, maxPayload: number): PeerMessage | Refused {
  if (!Array.isArray(value)) return refuse('not an array');
  const items: readonly unknown[] = value;
  const kind = KINDS.get(items[0]);
  switch (kind) {
    case undefined:
      return refuse('unknown kind');
    case 'gossip': {
      const round = items[5];
      if (!isInteger(round, 1, MAX_ROUND)) return refuse('round out of bounds');
      const payload = parsePayload(items, maxPayload);
      return isRefused(payload) ? payload : { kind, payload, round };
    }
    case 'direct':
    case 'supply': {
      const payload = parsePayload(items, maxPayload);
      return isRefused(payload) ? payload : { kind, payload };
    }
    case 'i_have':
    case 'graft':
    case 'digest':
    case 'want': {
      const ids = parseIds(items[1]);
      return isRefused(ids) ? ids : { kind, ids };
    }
    case 'prune':
      return isOrigin(items[1]) ? { kind, root: items[1] } : refuse('not an origin');
    case 'more':
      return { kind };
  }
}

export function isRefused(value: object): value is Refused {
  return 'kind' in value && value.kind === 'refused';
}

function wirePayload({ origin, sequence, topic, bytes }: Payload): readonly PlainValue[] {
  return [origin, sequence, topic, bytes];
}

function parsePayload(items: readonly unknown[], maxPayload: number): Payload | Refused {
  const [, origin, sequence, topic, bytes] = items;
  if (!isOrigin(origin)) return refuse('not an origin');
  if (!isInteger(sequence, 1, Number.MAX_SAFE_INTEGER)) return refuse('not a sequence');
  if (typeof topic !== 'string' || !isTopic(topic)) return refuse('not a topic');
  if (!(bytes instanceof Uint8Array)) return refuse('not bytes');
  if (bytes.length > maxPayload) return refuse('payload too large');
  return { origin, sequence, topic, bytes };
}

function parseIds(value: unknown): readonly Ids[] | Refused {
  if (!Array.isArray(value) || value.length > MAX_ORIGINS) return refuse('not a list of ids');
  const ids: Ids[] = [];
  const seen = new Set<string>();
  let numbers = 0;
  for (const item of value as readonly unknown[]) {
    if (!Array.isArray(item)) return refuse('not ids');
    const [origin, ranges] = item as readonly unknown[];
    if (!isOrigin(origin) || seen.has(origin)) return refuse('not an origin');
    if (!isRanges(ranges)) return refuse('not ranges');
    numbers += ranges.length;
    if (numbers > MAX_RANGE_NUMBERS) return refuse('too many ranges');
    seen.add(origin);
    ids.push({ origin, ranges });
  }
  return ids;
}

/** Pairs of safe integers from 1, ascending, with a hole between any two ranges. */
function isRanges(value: unknown): value is Ranges {
  if (!Array.isArray(value) || value.length === 0 || value.length % 2 === 1) return false;
  const numbers: readonly unknown[] = value;
  let previous = -1;
  for (let i = 0; i < numbers.length; i += 2) {
    const from = numbers[i];
    const to = numbers[i + 1];
    if (!isInteger(from, Math.max(1, previous + 2), Number.MAX_SAFE_INTEGER)) return false;
    if (!isInteger(to, from, Number.MAX_SAFE_INTEGER)) return false;
    previous = to;
  }
  return true;
}

function isInteger(value: unknown, low: number, high: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high;
}

function refuse(reason: string): Refused {
  return { kind: 'refused', reason };
}
