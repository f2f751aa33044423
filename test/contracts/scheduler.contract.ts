/** What every scheduler promises, and what the kernel promises on every scheduler. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { name } from '../../runtime/kernel/actor.ts';
import type { CallOutcome, Context, Ref, ReplyTo } from '../../runtime/kernel/actor.ts';
import { boot } from '../../runtime/kernel/boot.ts';
import type { CrashReport, Kernel, Scheduler } from '../../runtime/kernel/kernel.ts';
import type { ChildSpec, SupervisorSpec } from '../../runtime/kernel/supervision.ts';
import { worker } from '../../runtime/kernel/worker.ts';

/** A scheduler and the way to let it run until a promise is settled. */
export interface Harness {
  readonly scheduler: Scheduler;
  until<T>(promise: Promise<T>): Promise<T>;
}

type Act = (context: Context<Act>) => void;

export function schedulerContract(kind: string, make: () => Harness): void {
  describe(`the ${kind} scheduler`, () => turnsAndTimers(make));
  describe(`the kernel on the ${kind} scheduler`, () => conversations(make));
}

function turnsAndTimers(make: () => Harness): void {
  it('runs one turn however often it was asked, and not within the asking', async () => {
    const { scheduler, until } = make();
    let turns = 0;
    const ran = new Promise<void>((resolve) => {
      scheduler.start(() => {
        turns++;
        resolve();
      });
    });
    scheduler.requestTurn();
    scheduler.requestTurn();
    assert.equal(turns, 0);
    await until(ran);
    await until(elapsed(scheduler, 5));
    assert.equal(turns, 1);
    scheduler.stop();
  });

  it('runs a turn that was asked for within a turn, after it', async () => {
    const { scheduler, until } = make();
    let depth = 0;
    let turns = 0;
    const ran = new Promise<void>((resolve) => {
      scheduler.start(() => {
        assert.equal(++depth, 1, 're-entered');
        if (++turns < 3) scheduler.requestTurn();
        else resolve();
        depth--;
      });
    });
    scheduler.requestTurn();
    await until(ran);
    assert.equal(turns, 3);
    scheduler.stop();
  });

  it('fires timers in the order they are due, not before, and not when cleared', async () => {
    const { scheduler, until } = make();
    scheduler.start(() => {});
    const begin = scheduler.clock.now();
    const fired: string[] = [];
    scheduler.setTimer(8, () => fired.push('8'));
    scheduler.setTimer(2, () => fired.push('2'));
    scheduler.clearTimer(scheduler.setTimer(4, () => fired.push('cleared')));
    await until(elapsed(scheduler, 20));
    assert.deepEqual(fired, ['2', '8']);
    assert.ok(scheduler.clock.now() - begin >= 19);
    scheduler.stop();
  });

  it('runs nothing after stop', async () => {
    const stopped = make();
    const other = make();
    stopped.scheduler.start(() => assert.fail('a turn after stop'));
    other.scheduler.start(() => {});
    stopped.scheduler.requestTurn();
    stopped.scheduler.setTimer(1, () => assert.fail('a timer after stop'));
    stopped.scheduler.stop();
    stopped.scheduler.requestTurn();
    await other.until(elapsed(other.scheduler, 10));
    other.scheduler.stop();
  });

  it('draws numbers within their bounds, up to 2^53', () => {
    const { random } = make().scheduler;
    const seen = new Set<number>();
    for (let i = 0; i < 1000; i++) {
      const real = random.next();
      assert.ok(real >= 0 && real < 1);
      const id = random.integer(1, 2 ** 53);
      assert.ok(Number.isInteger(id) && id >= 1 && id <= 2 ** 53);
      seen.add(random.integer(-1, 1));
    }
    assert.deepEqual([...seen].sort(), [-1, 0, 1]);
    assert.throws(() => random.integer(2, 1), RangeError);
  });
}

function conversations(make: () => Harness): void {
  it('starts, answers a call, restarts what crashed, and stops', async () => {
    const world = await bootOn(make(), [puppet('a')]);
    const first = world.actor('a');
    const pid = await world.ask('a', (context) => context.self.pid);
    assert.equal(pid, first.pid);
    const restarted = new Promise<void>((resolve) => {
      world.kernel.watch((change) => change.kind === 'started' && resolve());
    });
    first.cast(() => {
      throw new Error('boom');
    });
    const later = await world.until(world.kernel.call(first, () => () => {}, 1000));
    assert.equal(later.kind, 'down');
    await world.until(restarted);
    assert.notEqual(await world.ask('a', (context) => context.self.pid), pid);
    assert.equal(
      first.cast(() => {}),
      'dead',
    );
    assert.deepEqual(await world.stop(), { kind: 'shutdown' });
    assert.equal(world.crashes.length, 1);
  });

  it('keeps the order of messages from one sender to one receiver', async () => {
    const seen: number[] = [];
    const world = await bootOn(make(), [puppet('a'), puppet('b')]);
    const target = world.actor('b');
    await world.ask('a', () => {
      for (let i = 0; i < 1000; i++) target.cast(() => void seen.push(i));
    });
    await world.ask('b', () => {});
    assert.deepEqual(
      seen,
      Array.from({ length: 1000 }, (_, i) => i),
    );
    await world.stop();
  });

  it('does not let a flood of data keep control waiting, nor starve it', async () => {
    let flooded = 0;
    const flood = worker<Act>('flood', {
      class: 'data',
      init: (context) => {
        context.register(name('flood'));
        return {
          handle: (act) => {
            flooded++;
            context.self.cast(act);
          },
        };
      },
    });
    const world = await bootOn(make(), [flood, puppet('a')]);
    world.actor('flood').cast(() => {});
    const at: number[] = [];
    for (let i = 0; i < 10; i++) at.push((await world.ask('a', () => flooded)) ?? -1);
    assert.ok(at.every((count, i) => i === 0 || count >= at[i - 1]!));
    assert.ok(flooded > 0, 'data had its turn as well');
    await world.stop();
  });

  it('times a call out, and drops the timers of an ended incarnation', async () => {
    const world = await bootOn(make(), [puppet('a')]);
    const outcome = await world.until(world.kernel.call(world.actor('a'), () => () => {}, 3));
    assert.deepEqual(outcome, { kind: 'timeout' });
    await world.ask('a', (context) => void context.after(2, () => assert.fail('fired')));
    await world.ask('a', (context) => context.exit());
    await world.until(elapsed(world.scheduler, 10));
    assert.deepEqual(world.crashes, []);
    await world.stop();
  });

  it('calls the hooks at the end of every turn, even when one of them throws', async () => {
    const world = await bootOn(make(), [puppet('a')]);
    let ends = 0;
    world.kernel.onTurnEnd(() => {
      throw new Error('bad hook');
    });
    world.kernel.onTurnEnd(() => void ends++);
    await world.ask('a', () => {});
    assert.ok(ends > 0);
    assert.ok(world.events.includes('turn_end_hook_failed'));
    await world.stop();
  });

  it('rejects started with the cause when a child cannot start', async () => {
    const bad = worker('bad', {
      init: () => {
        throw new Error('no disk');
      },
    });
    const { scheduler, until } = make();
    const kernel = boot({ root: supervise([bad]), scheduler, log: { crash() {}, event() {} } });
    await assert.rejects(until(kernel.started), /root\/bad did not start: error: no disk/);
    assert.equal((await until(kernel.ended)).kind, 'shutdown');
  });
}

interface World {
  readonly kernel: Kernel;
  readonly scheduler: Scheduler;
  readonly crashes: CrashReport[];
  readonly events: string[];
  until: Harness['until'];
  actor(id: string): Ref<Act>;
  /** Has the actor run `act` and brings what it returns; undefined when it ended instead. */
  ask<R>(id: string, act: (context: Context<Act>) => R): Promise<R | undefined>;
  stop(): ReturnType<Kernel['stop']>;
}

async function bootOn(
  { scheduler, until }: Harness,
  children: readonly ChildSpec[],
): Promise<World> {
  const crashes: CrashReport[] = [];
  const events: string[] = [];
  const log = {
    crash: (report: CrashReport): void => void crashes.push(report),
    event: (_level: string, event: string): void => void events.push(event),
  };
  const kernel = boot({ root: supervise(children), scheduler, log });
  await until(kernel.started);
  const actor = (id: string): Ref<Act> => kernel.whereis<Act>(name(id))!;
  return {
    kernel,
    scheduler,
    crashes,
    events,
    until,
    actor,
    ask: async <R>(id: string, act: (context: Context<Act>) => R) => {
      const request =
        (reply: ReplyTo<R>): Act =>
        (context) =>
          reply.reply(act(context));
      const outcome: CallOutcome<R> = await until(kernel.call(actor(id), request, 5000));
      return outcome.kind === 'reply' ? outcome.value : undefined;
    },
    stop: () => until(kernel.stop()),
  };
}

function puppet(id: string): ChildSpec {
  return worker<Act>(id, {
    init: (context) => {
      context.register(name(id));
      return { handle: (act) => act(context) };
    },
  });
}

function supervise(children: readonly ChildSpec[]): SupervisorSpec {
  const intensity = { restarts: 10, periodMs: 1000 };
  return { kind: 'supervisor', strategy: 'one_for_one', intensity, children: () => children };
}

/** Resolves when the scheduler's own clock has moved on by `ms`. */
function elapsed(scheduler: Scheduler, ms: number): Promise<void> {
  return new Promise((resolve) => void scheduler.setTimer(ms, resolve));
}
