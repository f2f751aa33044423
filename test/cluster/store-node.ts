/**
 * A whole node as a process, whose store can be driven in bulk: the tree of supervisors/node.ts with a wall clock that can
 * be off and with prefixes of its own. A test speaks to it over the channel of its parent (store-commands.ts).
 */
import { createHash } from 'node:crypto';
import type {
  ExchangeOutcome,
  ExchangesMessage,
  GetOutcome,
  PageOutcome,
  PartitionInfo,
  PartitionMessage,
  PrefixSpec,
  PutOutcome,
} from '../../actors/store/api.ts';
import { EXCHANGES, partitionName } from '../../actors/store/api.ts';
import { encodeRowKey, partitionOf, rowKeyOf } from '../../actors/store/keys.ts';
import { REPLICATOR } from '../../actors/store/services.ts';
import type { Ref, ReplyTo } from '../../runtime/kernel/actor.ts';
import { nodeFiles } from '../../runtime/config/node-files.ts';
import { createLogHost } from '../../runtime/log/log-host.ts';
import { loadNodeConfig } from '../../supervisors/config.ts';
import type { Node } from '../../supervisors/node.ts';
import { startNode } from '../../supervisors/node.ts';
import type { Asked, Command, Commands, Keys, Said, StoreNodeOptions } from './store-commands.ts';
import { PREFIXES, THROWS } from './store-commands.ts';

/** For what is done at all, however long a busy machine takes for 100,000 rows. */
const PATIENCE_MS = 600_000;
/** Puts under way at once. */
const AT_ONCE = 256;

const { settings, store, clockOffsetMs } = JSON.parse(process.argv[2]!) as StoreNodeOptions;
const clock = { offsetMs: clockOffsetMs };

function throwFor(key: string, text: string): void {
  if (key === text) throw new Error('a hook of this test');
}

const prefixes: readonly PrefixSpec[] = [
  { name: 'warm', type: 'ram_disk' },
  { name: 'cold', type: 'disk' },
  {
    name: 'fragile',
    type: 'ram_disk',
    hooks: {
      willMerge: (key) => (throwFor(key, THROWS.willMerge), true),
      onMerge: (key) => throwFor(key, THROWS.onMerge),
    },
  },
];

const node = await start();
const partitions = Number(settings['store.partitions'] ?? 16);

const commands: { [C in Command]: (argument: never) => Promise<unknown> } & {
  [C in Command]: (argument: Parameters<Commands[C]>[0]) => Promise<ReturnType<Commands[C]>>;
} = {
  put: (keys) => each(keys, (key) => put(keys.prefix, key, bytes(keys.value))),
  async put_one({ prefix, key, value, context }) {
    const outcome = await put(prefix, key, bytes(value), context);
    return outcome.kind === 'refused' ? `${outcome.reason}: ${outcome.detail}` : outcome.kind;
  },
  delete: (keys) => each(keys, (key) => put(keys.prefix, key, undefined)),
  async get({ prefix, key }) {
    const { value, values, context } = await get(prefix, key);
    return { value: value && text(value), values: values.map(text), context };
  },
  async lacks({ keys }) {
    const lacking: string[] = [];
    for (let at = 0; at < keys.length; at += 1_000) {
      const some = keys.slice(at, at + 1_000);
      const found = await Promise.all(some.map((key) => get(prefixOfLife(key), key)));
      lacking.push(...some.filter((key, i) => text(found[i]!.value ?? bytes('')) !== key));
    }
    return lacking;
  },
  async dump() {
    const hash = createHash('sha256');
    let rows = 0;
    for await (const { prefix, keys } of everything()) {
      const found = await Promise.all(keys.map((key) => get(prefix, key)));
      for (const [i, { values, context }] of found.entries()) {
        hash.update(JSON.stringify([prefix, keys[i], values.map(text), context]));
      }
      rows += keys.length;
    }
    return { rows, hash: hash.digest('hex') };
  },
  exchange: ({ peer }) =>
    ask<ExchangesMessage, ExchangeOutcome>(node.kernel.whereis(EXCHANGES), (reply) => ({
      ...{ kind: 'exchange', peer },
      reply,
    })),
  async check() {
    let damaged = 0;
    for (let index = 0; index < partitions; index++) {
      for (let isOver = false; !isOver;) {
        const outcome = await askPartition<{ damaged: number; isRoundComplete: boolean }>(
          index,
          (reply) => ({ kind: 'check', rows: 10_000, reply }),
        );
        damaged += outcome.damaged;
        isOver = outcome.isRoundComplete;
      }
    }
    return damaged;
  },
  async rebuild() {
    let wrong = 0;
    for (let index = 0; index < partitions; index++) {
      const outcome = await askPartition<string>(index, (reply) => ({ kind: 'rebuild', reply }));
      if (outcome !== 'right') wrong++;
    }
    return wrong;
  },
  partitions: () =>
    Promise.all(
      Array.from({ length: partitions }, (_, index) =>
        askPartition<PartitionInfo>(index, (reply) => ({ kind: 'info', reply })),
      ),
    ),
  counter: async ({ name }) => node.metrics.counters.value(name),
  crashes: async () => node.kernel.crashes().map(({ path, reason }) => `${path}: ${reason}`),
  async set_clock({ offsetMs }) {
    clock.offsetMs = offsetMs;
    return true;
  },
  async send_malformed({ prefix, key }) {
    const row = { key: encodeRowKey(rowKeyOf(prefix, key)), row: new Uint8Array(40).fill(0xff) };
    const delivery = node.kernel.whereis(REPLICATOR)?.cast({ kind: 'replicate', rows: [row] });
    return delivery === 'accepted';
  },
  async put_for_ever({ life }) {
    void putForEver(life);
    return true;
  },
};

process.on('message', (asked: Asked) => void answer(asked));
process.on('disconnect', () => process.exit(1));
process.on('SIGTERM', () => void node.stop().then(() => process.exit(0)));
say({ kind: 'started' });

async function start(): Promise<Node> {
  const { config, mistakes } = loadNodeConfig({
    file: undefined,
    environment: {},
    flags: Object.entries(settings).map(([key, value]) => `${key}=${value}`),
    workingDirectory: '.',
    files: nodeFiles,
  });
  if (mistakes.length > 0) throw new Error(JSON.stringify(mistakes));
  const log = createLogHost(config.log, process.stdout, (error) =>
    process.stderr.write(`${error}\n`),
  );
  const knobs = {
    ...config,
    store: { ...config.store, store: { ...config.store.store, ...store } },
  };
  const wall = (): number => Date.now() + clock.offsetMs;
  try {
    return await startNode(knobs, log.logger, 'test', { wall, prefixes });
  } catch (error) {
    process.stderr.write(`cannot start: ${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}

async function answer({ number, command, argument }: Asked): Promise<void> {
  try {
    say({ kind: 'answer', number, value: await commands[command](argument) });
  } catch (error) {
    say({ kind: 'failed', number, reason: String(error) });
  }
}

function say(said: Said): void {
  process.send?.(said);
}

async function ask<M, R>(
  target: Ref<M> | undefined,
  request: (reply: ReplyTo<R>) => M,
): Promise<R> {
  if (target === undefined) throw new Error('nobody of that name');
  const outcome = await node.kernel.call(target, request, PATIENCE_MS);
  if (outcome.kind !== 'reply') throw new Error(`no answer: ${outcome.kind}`);
  return outcome.value;
}

function askPartition<R>(
  index: number,
  request: (reply: ReplyTo<R>) => PartitionMessage,
): Promise<R> {
  return ask(node.kernel.whereis(partitionName(index)), request);
}

function put(
  prefix: string,
  key: string,
  value: Uint8Array | undefined,
  context?: readonly (readonly [string, number])[],
): Promise<PutOutcome> {
  const options = context === undefined ? {} : { context };
  return askPartition<PutOutcome>(partitionOf(rowKeyOf(prefix, key), partitions), (reply) => ({
    ...{ kind: 'put', prefix, key, value, options },
    reply,
  }));
}

async function get(prefix: string, key: string) {
  const partition = partitionOf(rowKeyOf(prefix, key), partitions);
  const outcome = await askPartition<GetOutcome>(partition, (reply) => ({
    ...{ kind: 'get', prefix, key },
    reply,
  }));
  if (outcome.kind === 'failed') throw new Error(outcome.failure.detail);
  return outcome;
}

async function each({ from, to }: Keys, one: (key: string) => Promise<PutOutcome>) {
  const refused: Record<string, number> = {};
  let stored = 0;
  let next = from;
  const work = async (): Promise<void> => {
    while (next < to) {
      const outcome = await one(`k${next++}`);
      if (outcome.kind === 'stored') stored++;
      else {
        const reason = outcome.kind === 'refused' ? outcome.reason : outcome.kind;
        refused[reason] = (refused[reason] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { stored, refused };
}

/** Rows in memory and rows on disk only take turns, so that both are killed. */
function prefixOfLife(key: string): string {
  return Number(key.split(' ')[1]) % 2 === 0 ? 'warm' : 'cold';
}

async function putForEver(life: number): Promise<void> {
  const acked: string[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (;;) {
      const key = `life ${life} put ${next++}`;
      const outcome = await put(prefixOfLife(key), key, bytes(key));
      if (outcome.kind !== 'stored') continue;
      if (acked.push(key) === 1) setImmediate(() => say({ kind: 'acked', keys: acked.splice(0) }));
    }
  };
  await Promise.all(Array.from({ length: 64 }, work));
}

async function* everything(): AsyncGenerator<{ prefix: string; keys: readonly string[] }> {
  for (const prefix of PREFIXES) {
    for (let index = 0; index < partitions; index++) {
      let after: string | undefined;
      for (let isLast = false; !isLast;) {
        const page = await askPartition<PageOutcome>(index, (reply) => ({
          ...{ kind: 'page', prefix, after, limit: 1_000 },
          reply,
        }));
        if (page.kind === 'failed') throw new Error(page.failure.detail);
        yield { prefix, keys: page.rows.map(({ key }) => key) };
        after = page.rows.at(-1)?.key ?? after;
        isLast = page.isLast;
      }
    }
  }
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
