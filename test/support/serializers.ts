/**
 * The three serializers as other implementations speak them: JSON, msgpackr and cbor-x, never this project's own
 * codecs, so that a mistake is not made twice. Values come back plain: binaries as Uint8Array, integers within
 * 2^53 as numbers and beyond as bigint.
 */
import { Encoder as CborEncoder } from 'cbor-x';
import { Packr } from 'msgpackr';
import type { Serializer } from './wire.ts';

export interface TestSerializer {
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: 'bigint' });
const cbor = new CborEncoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false });

export const SERIALIZERS: Record<Serializer, TestSerializer> = {
  json: {
    encode: (value) => Buffer.from(toJson(value)),
    decode: (bytes) => plain(parseJson(Buffer.from(bytes).toString('utf8')), true),
  },
  msgpack: {
    encode: (value) => packr.pack(exact(value)),
    decode: (bytes) => plain(packr.unpack(bytes), false),
  },
  cbor: {
    encode: (value) => cbor.encode(exact(value)),
    decode: (bytes) => plain(cbor.decode(bytes as Buffer), false),
  },
};

/** advanced/serialization_binary_json.md: U+0000 followed by base64. */
function toJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return `@@${item}@@`;
    if (item instanceof Uint8Array) return binaryText(item);
    if (isBufferJson(item)) return binaryText(Buffer.from(item.data));
    return item;
  });
  return text.replace(/"@@(-?\d+)@@"/g, '$1');
}

/** Strings, and integers that a double may not hold. */
const LONG_INTEGERS = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

/** JSON.parse, with long integers as the text `@@…@@` for `plain`. */
function parseJson(text: string): unknown {
  return JSON.parse(
    text.replace(LONG_INTEGERS, (found) => (found[0] === '"' ? found : `"@@${found}@@"`)),
  );
}

function binaryText(bytes: Uint8Array): string {
  return `\u0000${Buffer.from(bytes).toString('base64')}`;
}

/** JSON.stringify calls a Buffer's toJSON before the replacer sees it. */
function isBufferJson(item: unknown): item is { readonly data: number[] } {
  return typeof item === 'object' && item !== null && 'type' in item && item.type === 'Buffer';
}

/** Both libraries write integers of 2^32 and more as floats; a bigint makes them write an integer. */
function exact(value: unknown): unknown {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value / 2) && Math.abs(value) >= 2 ** 31 ? BigInt(value) : value;
  }
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(exact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, exact(item)]));
}

function plain(value: unknown, isJson: boolean): unknown {
  if (typeof value === 'string' && isJson && /^@@-?\d+@@$/.test(value)) {
    return plain(BigInt(value.slice(2, -2)), isJson);
  }
  if (typeof value === 'bigint') {
    const limit = BigInt(2 ** 53);
    return value >= -limit && value <= limit ? Number(value) : value;
  }
  if (typeof value === 'string' && isJson && value.startsWith('\u0000')) {
    return new Uint8Array(Buffer.from(value.slice(1), 'base64'));
  }
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map((item) => plain(item, isJson));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, isJson)]));
}
