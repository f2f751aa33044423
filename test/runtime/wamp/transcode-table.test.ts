/** docs/serializers.md promises, row by row, what becomes of a value between serializers. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Payload, SerializerId } from '../../../runtime/wamp/message.ts';
import { PROBLEMS } from '../../../runtime/wamp/tokens.ts';
import { transcode } from '../../../runtime/wamp/transcode.ts';
import { ByteWriter } from '../../../runtime/wamp/writer.ts';
import { formats } from './support.ts';

interface Row {
  readonly name: string;
  readonly from: SerializerId;
  readonly value: string;
  readonly to: Record<SerializerId, string>;
}

const rows: Row[] = [];
for (const line of readFileSync('docs/serializers.md', 'utf8').split('\n')) {
  const cells = line.split('|').map((cell) => cell.trim());
  if (cells.length !== 8 || !formats.includes(cells[2] as SerializerId)) continue;
  const [, name, from, value, json, msgpack, cbor] = cells;
  rows.push({
    name: name || (rows.at(-1)?.name ?? ''),
    from: from as SerializerId,
    value: value.slice(1, -1),
    to: { json, msgpack, cbor },
  });
}

/** A list of this one value. */
function payloadOf(format: SerializerId, value: string): Payload {
  const bytes =
    format === 'json'
      ? Buffer.from(`[${value}]`)
      : Buffer.from((format === 'msgpack' ? '91' : '81') + value, 'hex');
  return { format, bytes, start: 0, end: bytes.length, items: 1 };
}

function converted(payload: Payload, to: SerializerId): string {
  const into = new ByteWriter(1);
  const refused = transcode(payload, to, into);
  if (refused !== undefined) {
    assert.equal(into.at, 0, 'the writer is as it was');
    return refused.detail;
  }
  const written = into.buffer.subarray(0, into.at);
  return to === 'json'
    ? `\`${written.subarray(1, -1).toString()}\``
    : `\`${written.subarray(1).toString('hex')}\``;
}

describe('docs/serializers.md', () => {
  it('has rows from every serializer', () => {
    assert.deepEqual([...new Set(rows.map((row) => row.from))].sort(), [...formats].sort());
  });

  for (const { name, from, value, to } of rows) {
    for (const format of formats) {
      if (format === from) {
        it(`${name}: ${value} stays as it is in ${from}`, () => assert.equal(to[from], 'as it is'));
      } else {
        it(`${name}: ${from} ${value} in ${format}`, () => {
          assert.equal(converted(payloadOf(from, value), format), to[format]);
        });
      }
    }
  }

  it('has a row for every reason to refuse', () => {
    const shown = new Set(rows.flatMap((row) => Object.values(row.to)));
    const reasons = Object.values(PROBLEMS).filter((reason) => reason !== PROBLEMS.malformed);
    assert.deepEqual(
      reasons.filter((reason) => !shown.has(reason)),
      [],
    );
  });
});
