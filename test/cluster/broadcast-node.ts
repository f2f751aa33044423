/**
 * A whole node as a process that broadcasts when it is told, on a topic nobody else uses, and notes what it hears and how
 * long that took: all processes of a machine have one monotonic clock.
 */
import type { BroadcastInfo, Broadcasted, BroadcastMessage } from '../../actors/broadcast/api.ts';
import { BROADCAST } from '../../actors/broadcast/api.ts';
import { createLogHost } from '../../runtime/log/log-host.ts';
import { loadNodeConfig } from '../../supervisors/config.ts';
import { startNode } from '../../supervisors/node.ts';

export type BroadcastCommand =
  | { readonly kind: 'neighbours' }
  /** So many, `atOnce` in a turn, the next ones `everyMs` later. */
  | {
      readonly kind: 'publish';
      readonly count: number;
      readonly atOnce: number;
      readonly everyMs: number;
    }
  | { readonly kind: 'heard' }
  | { readonly kind: 'counter'; readonly name: string };

export interface Heard {
  readonly count: number;
  /** Of those, how many had been heard before. */
  readonly again: number;
  /** Microseconds from the publication, of each. */
  readonly tookUs: readonly number[];
}

const { config, mistakes } = loadNodeConfig({
  file: undefined,
  environment: {},
  flags: process.argv.slice(2),
  workingDirectory: '.',
  files: { read: () => undefined },
});
if (mistakes.length > 0) throw new Error(JSON.stringify(mistakes));
const log = createLogHost(config.log, process.stdout, (error) =>
  process.stderr.write(`${error}\n`),
);
const node = await startNode(config, log.logger, 'test');
const numbers = new Set<string>();
let tookUs: number[] = [];
let again = 0;
let published = 0;

const broadcast = (): { cast(message: BroadcastMessage): void } => node.kernel.whereis(BROADCAST)!;
broadcast().cast({
  kind: 'subscribe',
  topic: 'realms',
  target: {
    cast({ origin, payload }: Broadcasted) {
      const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
      const number = `${origin.name} ${view.getUint32(0)}`;
      if (numbers.has(number)) again++;
      numbers.add(number);
      tookUs.push(Number(process.hrtime.bigint() - view.getBigUint64(4)) / 1_000);
      return 'accepted';
    },
  },
});

process.on('message', (command: BroadcastCommand) => {
  void answer(command).then((value) => process.send!({ value }));
});
process.on('disconnect', () => process.exit());
process.send!({ value: 'started' });

async function answer(command: BroadcastCommand): Promise<unknown> {
  switch (command.kind) {
    case 'neighbours': {
      const outcome = await node.kernel.call<BroadcastMessage, BroadcastInfo>(
        node.kernel.whereis(BROADCAST)!,
        (reply) => ({ kind: 'info', reply }),
        10_000,
      );
      return outcome.kind === 'reply' ? outcome.value.neighbours.length : 0;
    }
    case 'publish':
      await publish(command);
      return true;
    case 'heard': {
      const heard: Heard = { count: tookUs.length, again, tookUs };
      tookUs = [];
      again = 0;
      return heard;
    }
    case 'counter':
      return node.metrics.counters.value(command.name);
  }
}

async function publish(command: Extract<BroadcastCommand, { kind: 'publish' }>): Promise<void> {
  const { count, atOnce, everyMs } = command;
  for (let sent = 0; sent < count;) {
    for (let i = 0; i < atOnce && sent < count; i++, sent++) {
      const payload = new Uint8Array(100);
      const view = new DataView(payload.buffer);
      view.setUint32(0, published++);
      view.setBigUint64(4, process.hrtime.bigint());
      broadcast().cast({ kind: 'publish', topic: 'realms', payload });
    }
    await new Promise((resolve) =>
      everyMs > 0 ? setTimeout(resolve, everyMs) : setImmediate(resolve),
    );
  }
}
