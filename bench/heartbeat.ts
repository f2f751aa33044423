/**
 * Heartbeats beside bulk (scenario 17): round trips of pings on the control channel while 8 MiB are queued on another one,
 * over a wire of 200 Mbit/s. All sockets of the two nodes share one token bucket in the process between them, which
 * hands out turns of 16 KiB in rotation, as fair queueing does; `tc tbf` is one queue, so there a ping waits behind
 * what the kernel has queued of the bulk.
 *
 *     node --import tsx bench/heartbeat.ts [seconds]
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { startPeer } from '../test/actors/links/peers.ts';

const SECONDS = Number(process.argv[2] ?? 10);
const BYTES_PER_MS = 200_000_000 / 8 / 1_000;
const BURST = 64 * 1024;
const TURN = 16 * 1024;
const QUEUED = 8 * 1024 * 1024;

const forNobody = { after: () => {} };

/** One direction of the wire: whoever has bytes gets a turn, as fast as the bucket allows. */
class Shaper {
  #tokens = BURST;
  #at = performance.now();
  readonly #flows: { readonly to: Socket; readonly from: Socket; chunks: Buffer[] }[] = [];
  #isWaiting = false;

  pass(from: Socket, to: Socket): void {
    const flow = { from, to, chunks: [] as Buffer[] };
    this.#flows.push(flow);
    from.on('data', (chunk: Buffer) => {
      flow.chunks.push(chunk);
      from.pause(); // one chunk of each socket: what waits, waits at the sender
      this.#run();
    });
    from.on('close', () => to.destroy());
    from.on('error', () => {});
  }

  #run(): void {
    if (this.#isWaiting) return;
    const now = performance.now();
    this.#tokens = Math.min(BURST, this.#tokens + (now - this.#at) * BYTES_PER_MS);
    this.#at = now;
    for (;;) {
      const flow = this.#flows.find(({ chunks }) => chunks.length > 0);
      if (flow === undefined) return;
      if (this.#tokens <= 0) break;
      this.#flows.splice(this.#flows.indexOf(flow), 1);
      this.#flows.push(flow);
      const [chunk] = flow.chunks;
      const turn = chunk.subarray(0, TURN);
      if (turn.length === chunk.length) flow.chunks.shift();
      else flow.chunks[0] = chunk.subarray(TURN);
      this.#tokens -= turn.length;
      flow.to.write(turn);
      if (flow.chunks.length === 0) flow.from.resume();
    }
    this.#isWaiting = true;
    setTimeout(() => {
      this.#isWaiting = false;
      this.#run();
    }, 1);
  }
}

const pings = { pingIntervalMs: 20, silenceMs: 60_000 };
const a = await startPeer(forNobody, { name: 'a', config: pings });
const b = await startPeer(forNobody, { name: 'b', config: pings });
const [there, back] = [new Shaper(), new Shaper()];
const server = createServer((near) => {
  const far = connect({ ...b.address, noDelay: true });
  near.setNoDelay(true);
  there.pass(near, far);
  back.pass(far, near);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
a.connectTo({ address: { host: '127.0.0.1', port }, name: 'b' });
await a.untilLinked(b);

async function trips(keep: () => void): Promise<readonly number[]> {
  const seen: number[] = [];
  let last: number | undefined;
  const until = performance.now() + SECONDS * 1_000;
  while (performance.now() < until) {
    keep();
    const { rttMs } = a.network.linkTo('b')!;
    if (rttMs !== undefined && rttMs !== last) seen.push(rttMs);
    last = rttMs;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return seen.sort((x, y) => x - y);
}

function say(what: string, sorted: readonly number[]): void {
  const at = (share: number): string => sorted[Math.floor(sorted.length * share)]!.toFixed(2);
  console.log(`${what}: ${sorted.length} pings, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
}

say('idle', await trips(() => {}));
const body = new Uint8Array(1024 * 1024);
const before = a.network.linkTo('b')!.channels.store.sentBytes;
const started = performance.now();
say(
  '8 MiB queued on store',
  await trips(() => {
    while (a.network.linkTo('b')!.channels.store.queuedBytes < QUEUED) {
      a.network.send('b', 'store', 'store', body);
    }
  }),
);
const sent = a.network.linkTo('b')!.channels.store.sentBytes - before;
const rate = (sent * 8) / (performance.now() - started) / 1_000;
console.log(`store carried ${rate.toFixed(0)} Mbit/s`);
process.exit();
