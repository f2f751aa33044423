/** The names a WebSocket client chooses its serializer by (WAMP basic/building_blocks.md, advanced/transport_batched_websocket.md). */
import type { SerializerId } from '../wamp/message.ts';

export interface Subprotocol {
  readonly name: string;
  readonly serializer: SerializerId;
  readonly isBatched: boolean;
}

const SERIALIZERS: readonly SerializerId[] = ['json', 'msgpack', 'cbor'];

export const SUBPROTOCOLS: ReadonlyMap<string, Subprotocol> = new Map(
  SERIALIZERS.flatMap((serializer) => [
    entry(`wamp.2.${serializer}`, serializer, false),
    entry(`wamp.2.${serializer}.batched`, serializer, true),
  ]),
);

/** The first name of the client's list that we speak. */
export function selectSubprotocol(offered: Iterable<string>): Subprotocol | undefined {
  for (const name of offered) {
    const known = SUBPROTOCOLS.get(name);
    if (known) return known;
  }
  return undefined;
}

/** Names in a `Sec-WebSocket-Protocol` header. */
export function offeredSubprotocols(header: string | undefined): readonly string[] {
  return header === undefined ? [] : header.split(',').map((name) => name.trim());
}

function entry(name: string, serializer: SerializerId, isBatched: boolean): [string, Subprotocol] {
  return [name, { name, serializer, isBatched }];
}
