/** simple_one_for_one: many children of one kind, started at run time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KILLED, name, SHUTDOWN } from '../../../runtime/kernel/actor.ts';
import type { Context } from '../../../runtime/kernel/actor.ts';
import type {
  ChildSpec,
  DynamicSupervisorSpec,
  StartResult,
  SupervisorMessage,
} from '../../../runtime/kernel/supervision.ts';
import { subtree, worker } from '../../../runtime/kernel/worker.ts';
import { actor, boom, bootWorld, changes, ends, pids, puppet, supervise, tell } from './support.ts';
import type { World } from './support.ts';

function many(
  child: (id: string) => ChildSpec,
  options: Partial<DynamicSupervisorSpec> = {},
): DynamicSupervisorSpec {
  return {
    kind: 'supervisor',
    name: 'many',
    strategy: 'simple_one_for_one',
    intensity: { restarts: 10, periodMs: 1000 },
    ...options,
    child,
  };
}

function ask(world: World, message: SupervisorMessage): void {
  world.kernel.whereis<SupervisorMessage>(name('many'))!.cast(message);
}

function start(world: World, argument: string): StartResult | undefined {
  let answer: StartResult | undefined;
  const reply = { reply: (result: StartResult) => void (answer = result) };
  ask(world, { kind: 'start_child', argument, reply });
  world.stepper.run();
  return answer;
}

function terminate(world: World, id: string): boolean | undefined {
  let answer: boolean | undefined;
  ask(world, { kind: 'terminate_child', id, reply: { reply: (done) => void (answer = done) } });
  world.stepper.run();
  return answer;
}

function worldOf(
  restart: ChildSpec['restart'],
  options: Partial<DynamicSupervisorSpec> = {},
): World {
  const spec = many((id) => puppet(id, { restart: restart ?? 'permanent' }), options);
  const world = bootWorld(supervise([subtree('many', spec)]));
  for (const id of ['x', 'y', 'z']) assert.equal(start(world, id)?.kind, 'started');
  return world;
}

describe('a dynamic child', () => {
  it('is restarted alone, with its argument, or forgotten, as its restart type says', () => {
    for (const [restart, act, expected] of [
      ['permanent', boom, 'new'],
      ['permanent', ends(), 'new'],
      ['transient', boom, 'new'],
      ['transient', ends(), 'gone'],
      ['temporary', boom, 'gone'],
    ] as const) {
      const world = worldOf(restart);
      const before = pids(world);
      tell(world, 'y', act);
      assert.deepEqual(
        changes(before, pids(world)),
        { '': 'same', many: 'same', 'many/x': 'same', 'many/y': expected, 'many/z': 'same' },
        `${restart} ${expected}`,
      );
    }
  });

  it('is refused when its id is taken, its argument or its start is bad; the others live on', () => {
    const spec = many((id) => {
      if (id === 'unmakeable') throw new Error('no such child');
      return puppet(id, { restart: 'temporary' }, id === 'bad' ? (boom as never) : undefined);
    });
    const world = bootWorld(supervise([subtree('many', spec)]));
    assert.equal(start(world, 'x')?.kind, 'started');
    for (const id of ['x', 'unmakeable', 'bad']) assert.equal(start(world, id)?.kind, 'failed', id);
    assert.deepEqual(Object.keys(pids(world)), ['', 'many', 'many/x']);
  });

  it('that starts later is answered for when it is ready, while others start', () => {
    const gates = new Map<string, Context<never>>();
    const lateChild = (id: string): ChildSpec =>
      worker<never>(id, {
        startsLater: true,
        init: (context) => {
          gates.set(id, context);
          return { handle() {} };
        },
      });
    const world = bootWorld(supervise([subtree('many', many(lateChild))]));
    const answers: string[] = [];
    for (const id of ['x', 'y']) {
      const reply = { reply: (result: StartResult) => void answers.push(`${id} ${result.kind}`) };
      ask(world, { kind: 'start_child', argument: id, reply });
    }
    world.stepper.run();
    assert.deepEqual(answers, []);
    gates.get('y')?.ready();
    world.stepper.run();
    gates.get('x')?.exit();
    world.stepper.run();
    assert.deepEqual(answers, ['y started', 'x failed']);
  });

  it('can be terminated by id and is not restarted', () => {
    const world = worldOf('permanent');
    assert.equal(terminate(world, 'y'), true);
    assert.equal(terminate(world, 'y'), false);
    assert.deepEqual(Object.keys(pids(world)), ['', 'many', 'many/x', 'many/z']);
    assert.equal(start(world, 'y')?.kind, 'started', 'its id is free again');
  });

  it('is asked to end once, and everybody who wanted it is told when it has', () => {
    let asked = 0;
    const spec = many((id) =>
      puppet(id, {}, (context, self) => {
        self.onShutdown = () => {
          asked++;
          context.after(10, ends());
        };
      }),
    );
    const world = bootWorld(supervise([subtree('many', spec)]));
    start(world, 'x');
    const told: boolean[] = [];
    const reply = { reply: (done: boolean) => void told.push(done) };
    ask(world, { kind: 'terminate_child', id: 'x', reply });
    ask(world, { kind: 'terminate_child', id: 'x', reply });
    world.stepper.run();
    assert.deepEqual([asked, told], [1, []]);
    world.stepper.advance(10);
    assert.deepEqual(told, [true, true]);
  });

  it('beyond the intensity makes the supervisor give up, and its children go with it', () => {
    const world = worldOf('permanent', { intensity: { restarts: 1, periodMs: 100 } });
    const before = pids(world);
    tell(world, 'x', boom);
    tell(world, 'y', boom);
    assert.deepEqual(changes(before, pids(world)), {
      '': 'same',
      many: 'new',
      'many/x': 'gone',
      'many/y': 'gone',
      'many/z': 'gone',
    });
  });

  it('comes back after its supervisor cooled down', () => {
    const world = worldOf('permanent', {
      intensity: { restarts: 0, periodMs: 100 },
      onExhausted: { coolDownMs: 50, maxCoolDownMs: 50 },
    });
    const before = pids(world);
    tell(world, 'x', boom);
    assert.equal(start(world, 'w')?.kind, 'failed', 'nothing starts while it cools down');
    world.stepper.advance(50);
    const back = { 'many/x': 'new', 'many/y': 'new', 'many/z': 'new' };
    assert.deepEqual(changes(before, pids(world)), { '': 'same', many: 'same', ...back });
  });
});

describe('20,000 dynamic children', () => {
  it('start, are told apart, and stop together', async () => {
    const idle = { init: () => ({ handle() {} }) };
    const spec = many((id) => worker(id, idle, { restart: 'temporary' }));
    const world = bootWorld(supervise([subtree('many', spec)]));
    for (let i = 0; i < 20_000; i++) ask(world, { kind: 'start_child', argument: String(i) });
    world.stepper.run();
    const line = world.kernel.tree({ childLimit: 10 }).children[0];
    assert.equal(line?.childCount, 20_000);
    assert.equal(line?.children.length, 10);
    assert.ok(world.kernel.exit('root/many/19999', KILLED));
    world.stepper.run();
    assert.equal(world.kernel.tree({ childLimit: 0 }).children[0]?.childCount, 19_999);
    const ended = world.kernel.stop();
    world.stepper.run();
    assert.deepEqual(await ended, SHUTDOWN);
  });
});

describe('stopping dynamic children', () => {
  it('asks all at once, and one timeout is for all of them', () => {
    const seen: string[] = [];
    const spec = many((id) =>
      puppet(id, { shutdown: 100 }, (context, self) => {
        const delayMs = Number(id);
        self.onShutdown = () => void context.after(delayMs, ends(SHUTDOWN));
        self.terminate = (reason) => void seen.push(`${context.clock.now()} ${id} ${reason.kind}`);
      }),
    );
    const world = bootWorld(supervise([subtree('many', spec)]));
    for (const id of ['30', '200', '60']) start(world, id);
    void world.kernel.stop();
    world.stepper.advance(1000);
    assert.deepEqual(seen, ['30 30 shutdown', '60 60 shutdown', '100 200 killed']);
    assert.equal(world.stepper.pendingTimers, 0);
  });

  it('ends a supervisor without children at once', async () => {
    const world = bootWorld(
      supervise([
        subtree(
          'many',
          many((id) => puppet(id)),
        ),
      ]),
    );
    void world.kernel.stop();
    world.stepper.run();
    assert.deepEqual(await world.kernel.ended, SHUTDOWN);
  });

  it('does not stop the sibling of a killed supervisor, and leaves no orphan', () => {
    const world = worldOf('temporary');
    const orphan = actor(world, 'x');
    assert.ok(world.kernel.exit('root/many', KILLED));
    world.stepper.run();
    assert.equal(orphan.isAlive, false);
    assert.deepEqual(Object.keys(pids(world)), ['', 'many']);
  });
});
