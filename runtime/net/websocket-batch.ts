/** Takes batched WebSocket messages apart (WAMP advanced/transport_batched_websocket.md). Pure. */

const RECORD_END = 0x1e;
const LENGTH_PREFIX = 4;

/** Appends start, end of every message in `[start, end)`; a sentence when the batch is malformed. */
export function splitBatch(
  isJson: boolean,
  bytes: Uint8Array,
  start: number,
  end: number,
  ranges: number[],
): string | undefined {
  if (start === end) return 'empty batch';
  return isJson
    ? splitRecords(bytes, start, end, ranges)
    : splitPrefixed(bytes, start, end, ranges);
}

function splitRecords(
  bytes: Uint8Array,
  start: number,
  end: number,
  ranges: number[],
): string | undefined {
  for (let at = start; at < end;) {
    const stop = bytes.indexOf(RECORD_END, at);
    if (stop < 0 || stop >= end) return 'last message of the batch does not end in 0x1e';
    if (stop === at) return 'empty message in the batch';
    ranges.push(at, stop);
    at = stop + 1;
  }
  return undefined;
}

function splitPrefixed(
  bytes: Uint8Array,
  start: number,
  end: number,
  ranges: number[],
): string | undefined {
  for (let at = start; at < end;) {
    if (end - at < LENGTH_PREFIX) return 'batch ends within a length prefix';
    const length =
      bytes[at] * 0x1000000 + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
    at += LENGTH_PREFIX;
    if (length === 0) return 'empty message in the batch';
    if (length > end - at) return 'batch ends within a message';
    ranges.push(at, at + length);
    at += length;
  }
  return undefined;
}
