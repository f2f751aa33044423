/**
 * Channel throughput over a long wire (scenario 18): one connection against sixteen, with 20 ms of delay each way in the
 * process between the nodes and without. A connection has at most 256 KiB on the wire, which stands for the congestion
 * window a real one would have; loopback has none, and both ends share its processor: there the processor time of a MiB
 * says more than its rate, which other work on the machine moves.
 *
 *     node --import tsx bench/delayed.ts [seconds] [rounds]
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { DEFAULT_LINKS } from '../actors/links/config.ts';
import { startPeer } from '../test/actors/links/peers.ts';

const SECONDS = Number(process.argv[2] ?? 3);
const ROUNDS = Number(process.argv[3] ?? 3);
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

interface Sent {
  readonly mibPerSecond: number;
  /** Processor ms of both ends. */
  readonly msPerMib: number;
}

async function measure(parallelism: number, size: number, ms: number): Promise<Sent> {
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
  const cpu = process.cpuUsage();
  let key = 0;
  b.network.interpose(() => ({ kind: 'drop' })); // whole, and not kept
  while (performance.now() - started < SECONDS * 1_000) {
    while (a.network.send('b', 'store', 'store', body, { partitionKey: key }) === 'queued') key++;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const took = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const mib = b.network.linkTo('a')!.channels.store.receivedBytes / MIB;
  server.close();
  await Promise.all([a.kernel.stop(), b.kernel.stop()]);
  return { mibPerSecond: mib / took, msPerMib: (user + system) / 1_000 / mib };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

console.log(`store channel, medians of ${ROUNDS} interleaved rounds of ${SECONDS} s\n`);
console.log('| delay each way | payload | 1 connection | 16 connections | ratio | processor |');
console.log('|---|---|---|---|---|---|');
for (const ms of [20, 0]) {
  for (const size of [512 * 1024, 8 * MIB]) {
    const pairs: (readonly [Sent, Sent])[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      pairs.push([await measure(1, size, ms), await measure(16, size, ms)]);
    }
    const of = (look: (pair: readonly [Sent, Sent]) => number, digits: number): string =>
      median(pairs.map(look)).toFixed(digits);
    const cells = [
      `${ms} ms`,
      `${size / 1024} KiB`,
      `${of(([one]) => one.mibPerSecond, 0)} MiB/s`,
      `${of(([, many]) => many.mibPerSecond, 0)} MiB/s`,
      of(([one, many]) => many.mibPerSecond / one.mibPerSecond, 2),
      `${of(([one]) => one.msPerMib, 2)} and ${of(([, many]) => many.msPerMib, 2)} ms per MiB`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
process.exit();
