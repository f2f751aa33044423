/**
 * Broadcast among five processes in a full mesh (scenario 6): from the publication to each other node, and how many a
 * second; beside it the round trips of a plain socket between two processes on the same machine in the same run.
 *
 *     node --import tsx bench/mesh.ts [broadcasts]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startMesh, until } from '../test/cluster/broadcast-nodes.ts';
import type { Target } from './plain-sockets.ts';
import { listenPlain, rawRoundTrips } from './plain-sockets.ts';

const COUNT = Number(process.argv[2] ?? 2_000);
const SIZE = 5;

if (process.argv[2] === 'listen') {
  process.send!(await listenPlain('127.0.0.1'));
  process.on('disconnect', () => process.exit());
} else {
  await compare();
  process.exit();
}

async function compare(): Promise<void> {
  const ends: (() => void)[] = [];
  try {
    const listener = fork(fileURLToPath(import.meta.url), ['listen']);
    ends.push(() => void listener.kill());
    const [target] = (await once(listener, 'message')) as [Target];
    const plain = await rawRoundTrips(target, 2 * COUNT);
    const nodes = await startMesh({ after: (end) => void ends.push(end) }, SIZE);
    const [first, ...others] = nodes;
    const collect = async (): Promise<readonly number[]> => {
      const took: number[] = [];
      await until('heard', async () => {
        for (const node of others) took.push(...(await node.heard()).tookUs);
        return took.length >= (SIZE - 1) * COUNT;
      });
      return took.sort((a, b) => a - b);
    };
    await first!.publish(COUNT, 1, 2);
    const alone = await collect();
    const started = performance.now();
    await first!.publish(COUNT, 20, 0);
    await collect();
    const rate = COUNT / ((performance.now() - started) / 1_000);
    const at = (sorted: readonly number[], share: number): string =>
      sorted[Math.floor(sorted.length * share)]!.toFixed(0);
    console.log(
      `plain socket: round trip p50 ${at(plain.us, 0.5)} µs, ${plain.perSecond.toFixed(0)}/s`,
    );
    console.log(`broadcast to ${SIZE - 1}: p50 ${at(alone, 0.5)} µs, p99 ${at(alone, 0.99)} µs`);
    console.log(
      `${rate.toFixed(0)} broadcasts/s, ${(rate / plain.perSecond).toFixed(2)} of the round trips`,
    );
  } finally {
    for (const end of ends) end();
  }
}
