/**
 * The reference for heartbeat.ts: two plain sockets between two processes, one that always has 8 MiB to send, one that is
 * pinged. What pings wait here they wait for the network and the machine; nothing of ours is in the way.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

const PING_EVERY_MS = 20;
const CHUNK = Buffer.alloc(64 * 1024);

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Echoes single bytes, swallows the rest. */
export async function listenPlain(host: string): Promise<Target> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', (chunk: Buffer) => chunk.length === 1 && socket.write(chunk));
    socket.on('error', () => {}); // the other process has ended
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return { host, port };
}

/** Ms of round trips, sorted. */
export async function plainTrips(
  target: Target,
  seconds: number,
  queuedBytes: number,
): Promise<readonly number[]> {
  const seen: number[] = [];
  const [bulk, ping] = [connect(target), connect({ ...target, noDelay: true })];
  for (const socket of [bulk, ping]) {
    socket.on('error', (error) => {
      throw error;
    });
  }
  let sentAt = 0;
  ping.on('data', () => seen.push(performance.now() - sentAt));
  const until = performance.now() + 1_000 * seconds;
  while (performance.now() < until) {
    while (bulk.writableLength < queuedBytes) bulk.write(CHUNK);
    const count = seen.length;
    sentAt = performance.now();
    ping.write(Buffer.of(1));
    await answered(ping, () => seen.length > count);
    await new Promise((resolve) => setTimeout(resolve, PING_EVERY_MS));
  }
  for (const socket of [bulk, ping]) socket.destroy();
  return seen.sort((x, y) => x - y);
}

async function answered(socket: Socket, isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => socket.once('data', resolve));
}

/** Microseconds of one round trip after the other, sorted. */
export async function rawRoundTrips(
  target: Target,
  count: number,
): Promise<{ readonly us: readonly number[]; readonly perSecond: number }> {
  const socket = connect({ ...target, noDelay: true });
  await new Promise((resolve) => socket.once('connect', resolve));
  const us: number[] = [];
  const started = performance.now();
  await new Promise<void>((resolve) => {
    let sentAt = performance.now();
    socket.on('data', () => {
      const now = performance.now();
      us.push((now - sentAt) * 1_000);
      if (us.length >= count) return resolve();
      sentAt = now;
      socket.write(Buffer.of(1));
    });
    socket.write(Buffer.of(1));
  });
  const perSecond = count / ((performance.now() - started) / 1_000);
  socket.destroy();
  return { us: us.sort((a, b) => a - b), perSecond };
}
