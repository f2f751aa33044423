/**
 * Channel throughput over a long wire (scenario 18): one connection against sixteen, with 20 ms of delay each way in the
 * process between the nodes and without. A connection has at most 256 KiB on the wire, which stands for the congestion
 * window a real one would have; loopback has none.
 *
 *     node --import tsx bench/delayed.ts [seconds]
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { DEFAULT_LINKS } from '../actors/links/config.ts';
import { startPeer } from '../test/actors/links/peers.ts';

const SECONDS = Number(process.argv[2] ?? 3);
const WINDOW = 256 * 1024;
const MIB = 1024 * 1024;

const forNobody = { after: () => {} };

/** Every chunk arrives so much later; the sender is read from while less than a window is on the wire. */
function delay(from: Socket, to: Socket, ms: number): void {
  let flying = 0;
  from.on('data', (chunk: Buffer) => {
    flying += chunk.length;
    if (flying >= WINDOW) from.pause();
    setTimeout(() => {
      to.write(chunk);
      // The acknowledgement takes as long again.
      setTimeout(() => {
        flying -= chunk.length;
        if (flying < WINDOW) from.resume();
      }, ms);
    }, ms);
  });
  from.on('close', () => to.destroy());
  from.on('error', () => {});
}

async function rate(parallelism: number, size: number, ms: number): Promise<number> {
  const channels = {
    ...DEFAULT_LINKS.channels,
    store: { ...DEFAULT_LINKS.channels.store, parallelism },
  };
  const a = await startPeer(forNobody, { name: 'a', config: { channels } });
  const b = await startPeer(forNobody, { name: 'b', config: { channels } });
  const server = createServer((near) => {
    const far = connect({ ...b.address, noDelay: true });
    near.setNoDelay(true);
    delay(near, far, ms);
    delay(far, near, ms);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  a.connectTo(ms === 0 ? b : { address: { host: '127.0.0.1', port }, name: 'b' });
  await a.untilLinked(b);
  await b.untilLinked(a);
  const link = a.network.linkTo('b')!;
  while (link.channels.store.connections < parallelism) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const body = new Uint8Array(size);
  const started = performance.now();
  let key = 0;
  b.network.interpose(() => ({ kind: 'drop' })); // whole, and not kept
  while (performance.now() - started < SECONDS * 1_000) {
    while (a.network.send('b', 'store', 'store', body, { partitionKey: key }) === 'queued') key++;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const took = (performance.now() - started) / 1_000;
  const received = b.network.linkTo('a')!.channels.store.receivedBytes;
  server.close();
  await Promise.all([a.kernel.stop(), b.kernel.stop()]);
  return received / MIB / took;
}

console.log('MiB/s on the store channel\n');
console.log('| delay each way | payload | 1 connection | 16 connections | ratio |');
console.log('|---|---|---|---|---|');
for (const ms of [20, 0]) {
  for (const size of [512 * 1024, 8 * MIB]) {
    const [one, many] = [await rate(1, size, ms), await rate(16, size, ms)];
    const ratio = (many / one).toFixed(2);
    console.log(
      `| ${ms} ms | ${size / 1024} KiB | ${one.toFixed(0)} | ${many.toFixed(0)} | ${ratio} |`,
    );
  }
}
process.exit();
