/**
 * A wire of so many Mbit/s between two nodes of one process. All sockets share one token bucket per direction, which hands
 * out turns of 16 KiB in rotation, as fair queueing does; `tc tbf` is one queue, so there a ping waits behind what the
 * kernel has queued of the bulk.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { PeerAddress } from '../actors/links/api.ts';

const BURST = 64 * 1024;
const TURN = 16 * 1024;

/** The port to be dialled in place of the address. */
export async function shapedWire(address: PeerAddress, mbit: number): Promise<number> {
  const [there, back] = [new Shaper(mbit), new Shaper(mbit)];
  const server = createServer((near) => {
    const far = connect({ ...address, noDelay: true });
    near.setNoDelay(true);
    there.pass(near, far);
    back.pass(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** One direction of the wire: whoever has bytes gets a turn, as fast as the bucket allows. */
class Shaper {
  readonly #bytesPerMs: number;
  #tokens = BURST;
  #at = performance.now();
  readonly #flows: { readonly to: Socket; readonly from: Socket; chunks: Buffer[] }[] = [];
  #isWaiting = false;

  constructor(mbit: number) {
    this.#bytesPerMs = (mbit * 1e6) / 8 / 1_000;
  }

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
    this.#tokens = Math.min(BURST, this.#tokens + (now - this.#at) * this.#bytesPerMs);
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
