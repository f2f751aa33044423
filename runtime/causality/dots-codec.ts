/**
 * The canonical bytes of dots: a clock on disk, a difference between nodes. Every gap and length is stored less the
 * least it can be, so that no bytes describe ranges that touch or overlap.
 *
 *     dots   = 1 (format), origins
 *     origin = name, ranges        names ascending
 *     range  = numbers missing before it - 1 (the first: without - 1), numbers in it - 1
 */
import { ByteReader, ByteWriter } from '../structures/bytes.ts';
import { Malformed } from '../structures/malformed.ts';
import type { Ranges } from '../structures/interval-set.ts';
import type { Dots, OriginDots, StoreClockLimits } from './store-clock.ts';
import { DEFAULT_STORE_CLOCK } from './store-clock.ts';

const FORMAT = 1;
const MAX_ORIGIN_BYTES = 320;

export function encodeDots(dots: Dots): Uint8Array {
  const writer = new ByteWriter().byte(FORMAT).integer(dots.length);
  for (const { origin, ranges } of dots) {
    writer.text(origin).integer(ranges.length / 2);
    let least = 1;
    for (let i = 0; i < ranges.length; i += 2) {
      const [from, to] = [ranges[i]!, ranges[i + 1]!];
      writer.integer(from - least).integer(to - from);
      least = to + 2;
    }
  }
  return writer.finish();
}

export function decodeDots(bytes: Uint8Array, limits = DEFAULT_STORE_CLOCK): Dots | Malformed {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== FORMAT) return new Malformed('unknown clock format');
  const dots: OriginDots[] = [];
  let before = '';
  for (let left = reader.count(limits.maxOrigins, 4); left > 0 && !reader.hasFailed; left--) {
    const origin = reader.text(MAX_ORIGIN_BYTES);
    if (origin <= before) reader.fail('origins not ascending');
    before = origin;
    dots.push({ origin, ranges: decodeRanges(reader, limits) });
  }
  return reader.fault ?? dots;
}

function decodeRanges(reader: ByteReader, { maxRanges }: StoreClockLimits): Ranges {
  const ranges: number[] = [];
  const count = reader.count(maxRanges, 2);
  if (count === 0) reader.fail('an origin without dots');
  let least = 1;
  for (let left = count; left > 0 && !reader.hasFailed; left--) {
    const from = least + reader.integer();
    const to = from + reader.integer();
    if (!Number.isSafeInteger(to + 2)) reader.fail('sequence too large');
    ranges.push(from, to);
    least = to + 2;
  }
  return ranges;
}
