/**
 * Heartbeats beside bulk (scenario 17): round trips of pings on the control channel while 8 MiB are queued on another one,
 * over a wire of 200 Mbit/s.
 *
 * As root on Linux: two processes in network namespaces, the wire shaped by `tc tbf`, one queue for all; beside it what two
 * plain sockets do there. Elsewhere, or with `wire`: both nodes in this process and the wire in user space (shaper.ts),
 * whose turns are fair.
 *
 *     node --import tsx bench/heartbeat.ts [seconds] [kernel|wire] [queue ms] [cubic|bbr]
 */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PeerAddress } from '../actors/links/api.ts';
import type { Peer } from '../test/actors/links/peers.ts';
import { startPeer } from '../test/actors/links/peers.ts';
import { Namespaces } from './namespaces.ts';
import type { Target } from './plain-sockets.ts';
import { listenPlain, plainTrips } from './plain-sockets.ts';
import { shapedWire } from './shaper.ts';

const MBIT = 200;
const QUEUED = 8 * 1024 * 1024;
/** After which nothing is left of what plain sockets had queued. */
const DRAINED_MS = 1_000;

const [, , seconds = '10', mode = 'kernel', third = '50', congestionControl = 'cubic'] =
  process.argv;
const SECONDS = Number(seconds);
const forNobody = { after: () => {} };
const pings = { pingIntervalMs: 20, silenceMs: 60_000 };

switch (mode) {
  case 'listen': // in a process of its own: the namespace's address is the third argument
    await listen(third);
    break;
  case 'dial':
    await dial(JSON.parse(third) as readonly [PeerAddress, Target]);
    process.exit();
    break;
  case 'wire':
    await overWire();
    process.exit();
    break;
  default:
    await throughKernel(Number(third));
    process.exit();
}

async function listen(address: string): Promise<void> {
  const peer = await startPeer(forNobody, { name: 'b', config: { ...pings, address } });
  process.on('disconnect', () => process.exit());
  process.send!([peer.address, await listenPlain(address)]);
}

async function dial([address, plain]: readonly [PeerAddress, Target]): Promise<void> {
  const peer = await startPeer(forNobody, { name: 'a', config: pings });
  peer.connectTo({ address, name: 'b' });
  await peer.until('linked', () => peer.network.isConnected('b'));
  say('idle', await trips(peer, () => {}));
  say('plain sockets, idle', await plainTrips(plain, SECONDS, 0));
  say('plain sockets, 8 MiB queued on one', await plainTrips(plain, SECONDS, QUEUED));
  await new Promise((resolve) => setTimeout(resolve, DRAINED_MS));
  await measure(peer);
}

async function throughKernel(queueMs: number): Promise<void> {
  const namespaces = Namespaces.make({ mbit: MBIT, queueMs, congestionControl });
  if (typeof namespaces === 'string') {
    console.log(`no namespaces here (${namespaces.trim()}): a wire in user space`);
    return overWire();
  }
  try {
    console.log(
      `two processes, tc tbf rate ${MBIT}mbit, queue of ${queueMs} ms, ${congestionControl}`,
    );
    const itself = fileURLToPath(import.meta.url);
    const far = namespaces.spawn(1, [itself, seconds, 'listen', namespaces.hosts[1]]);
    const [targets] = await once(far, 'message');
    const near = namespaces.spawn(0, [itself, seconds, 'dial', JSON.stringify(targets)]);
    await once(near, 'exit');
    far.disconnect();
    await once(far, 'exit');
  } finally {
    namespaces.close();
  }
}

async function overWire(): Promise<void> {
  console.log(`one process, a wire of ${MBIT} Mbit/s in user space`);
  const a = await startPeer(forNobody, { name: 'a', config: pings });
  const b = await startPeer(forNobody, { name: 'b', config: pings });
  const port = await shapedWire(b.address, MBIT);
  a.connectTo({ address: { host: '127.0.0.1', port }, name: 'b' });
  await a.untilLinked(b);
  say('idle', await trips(a, () => {}));
  await measure(a);
}

async function measure(a: Peer): Promise<void> {
  const body = new Uint8Array(1024 * 1024);
  const before = a.network.linkTo('b')!.channels.store.sentBytes;
  const started = performance.now();
  say(
    '8 MiB queued on store',
    await trips(a, () => {
      while (a.network.linkTo('b')!.channels.store.queuedBytes < QUEUED) {
        a.network.send('b', 'store', 'store', body);
      }
    }),
  );
  const sent = a.network.linkTo('b')!.channels.store.sentBytes - before;
  const rate = (sent * 8) / (performance.now() - started) / 1_000;
  console.log(`store carried ${rate.toFixed(0)} Mbit/s`);
}

async function trips(a: Peer, keep: () => void): Promise<readonly number[]> {
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
