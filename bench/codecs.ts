/**
 * The codec's share of a routed call: decode CALL, encode INVOCATION, per serializer and payload size, and the same
 * across serializers. `npm run -s build && node dist/bench/codecs.js` prints nanoseconds per call of CPU (best of 5 runs).
 */
import { DEFAULT_LIMITS } from '../runtime/wamp/codec.ts';
import type { Codec } from '../runtime/wamp/codec.ts';
import { codecs } from '../runtime/wamp/codecs.ts';
import type { Call, Dict, Value } from '../runtime/wamp/message.ts';
import { CALL, EMPTY, INVOCATION } from '../runtime/wamp/message.ts';
import { ByteWriter } from '../runtime/wamp/writer.ts';

const RUNS = 5;
const RUN_MS = 60;

/** Records like those of an application, about `size` bytes of JSON. */
function records(size: number): readonly Value[] {
  if (size === 0) return [];
  const list: Value[] = [];
  for (let i = 0; JSON.stringify(list).length + 40 < size; i++) {
    list.push({ id: 1000 + i, name: `sensor ${i}`, value: i * 0.37, ok: true } as Dict);
  }
  return list.length > 0 ? list : ['x'.repeat(size - 4)];
}

function framesOf(codec: Codec, size: number): { bytes: Uint8Array; end: number } {
  const into = new ByteWriter(64 * 1024);
  const payload = codec.payload(records(size));
  const call: Call = {
    type: CALL,
    request: 4711,
    options: EMPTY,
    procedure: 'com.example.orders.get',
    payload,
  };
  codec.encode(call, into);
  return { bytes: into.buffer, end: into.at };
}

/** In CPU time, so that a busy machine does not count. */
function nsPerCall(step: () => void): number {
  let best = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const start = process.cpuUsage();
    let calls = 0;
    let spent = 0; // microseconds
    while (spent < RUN_MS * 1000) {
      for (let i = 0; i < 500; i++) step();
      calls += 500;
      spent = process.cpuUsage(start).user;
    }
    best = Math.min(best, (spent * 1000) / calls);
  }
  return best;
}

const into = new ByteWriter(64 * 1024);

function route(from: Codec, to: Codec, bytes: Uint8Array, end: number): void {
  const call = from.decode(bytes, 0, end, DEFAULT_LIMITS) as Call;
  into.at = 0;
  to.encode(
    { type: INVOCATION, request: 815, registration: 12, details: EMPTY, payload: call.payload },
    into,
  );
}

const ids = ['msgpack', 'cbor', 'json'] as const;
console.log('ns per call'.padEnd(20), '0 B', '100 B', '1000 B', '10000 B');
for (const from of ids) {
  for (const to of ids) {
    const row = [0, 100, 1000, 10_000].map((size) => {
      const { bytes, end } = framesOf(codecs[from], size);
      return Math.round(nsPerCall(() => route(codecs[from], codecs[to], bytes, end)));
    });
    console.log(`${from} to ${to}`.padEnd(20), row.join('  '));
  }
}
for (const id of ids) {
  const { bytes, end } = framesOf(codecs[id], 60);
  const call = codecs[id].decode(bytes, 0, end, DEFAULT_LIMITS) as Call;
  const decode = nsPerCall(() => void codecs[id].decode(bytes, 0, end, DEFAULT_LIMITS));
  const encode = nsPerCall(() => {
    into.at = 0;
    codecs[id].encode(
      { type: INVOCATION, request: 815, registration: 12, details: EMPTY, payload: call.payload },
      into,
    );
  });
  console.log(
    `${id}, ${end} B`.padEnd(20),
    `decode ${decode.toFixed(0)}  encode ${encode.toFixed(0)}`,
  );
}
