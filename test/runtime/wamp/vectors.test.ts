/** The specification's own vectors: every variant decodes to the attributes, encoding gives one of the variants. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Codec } from '../../../runtime/wamp/codec.ts';
import type { Dict, Message, Value } from '../../../runtime/wamp/message.ts';
import { allCodecs, decoded, encodeAlone, said, violation } from './support.ts';

interface Variant {
  readonly bytes_hex: string;
}
interface Sample {
  readonly description: string;
  readonly serializers: Record<string, readonly Variant[]>;
  readonly expected_attributes: Record<string, unknown>;
}
interface VectorFile {
  readonly wamp_message_type: string;
  readonly samples: readonly Sample[];
}

// Compiled tests run from another folder than their sources; vectors are found from where the tests are started.
const folder = 'test/vectors/wamp';
const files = ['basic', 'advanced'].flatMap((part) =>
  readdirSync(`${folder}/${part}`).map(
    (name) => JSON.parse(readFileSync(`${folder}/${part}/${name}`, 'utf8')) as VectorFile,
  ),
);

const PLAIN_NAMES: Record<string, string> = {
  message_type: 'type',
  request_id: 'request',
  request_type: 'requestType',
  registration_id: 'registration',
  subscription_id: 'subscription',
  publication_id: 'publication',
  session_id: 'session',
};

/** The message as the vectors' attributes name it. */
function attributesOf(codec: Codec, message: Message, wanted: readonly string[]) {
  const fields = message as unknown as Record<string, unknown>;
  const payload = 'payload' in message ? said(codec, message.payload) : undefined;
  const attributes: Record<string, unknown> = {};
  for (const name of wanted) {
    if (name === 'roles') attributes[name] = (fields['details'] as Dict)['roles'];
    else if (name === 'args') attributes[name] = payload?.args.length ? payload.args : null;
    else if (name === 'kwargs') {
      attributes[name] = payload && Object.keys(payload.kwargs).length ? payload.kwargs : null;
    } else if (name !== 'payload') attributes[name] = fields[PLAIN_NAMES[name] ?? name];
  }
  return JSON.parse(JSON.stringify(attributes)) as unknown;
}

/** Two kinds of samples are not of today's protocol, and are refused. */
function isOutdated({ expected_attributes: attributes }: Sample): boolean {
  return typeof attributes['payload'] === 'string' || attributes['message_type'] === 337;
}

for (const codec of allCodecs) {
  describe(`specification vectors in ${codec.id}`, () => {
    for (const { wamp_message_type: type, samples } of files) {
      for (const sample of samples) {
        const variants = sample.serializers[codec.id];
        const { payload: _, ...expected } = sample.expected_attributes;
        if (isOutdated(sample)) {
          it(`refuses ${type}: ${sample.description}`, () => {
            for (const { bytes_hex } of variants) {
              assert.match(
                violation(codec, Buffer.from(bytes_hex, 'hex')),
                /unknown message type 337|Arguments must be a list/,
              );
            }
          });
          continue;
        }
        it(`reads and writes ${type}: ${sample.description}`, () => {
          assert.ok(variants.length > 0);
          for (const { bytes_hex } of variants) {
            const message = decoded(codec, Buffer.from(bytes_hex, 'hex'));
            assert.deepEqual(attributesOf(codec, message, Object.keys(expected)), expected);
            const written = encodeAlone(codec, remade(codec, message)).toString('hex');
            assert.ok(
              variants.some((variant) => variant.bytes_hex === written),
              `wrote ${written}`,
            );
          }
        });
      }
    }
  });
}

/** The message with a payload made anew, so that encoding is tested and not passing through. */
function remade(codec: Codec, message: Message): Message {
  if (!('payload' in message)) return message;
  const { args, kwargs } = said(codec, message.payload) as { args: Value[]; kwargs: Dict };
  return { ...message, payload: codec.payload(args, kwargs) };
}
