/** The three serializers by id. */
import { cbor } from './cbor.ts';
import type { Codec } from './codec.ts';
import { json } from './json.ts';
import type { SerializerId } from './message.ts';
import { msgpack } from './msgpack.ts';

export const codecs: Record<SerializerId, Codec> = { json, msgpack, cbor };
