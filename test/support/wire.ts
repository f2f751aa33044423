/**
 * The matrix the specification is proved on: {websocket, rawsocket} × {json, msgpack, cbor}, and the batched
 * websocket subprotocols. Suites about routing run on a sample of it, suites about bytes on all of it.
 */
import { describe } from 'node:test';

export type Serializer = 'json' | 'msgpack' | 'cbor';

export interface Wire {
  readonly transport: 'websocket' | 'rawsocket';
  readonly serializer: Serializer;
  readonly batched: boolean;
}

function wire(transport: Wire['transport'], serializer: Serializer, batched = false): Wire {
  return { transport, serializer, batched };
}

export const WEBSOCKET_JSON = wire('websocket', 'json');
export const RAWSOCKET_MSGPACK = wire('rawsocket', 'msgpack');
export const WEBSOCKET_CBOR = wire('websocket', 'cbor');

export const MATRIX: readonly Wire[] = [
  WEBSOCKET_JSON,
  wire('websocket', 'msgpack'),
  WEBSOCKET_CBOR,
  wire('rawsocket', 'json'),
  RAWSOCKET_MSGPACK,
  wire('rawsocket', 'cbor'),
];

export const BATCHED: readonly Wire[] = [
  wire('websocket', 'json', true),
  wire('websocket', 'msgpack', true),
  wire('websocket', 'cbor', true),
];

/** Both transports and all serializers, each once. */
export const SAMPLE: readonly Wire[] = [WEBSOCKET_JSON, RAWSOCKET_MSGPACK, WEBSOCKET_CBOR];

export function wireName({ transport, serializer, batched }: Wire): string {
  return `${transport} ${serializer}${batched ? ' batched' : ''}`;
}

/** Repeats the tests that `body` declares on each wire. */
export function forEachWire(wires: readonly Wire[], body: (wire: Wire) => void): void {
  for (const each of wires) describe(`over ${wireName(each)}`, () => body(each));
}
