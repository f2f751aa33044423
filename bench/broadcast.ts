/**
 * Broadcast: messages per CPU second through the machine, with and without the bytes, and what a delivered message costs the
 * network in simulated clusters.
 *
 *     node --import tsx bench/broadcast.ts [messages]
 */
import { Broadcaster } from '../actors/broadcast/broadcaster.ts';
import { BROADCAST_DEFAULTS } from '../actors/broadcast/config.ts';
import type { PeerMessage } from '../actors/broadcast/message.ts';
import { isRefused, parsePeerMessage, toWire } from '../actors/broadcast/message.ts';
import { seededRandom } from '../runtime/kernel/random.ts';
import type { PlainValue } from '../runtime/net/peer/codec.ts';
import { decodeBody, encodeBody } from '../runtime/net/peer/codec.ts';
import type { SimulationOptions } from '../test/actors/broadcast/simulation.ts';
import { Simulation } from '../test/actors/broadcast/simulation.ts';

const MESSAGES = Number(process.argv[2] ?? 200_000);
const PAYLOAD = new Uint8Array(100);

/** A machine with linked peers; `send` sees what leaves it. */
function machine(peers: number, directMembers: number, send: (message: PeerMessage) => void) {
  const broadcaster = new Broadcaster({
    self: { name: 'self', incarnation: 1 },
    config: { ...BROADCAST_DEFAULTS, directMembers },
    rows: { own: new Map(), seen: new Map() },
    random: seededRandom(1),
    port: {
      send: (_to, message) => send(message),
      deliver: () => {},
      schedule: () => {},
      count: () => {},
    },
  });
  for (let i = 0; i < peers; i++) {
    broadcaster.handle({ kind: 'link_up', peer: { name: `p${i}`, incarnation: 1 } }, 0);
  }
  return broadcaster;
}

function gossip(sequence: number): PeerMessage {
  const origin = `far${sequence % 20}#1/1`;
  const payload = { origin, sequence: 1 + Math.floor(sequence / 20), topic: 'registry' };
  return { kind: 'gossip', round: 3, payload: { ...payload, bytes: PAYLOAD } };
}

function measure(what: string, run: (i: number) => void): void {
  for (let i = 0; i < MESSAGES / 10; i++) run(i);
  const before = process.cpuUsage();
  for (let i = MESSAGES / 10; i < MESSAGES; i++) run(i);
  const { user, system } = process.cpuUsage(before);
  const rate = Math.round((0.9 * MESSAGES) / ((user + system) / 1e6));
  console.log(
    `${what.padEnd(44)}${rate.toLocaleString('en').padStart(12)} messages per CPU second`,
  );
}

const from = { name: 'p0', incarnation: 1 };
const encode = (message: PeerMessage) => encodeBody(toWire(message) as PlainValue);

const tree = machine(5, 0, () => {});
measure('gossip, new, 4 neighbours on the tree', (i) =>
  tree.handle({ kind: 'received', from, message: gossip(i) }, i / 100),
);
measure('gossip, a repetition', (i) =>
  tree.handle({ kind: 'received', from, message: gossip(i) }, MESSAGES / 100),
);
const wired = machine(5, 0, encode);
const bodies = Array.from({ length: MESSAGES }, (_, i) => encode(gossip(i)));
measure('the same with decoding and encoding', (i) => {
  const message = parsePeerMessage(decodeBody(bodies[i]!), 1_000);
  if (isRefused(message)) throw new Error(message.reason);
  wired.handle({ kind: 'received', from, message }, i / 100);
});
const direct = machine(9, 30, encode);
measure('direct publish to 9, encoded once', (i) =>
  direct.handle({ kind: 'publish', topic: 'registry', bytes: PAYLOAD }, i / 100),
);

console.log('\npayload 100 B; steady trees, 5 senders; bytes of all messages per delivery');
const clusters: readonly Omit<SimulationOptions, 'seed'>[] = [
  { nodes: 10, overlay: 'mesh' },
  { nodes: 100, overlay: 'mesh' },
  { nodes: 100, overlay: 'active_views' },
  { nodes: 1_000, overlay: 'active_views' },
];
for (const options of clusters) {
  const simulation = new Simulation({ ...options, seed: 1, isWeighed: true });
  const round = (): string[] => {
    const keys = [0, 1, 2, 3, 4].map((i) => {
      simulation.run(100);
      return simulation.publish(`n${i}`, PAYLOAD.length);
    });
    simulation.run(2_000);
    return keys;
  };
  for (let i = 0; i < 4; i++) round();
  const { bytes, controlMessages, payloadMessages } = simulation;
  const keys = [...round(), ...round()];
  const fates = keys.map((key) => simulation.fates.get(key)!);
  const deliveries = fates.reduce((sum, fate) => sum + fate.deliveries, 0);
  const last = fates.map(({ lastAt, publishedAt }) => lastAt - publishedAt).sort((a, b) => a - b);
  console.log(
    `N ${String(options.nodes).padStart(5)} ${options.overlay.padEnd(13)}` +
      `${((simulation.bytes - bytes) / deliveries).toFixed(0).padStart(5)} B` +
      `${((simulation.payloadMessages - payloadMessages) / deliveries).toFixed(3).padStart(8)} payloads` +
      `${((simulation.controlMessages - controlMessages) / deliveries).toFixed(2).padStart(6)} control` +
      `   last delivery median ${last[last.length >> 1]!.toFixed(0)} ms, max ${last.at(-1)!.toFixed(0)} ms`,
  );
}
