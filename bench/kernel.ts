/**
 * The kernel beside raw nact in the same run: flood to one actor, three-hop frames, and what else the kernel costs.
 * `node dist/bench/kernel.js`, or `node --expose-gc --import tsx bench/kernel.ts` for the bytes per actor too.
 */
import { dispatch, spawn, start, stop } from 'nact';
import { name } from '../runtime/kernel/actor.ts';
import type { Definition, Ref } from '../runtime/kernel/actor.ts';
import { boot } from '../runtime/kernel/boot.ts';
import type { Kernel } from '../runtime/kernel/kernel.ts';
import { NactScheduler } from '../runtime/kernel/nact-scheduler.ts';
import type { ChildSpec, StartResult, SupervisorMessage } from '../runtime/kernel/supervision.ts';
import { subtree, worker } from '../runtime/kernel/worker.ts';

const ROUNDS = 5;
const SESSIONS = 100;
const QUIET = { crash: (): void => {}, event: (): void => {} };
const LARGE = { limit: 10_000_000, onFull: 'refuse' } as const;

interface Frame {
  readonly kind: 'request' | 'route' | 'deliver';
  readonly session: number;
}

/** Actors that answer `cast(index, message)`; index 0 is the router of the three-hop frames. */
type Cast = (index: number, message: Frame) => void;

function figure(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1]!;
  return `${format(median)} (${format(sorted[0]!)} to ${format(sorted.at(-1)!)})`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function format(value: number): string {
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)} M` : `${(value / 1e3).toFixed(0)} k`;
}

const nextLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Messages per second into one actor, cast in chunks of 1,000 with loop turns in between. */
async function flood(cast: Cast, handled: () => number, count: number): Promise<number> {
  const begin = performance.now();
  const base = handled();
  const message: Frame = { kind: 'request', session: 0 };
  for (let sent = 0; sent < count;) {
    for (let i = 0; i < 1000; i++, sent++) cast(0, message);
    if (sent % 50_000 === 0) await nextLoop();
  }
  while (handled() - base < count) await nextLoop();
  return count / ((performance.now() - begin) / 1000);
}

/** Frames per second through session, router, session, with one frame in flight per session. */
function hops(cast: Cast, set: (handle: Cast) => void, count: number): Promise<number> {
  return new Promise((resolve) => {
    let done = 0;
    let begun = SESSIONS;
    const begin = performance.now();
    set((index, frame) => {
      if (frame.kind === 'request') cast(0, { kind: 'route', session: frame.session });
      else if (frame.kind === 'route')
        cast(1 + ((frame.session + 1) % SESSIONS), { kind: 'deliver', session: index });
      else if (++done === count) resolve(count / ((performance.now() - begin) / 1000));
      else if (begun++ < count)
        cast(1 + frame.session, { kind: 'request', session: frame.session });
    });
    for (let session = 0; session < SESSIONS; session++)
      cast(1 + session, { kind: 'request', session });
  });
}

interface Contender {
  flood(count: number): Promise<number>;
  hops(count: number): Promise<number>;
  end(): Promise<unknown>;
}

function rawNact(): Contender {
  let handled = 0;
  let handle: Cast = () => {};
  const system = start();
  const sink = spawn(system, () => void handled++, 'sink');
  const actors = Array.from({ length: SESSIONS + 1 }, (_, index) =>
    spawn(system, (_state: unknown, message: Frame) => handle(index, message), `a${index}`),
  );
  return {
    flood: (count) =>
      flood(
        (_index, message) => dispatch(sink, message as never),
        () => handled,
        count,
      ),
    hops: (count) =>
      hops(
        (index, message) => dispatch(actors[index]!, message as never),
        (set) => (handle = set),
        count,
      ),
    end: async () => stop(system),
  };
}

async function ours(): Promise<Contender> {
  let handled = 0;
  let handle: Cast = () => {};
  const named = (id: string, act: (message: Frame) => void): ChildSpec =>
    worker<Frame>(id, {
      class: id === 'sink' ? 'control' : 'data',
      mailbox: LARGE,
      init: (context) => {
        context.register(name(id));
        return { handle: act };
      },
    });
  const actors = Array.from({ length: SESSIONS + 1 }, (_, index) =>
    named(`a${index}`, (message) => handle(index, message)),
  );
  const kernel = await bootKernel([named('sink', () => void handled++), ...actors]);
  const sink = kernel.whereis<Frame>(name('sink'))!;
  const refs = actors.map((spec) => kernel.whereis<Frame>(name(spec.id))!);
  return {
    flood: (count) =>
      flood(
        (_index, message) => void sink.cast(message),
        () => handled,
        count,
      ),
    hops: (count) =>
      hops(
        (index, message) => void refs[index]!.cast(message),
        (set) => (handle = set),
        count,
      ),
    end: () => kernel.stop(),
  };
}

async function bootKernel(children: readonly ChildSpec[]): Promise<Kernel> {
  const scheduler = new NactScheduler({ onFault: (error) => console.error(error) });
  const intensity = { restarts: 1_000_000, periodMs: 1000 };
  const root = {
    kind: 'supervisor',
    strategy: 'one_for_one',
    intensity,
    children: () => children,
  } as const;
  const kernel = boot({ root, scheduler, log: QUIET });
  await kernel.started;
  return kernel;
}

async function beside(): Promise<void> {
  const nact = rawNact();
  const kernel = await ours();
  const rates = {
    nactFlood: [] as number[],
    flood: [] as number[],
    nactHops: [] as number[],
    hops: [] as number[],
  };
  for (let round = 0; round <= ROUNDS; round++) {
    const found = {
      nactFlood: await nact.flood(100_000),
      flood: await kernel.flood(2_000_000),
      nactHops: await nact.hops(50_000),
      hops: await kernel.hops(400_000),
    };
    if (round === 0) continue; // warming up
    for (const key of Object.keys(found) as (keyof typeof found)[]) rates[key].push(found[key]);
  }
  const ratio = (a: readonly number[], b: readonly number[]): string =>
    (median(a) / median(b)).toFixed(1);
  console.log(
    `flood to one actor, messages/s   kernel ${figure(rates.flood)}   nact ${figure(rates.nactFlood)}   ${ratio(rates.flood, rates.nactFlood)} x`,
  );
  console.log(
    `three-hop frames/s, 100 sessions kernel ${figure(rates.hops)}   nact ${figure(rates.nactHops)}   ${ratio(rates.hops, rates.nactHops)} x`,
  );
  console.log(`ns per hop                       ${(1e9 / median(rates.hops) / 3).toFixed(0)}`);
  await nact.end();
  await kernel.end();
}

const MANY = name<SupervisorMessage>('many');

function manyOf(definition: Definition<never>): ChildSpec {
  return subtree('many', {
    kind: 'supervisor',
    name: MANY.name,
    strategy: 'simple_one_for_one',
    child: (id: number) => ({ id: String(id), start: definition, restart: 'temporary' }),
  });
}

async function startMany(kernel: Kernel, count: number): Promise<void> {
  const many = kernel.whereis(MANY)!;
  for (let id = 1; id < count; id++) {
    many.cast({ kind: 'start_child', argument: id });
    if (id % 1000 === 0) await nextLoop();
  }
  await kernel.call<SupervisorMessage, StartResult>(
    many,
    (reply) => ({ kind: 'start_child', argument: 0, reply }),
    60_000,
  );
}

/** Round trips of a control actor while 5,000 data actors never run out of messages. */
async function controlUnderFlood(): Promise<void> {
  const spin = (): void => {
    for (let until = performance.now() + 0.005; performance.now() < until;);
  };
  const flooded: Definition<never> = {
    class: 'data',
    init: (context) => {
      const again = (): void => void (context.self as Ref<unknown>).cast(undefined);
      for (let i = 0; i < 20; i++) again();
      return {
        handle: () => {
          spin();
          again();
        },
      };
    },
  };
  const control = worker<(at: number) => void>('control', {
    init: (context) => {
      context.register(name('control'));
      return { handle: (act) => act(performance.now()) };
    },
  });
  const kernel = await bootKernel([control, manyOf(flooded)]);
  await startMany(kernel, 5000);
  const target = kernel.whereis<(at: number) => void>(name('control'))!;
  const waits: number[] = [];
  for (let i = 0; i < 1000; i++) {
    const sent = performance.now();
    waits.push(
      await new Promise<number>((resolve) => void target.cast((at) => resolve(at - sent))),
    );
    await nextLoop();
  }
  waits.sort((a, b) => a - b);
  const at = (share: number): string => `${waits[Math.floor(waits.length * share)]!.toFixed(2)} ms`;
  console.log(
    `control hop, 5,000 flooded       p50 ${at(0.5)}   p99 ${at(0.99)}   max ${waits.at(-1)!.toFixed(2)} ms`,
  );
  await kernel.stop();
}

async function restarts(): Promise<void> {
  const count = 2000;
  let incarnations = 0;
  let done = (): void => {};
  const crashing = worker<'crash'>('crashing', {
    init: (context) => {
      if (++incarnations > count) done();
      else context.self.cast('crash');
      return {
        handle: () => {
          throw new Error('crash');
        },
      };
    },
  });
  const finished = new Promise<void>((resolve) => (done = resolve));
  const begin = performance.now();
  const kernel = await bootKernel([crashing]);
  await finished;
  console.log(
    `crash and restart                ${(((performance.now() - begin) / count) * 1000).toFixed(1)} us`,
  );
  await kernel.stop();
}

async function memory(): Promise<void> {
  const count = 20_000;
  const collect = globalThis.gc;
  const kernel = await bootKernel([manyOf({ init: () => ({ handle() {} }) })]);
  collect?.();
  const before = process.memoryUsage().heapUsed;
  const begin = performance.now();
  await startMany(kernel, count);
  const startUs = ((performance.now() - begin) / count) * 1000;
  await nextLoop();
  collect?.();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  const told = collect === undefined ? 'unknown without --expose-gc' : `${bytes.toFixed(0)} bytes`;
  console.log(`an idle dynamic child            ${told}, started in ${startUs.toFixed(1)} us`);
  const stopping = performance.now();
  await kernel.stop();
  console.log(`stopping ${count} of them         ${(performance.now() - stopping).toFixed(0)} ms`);
}

await beside();
await controlUnderFlood();
await restarts();
await memory();
