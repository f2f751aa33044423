/** An event of the history as a row of the store: written once by the node that took it, deleted when there is no room. */
import { decodeBody, encodeBody } from '../../../runtime/net/peer/codec.ts';
import type { PlainValue } from '../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import type { PrefixSpec } from '../../store/api.ts';
import type { RecordedEvent } from '../broker/history.ts';
import { sizeOfRecorded } from '../broker/history.ts';
import type { HistoryConfig } from '../config.ts';
import type { Codecs } from '../replicated/events.ts';
import { BODY, plainEvent, plainFilter, readEvent, readFilter } from '../replicated/events.ts';

/** Two families of rows, so that a node may change its mind without finding rows where it does not look. */
const PREFIXES: Readonly<Record<HistoryConfig['storage'], PrefixSpec>> = {
  ram: { name: 'history', type: 'ram' },
  ram_disk: { name: 'history.disk', type: 'ram_disk' },
};

export const HISTORIES: readonly PrefixSpec[] = Object.values(PREFIXES);

export function historyPrefix(storage: HistoryConfig['storage']): string {
  return PREFIXES[storage].name;
}

const VERSION = 1;
const MAX_TOPIC = 65_536;
const MAX_NODE = 255;

/** Undefined: an event that its own serializer cannot say. */
export function encodeRecorded(event: RecordedEvent, codecs: Codecs): Uint8Array | undefined {
  const plain = plainEvent(event, codecs);
  if (plain === undefined) return undefined;
  const { topic, at, node, sequence, filter } = event;
  return encodeBody([VERSION, topic, at, node, sequence, ...plain, plainFilter(filter)]);
}

/** Undefined: nothing that a node writes. */
export function decodeRecorded(bytes: Uint8Array, codecs: Codecs): RecordedEvent | undefined {
  const body = decodeBody(bytes, BODY);
  if (body instanceof Malformed || !Array.isArray(body)) return undefined;
  const [version, topic, at, node, sequence, format, event, lists] = body as readonly PlainValue[];
  if (version !== VERSION || !isText(topic, MAX_TOPIC) || !isText(node, MAX_NODE)) return undefined;
  if (!isCount(at) || at > MAX_TIME || !isCount(sequence)) return undefined;
  const filter = readFilter(lists);
  const read = readEvent(format, event, codecs);
  if (filter instanceof Malformed || !read) return undefined;
  const recorded = { ...read, topic, at, node, sequence, filter };
  return { ...recorded, size: sizeOfRecorded(recorded) };
}

/** What a Date can say, in ms. */
const MAX_TIME = 8.64e15;

function isText(value: PlainValue | undefined, max: number): value is string {
  return typeof value === 'string' && value.length <= max;
}

function isCount(value: PlainValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
