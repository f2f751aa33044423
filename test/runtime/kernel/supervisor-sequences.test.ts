/** What a supervisor does over time: ordered start and stop, failed starts, intensity, cooling down, requests. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KILLED, name, SHUTDOWN } from '../../../runtime/kernel/actor.ts';
import type { Context, ReplyTo } from '../../../runtime/kernel/actor.ts';
import type { ActorState } from '../../../runtime/kernel/kernel.ts';
import type {
  ChildSpec,
  StartResult,
  SupervisorMessage,
} from '../../../runtime/kernel/supervision.ts';
import { subtree, worker } from '../../../runtime/kernel/worker.ts';
import { actor, boom, bootWorld, changes, ends, pids, puppet, supervise, tell } from './support.ts';
import type { World } from './support.ts';

/** Its `ready` is kept for the test to call. */
function late(id: string, gate: { context?: Context<never> }, seen: string[] = []): ChildSpec {
  return worker<never>(id, {
    startsLater: true,
    init: (context) => {
      seen.push(`init ${id}`);
      gate.context = context;
      return { handle() {}, terminate: (reason) => void seen.push(`end ${id} ${reason.kind}`) };
    },
  });
}

function traced(
  id: string,
  seen: string[],
  options: Omit<ChildSpec, 'id' | 'start'> = {},
): ChildSpec {
  return puppet(id, options, (_context, self) => {
    seen.push(`init ${id}`);
    self.terminate = (reason) => void seen.push(`end ${id} ${reason.kind}`);
  });
}

function stateAt(world: World, path: string): ActorState | undefined {
  let node = [world.kernel.tree()];
  for (const id of path.split('/').slice(1)) {
    node = node.flatMap((parent) => parent.children.filter((child) => child.id === id));
  }
  return node[0]?.state;
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending;
}

describe('a start that takes time', () => {
  it('holds back the next sibling and the parent until it is ready', async () => {
    const seen: string[] = [];
    const gate: { context?: Context<never> } = {};
    const inner = subtree('inner', supervise([late('port', gate, seen), traced('after', seen)]));
    const world = bootWorld(supervise([inner, traced('last', seen)]));
    assert.deepEqual(seen, ['init port']);
    assert.equal(stateAt(world, 'root/inner/port'), 'starting');
    assert.ok(await isPending(world.kernel.started));
    gate.context?.ready();
    world.stepper.run();
    await world.kernel.started;
    assert.deepEqual(seen, ['init port', 'init after', 'init last']);
    assert.equal(stateAt(world, 'root/inner/port'), 'running');
  });

  it('fails when the child ends before it is ready', async () => {
    const gate: { context?: Context<never> } = {};
    const seen: string[] = [];
    const world = bootWorld(supervise([traced('first', seen), late('port', gate, seen)]));
    gate.context?.exit({ kind: 'error', error: new Error('port in use') });
    world.stepper.run();
    await assert.rejects(world.kernel.started, /root/);
    assert.deepEqual(seen.at(-1), 'end first shutdown');
    const reason = await world.kernel.ended;
    assert.deepEqual(reason, {
      kind: 'shutdown',
      detail: 'failed_to_start_child: port: port in use',
    });
  });

  it('is abandoned when the parent stops meanwhile', async () => {
    const gate: { context?: Context<never> } = {};
    const seen: string[] = [];
    const world = bootWorld(
      supervise([traced('first', seen), late('port', gate), traced('b', seen)]),
    );
    const ended = world.kernel.stop();
    world.stepper.run();
    assert.deepEqual(await ended, SHUTDOWN);
    assert.deepEqual(seen, ['init first', 'end first shutdown']);
  });

  it('lets a sibling that ends meanwhile wait for its restart', () => {
    const gate: { context?: Context<never> } = {};
    const seen: string[] = [];
    const world = bootWorld(supervise([traced('first', seen), late('port', gate)]));
    tell(world, 'first', boom);
    assert.deepEqual(seen, ['init first', 'end first error']);
    gate.context?.ready();
    world.stepper.run();
    assert.deepEqual(seen, ['init first', 'end first error', 'init first']);
  });
});

describe('a start that fails', () => {
  it('at boot ends the supervisor after it stopped those before, and tells the first cause', async () => {
    const seen: string[] = [];
    const bad = worker('bad', {
      init: () => {
        throw new Error('no disk');
      },
    });
    const world = bootWorld(supervise([traced('a', seen), subtree('sub', supervise([bad]))]));
    await assert.rejects(world.kernel.started, /root\/sub\/bad did not start: error: no disk/);
    assert.deepEqual(seen, ['init a', 'end a shutdown']);
    assert.equal((await world.kernel.ended).kind, 'shutdown');
  });

  it('on a restart is tried again and counts against the intensity', async () => {
    let starts = 0;
    const flaky = puppet('flaky', {}, () => {
      if (++starts > 1) throw new Error('still broken');
    });
    const world = bootWorld(supervise([flaky], { intensity: { restarts: 3, periodMs: 1000 } }));
    tell(world, 'flaky', boom);
    assert.equal(starts, 4);
    assert.deepEqual(await world.kernel.ended, {
      kind: 'shutdown',
      detail: 'reached_max_restart_intensity',
    });
  });

  it('on a restart of several is tried again from the one that failed', () => {
    const seen: string[] = [];
    let failures = 0;
    const flaky = puppet('b', {}, () => {
      if (failures-- > 0) throw new Error('not yet');
      seen.push('init b');
    });
    const children = [traced('a', seen), flaky, traced('c', seen)];
    const world = bootWorld(supervise(children, { strategy: 'rest_for_one' }));
    seen.length = 0;
    failures = 2;
    tell(world, 'a', boom);
    assert.deepEqual(seen, ['end a error', 'end c shutdown', 'init a', 'init b', 'init c']);
  });
});

describe('the restart intensity', () => {
  it('escalates: the parent restarts the whole subtree', () => {
    const sub = supervise([puppet('x'), puppet('y')], {
      intensity: { restarts: 1, periodMs: 100 },
    });
    const world = bootWorld(supervise([puppet('a'), subtree('sub', sub)]));
    tell(world, 'x', boom);
    const before = pids(world);
    tell(world, 'x', boom);
    const after = changes(before, pids(world));
    assert.deepEqual(after, { '': 'same', a: 'same', sub: 'new', 'sub/x': 'new', 'sub/y': 'new' });
    const line = world.kernel.tree().children[1];
    assert.equal(line?.lastExit, 'shutdown/reached_max_restart_intensity');
    assert.equal(line?.restarts, 1);
  });

  it('forgets restarts that are older than its period', () => {
    const world = bootWorld(
      supervise([puppet('a')], { intensity: { restarts: 1, periodMs: 100 } }),
    );
    for (let i = 0; i < 5; i++) {
      tell(world, 'a', boom);
      world.stepper.advance(101);
    }
    assert.ok(actor(world, 'a').isAlive);
  });

  it('of zero means no restart at all', async () => {
    const world = bootWorld(
      supervise([puppet('a')], { intensity: { restarts: 0, periodMs: 100 } }),
    );
    tell(world, 'a', boom);
    assert.equal((await world.kernel.ended).kind, 'shutdown');
  });

  it('stops a transient subtree for good, because giving up is a shutdown', () => {
    const sub = supervise([puppet('x')], { intensity: { restarts: 0, periodMs: 100 } });
    const world = bootWorld(supervise([subtree('sub', sub, { restart: 'transient' })]));
    tell(world, 'x', boom);
    assert.deepEqual(Object.keys(pids(world)), ['', 'sub']);
    assert.equal(pids(world)['sub'], undefined);
  });
});

describe('a supervisor that cools down', () => {
  const cooling = {
    intensity: { restarts: 0, periodMs: 50 },
    onExhausted: { coolDownMs: 100, maxCoolDownMs: 400 },
  } as const;

  function coolingWorld(child: ChildSpec): World {
    const sub = supervise([puppet('other'), child], cooling);
    return bootWorld(supervise([puppet('a'), subtree('sub', sub)], { strategy: 'one_for_all' }));
  }

  it('stops its children, waits, starts them again, and takes nobody else along', () => {
    const world = coolingWorld(puppet('x'));
    const before = pids(world);
    tell(world, 'x', boom);
    assert.equal(stateAt(world, 'root/sub'), 'cooling_down');
    const down = { '': 'same', a: 'same', sub: 'same', 'sub/other': 'down', 'sub/x': 'down' };
    assert.deepEqual(changes(before, pids(world)), down);
    world.stepper.advance(99);
    assert.equal(stateAt(world, 'root/sub'), 'cooling_down');
    world.stepper.advance(1);
    const up = { '': 'same', a: 'same', sub: 'same', 'sub/other': 'new', 'sub/x': 'new' };
    assert.deepEqual(changes(before, pids(world)), up);
    assert.equal(stateAt(world, 'root/sub'), 'running');
  });

  it('doubles its wait up to the maximum and begins anew after a calm period', () => {
    const world = coolingWorld(puppet('x'));
    for (const wait of [100, 200, 400, 400]) {
      tell(world, 'x', boom);
      world.stepper.advance(wait - 1);
      assert.equal(stateAt(world, 'root/sub'), 'cooling_down', `too early after ${wait} ms`);
      world.stepper.advance(1);
      assert.equal(stateAt(world, 'root/sub'), 'running', `too late after ${wait} ms`);
    }
    world.stepper.advance(401);
    tell(world, 'x', boom);
    world.stepper.advance(100);
    assert.equal(stateAt(world, 'root/sub'), 'running');
  });

  it('lets the node start when its child does not, and tries again', async () => {
    let attempts = 0;
    const child = puppet('x', {}, () => {
      if (++attempts < 3) throw new Error('port in use');
    });
    const world = coolingWorld(child);
    await world.kernel.started;
    assert.equal(stateAt(world, 'root/sub'), 'cooling_down');
    world.stepper.advance(100);
    assert.equal(stateAt(world, 'root/sub'), 'cooling_down');
    world.stepper.advance(200);
    assert.equal(attempts, 3);
    assert.equal(stateAt(world, 'root/sub'), 'running');
  });

  it('can be stopped while it waits', async () => {
    const world = coolingWorld(puppet('x'));
    tell(world, 'x', boom);
    const ended = world.kernel.stop();
    world.stepper.run();
    assert.deepEqual(await ended, SHUTDOWN);
    assert.equal(world.stepper.pendingTimers, 0);
  });
});

describe('a stop', () => {
  it('goes through the tree in reverse start order and waits for each', async () => {
    const seen: string[] = [];
    const inner = subtree('inner', supervise([traced('x', seen), traced('y', seen)]));
    const world = bootWorld(supervise([traced('a', seen), inner, traced('z', seen)]));
    seen.length = 0;
    const ended = world.kernel.stop();
    world.stepper.run();
    assert.deepEqual(await ended, SHUTDOWN);
    const expected = ['z', 'y', 'x', 'a'].map((id) => `end ${id} shutdown`);
    assert.deepEqual(seen, expected);
  });

  it('lets a child finish its work within its timeout, and kills it after that', () => {
    const seen: string[] = [];
    const slow = (id: string, shutdown: number | 'infinity') =>
      puppet(id, { shutdown }, (context, self) => {
        self.onShutdown = () => void context.after(50, ends(SHUTDOWN));
        self.terminate = (reason) => void seen.push(`${context.clock.now()} ${id} ${reason.kind}`);
      });
    const world = bootWorld(
      supervise([slow('patient', 'infinity'), slow('tight', 20), slow('fits', 60)]),
    );
    void world.kernel.stop();
    world.stepper.advance(1000);
    assert.deepEqual(seen, ['50 fits shutdown', '70 tight killed', '120 patient shutdown']);
    assert.ok(world.events.includes('shutdown_timeout root'));
  });

  it('with brutal_kill asks nobody', () => {
    const reasons: string[] = [];
    const stubborn = puppet('a', { shutdown: 'brutal_kill' }, (_context, self) => {
      self.onShutdown = () => assert.fail('asked');
      self.terminate = (reason) => void reasons.push(reason.kind);
    });
    const world = bootWorld(supervise([stubborn]));
    void world.kernel.stop();
    world.stepper.run();
    assert.deepEqual(reasons, ['killed']);
    assert.deepEqual(world.crashes, [], 'a kill that the supervisor wanted is no crash');
  });

  it('ends a trapping actor as well, because only links reach onExit', () => {
    const child = puppet('a', {}, (_context, self) => {
      self.onExit = () => assert.fail('trapped the supervisor');
    });
    const world = bootWorld(supervise([child]));
    void world.kernel.stop();
    world.stepper.run();
    assert.equal(world.kernel.whereis(name('a')), undefined);
  });

  it('turns a restart that is under way into a stop', async () => {
    const seen: string[] = [];
    const slow = puppet('slow', { shutdown: 'infinity' }, (context, self) => {
      self.onShutdown = () => void context.after(50, ends(SHUTDOWN));
    });
    const children = [traced('a', seen), traced('b', seen), slow];
    const world = bootWorld(supervise(children, { strategy: 'rest_for_one' }));
    seen.length = 0;
    tell(world, 'b', boom);
    const ended = world.kernel.stop();
    world.stepper.advance(50);
    assert.deepEqual(await ended, SHUTDOWN);
    assert.deepEqual(seen, ['end b error', 'end a shutdown']);
  });

  it('leaves no timer, no name and no living reference', async () => {
    const world = bootWorld(supervise([puppet('a')]));
    tell(world, 'a', (context) => void context.after(1000, boom));
    const ref = actor(world, 'a');
    void world.kernel.stop();
    world.stepper.run();
    assert.equal(world.stepper.pendingTimers, 0);
    assert.equal(ref.cast(boom), 'dead');
    assert.equal(world.kernel.exit('root/a', KILLED), false);
    assert.deepEqual(await world.kernel.stop(), SHUTDOWN);
  });
});

describe('automatic shutdown', () => {
  const significant = { restart: 'transient', significant: true } as const;

  it('happens at the first significant end under any_significant', async () => {
    const world = bootWorld(
      supervise([puppet('a', significant), puppet('b', significant), puppet('c')], {
        autoShutdown: 'any_significant',
      }),
    );
    tell(world, 'a', boom);
    assert.ok(actor(world, 'a').isAlive, 'a restart is no end');
    tell(world, 'a', ends());
    assert.deepEqual(await world.kernel.ended, SHUTDOWN);
  });

  it('happens at the last significant end under all_significant', async () => {
    const world = bootWorld(
      supervise([puppet('a', significant), puppet('b', significant), puppet('c')], {
        autoShutdown: 'all_significant',
      }),
    );
    tell(world, 'a', ends());
    assert.ok(actor(world, 'c').isAlive);
    tell(world, 'b', ends());
    assert.deepEqual(await world.kernel.ended, SHUTDOWN);
  });

  it('is refused where it makes no sense', async () => {
    const never = bootWorld(supervise([puppet('a', significant)]));
    await assert.rejects(never.kernel.started, /never shuts down by itself/);
    const permanent = puppet('a', { significant: true });
    const world = bootWorld(supervise([permanent], { autoShutdown: 'any_significant' }));
    await assert.rejects(world.kernel.started, /cannot be significant: it is permanent/);
  });
});

describe('requests to a supervisor of static children', () => {
  function ask<R>(world: World, request: (reply: ReplyTo<R>) => SupervisorMessage): R | undefined {
    const supervisor = world.kernel.whereis<SupervisorMessage>(name('sup'))!;
    let answer: R | undefined;
    supervisor.cast(request({ reply: (value) => void (answer = value) }));
    world.stepper.run();
    return answer;
  }
  const start = (world: World, spec: ChildSpec): string | undefined =>
    ask<StartResult>(world, (reply) => ({ kind: 'add_child', spec, reply }))?.kind;
  const restart = (world: World, id: string): string | undefined =>
    ask<StartResult>(world, (reply) => ({ kind: 'restart_child', id, reply }))?.kind;
  const terminate = (world: World, id: string): boolean | undefined =>
    ask<boolean>(world, (reply) => ({ kind: 'terminate_child', id, reply }));
  const remove = (world: World, id: string): boolean | undefined =>
    ask<boolean>(world, (reply) => ({ kind: 'delete_child', id, reply }));

  it('add, terminate, restart and delete a child', () => {
    const world = bootWorld(supervise([puppet('a')], { name: 'sup' }));
    assert.equal(start(world, puppet('b')), 'started');
    assert.equal(start(world, puppet('b')), 'failed');
    assert.equal(remove(world, 'b'), false, 'it runs');
    assert.equal(restart(world, 'b'), 'failed', 'it runs');
    assert.equal(terminate(world, 'b'), true);
    assert.equal(start(world, puppet('b')), 'failed', 'its specification is still there');
    assert.equal(restart(world, 'b'), 'started');
    assert.equal(terminate(world, 'b'), true);
    assert.equal(remove(world, 'b'), true);
    assert.equal(remove(world, 'b'), false);
    assert.equal(terminate(world, 'nobody'), false);
    assert.equal(restart(world, 'nobody'), 'failed');
    assert.deepEqual(Object.keys(pids(world)), ['', 'a']);
  });

  it('do not add a child that fails to start, or whose specification is wrong', () => {
    const world = bootWorld(supervise([puppet('a')], { name: 'sup' }));
    const bad = puppet('bad', {}, boom as never);
    assert.equal(start(world, bad), 'failed');
    assert.equal(start(world, puppet('odd', { significant: true })), 'failed');
    assert.deepEqual(Object.keys(pids(world)), ['', 'a']);
    assert.ok(actor(world, 'a').isAlive);
  });

  it('forget a temporary child that was terminated', () => {
    const world = bootWorld(supervise([puppet('a', { restart: 'temporary' })], { name: 'sup' }));
    assert.equal(terminate(world, 'a'), true);
    assert.deepEqual(Object.keys(pids(world)), ['']);
  });

  it('wait while a sequence is under way', () => {
    const gate: { context?: Context<never> } = {};
    const world = bootWorld(supervise([late('port', gate)], { name: 'sup' }));
    let added: string | undefined;
    world.kernel.whereis<SupervisorMessage>(name('sup'))!.cast({
      kind: 'add_child',
      spec: puppet('b'),
      reply: { reply: (result) => void (added = result.kind) },
    });
    world.stepper.run();
    assert.equal(added, undefined);
    gate.context?.ready();
    world.stepper.run();
    assert.equal(added, 'started');
  });
});
