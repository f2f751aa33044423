/** Links, monitors, exit signals, names and groups: what OTP says about processes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KILLED, name, NORMAL, SHUTDOWN } from '../../../runtime/kernel/actor.ts';
import type { Context, ExitReason } from '../../../runtime/kernel/actor.ts';
import { actor, boom, bootWorld, BROKEN, ends, pids, puppet, supervise, tell } from './support.ts';
import type { Act, World } from './support.ts';

const temporary = { restart: 'temporary' } as const;

function pair(): World {
  return bootWorld(supervise([puppet('a', temporary), puppet('b', temporary)]));
}

function linked(): World {
  const world = pair();
  tell(world, 'a', (context) => context.link(actor(world, 'b')));
  return world;
}

/** Makes `id` trap exits, as an actor whose handlers have `onExit` does; returns what it traps. */
function trap(world: World, id: string): string[] {
  const trapped: string[] = [];
  tell(world, id, (_context, self) => {
    self.onExit = (exit) => void trapped.push(`${exit.path} ${exit.reason.kind}`);
  });
  return trapped;
}

function isAlive(world: World, id: string): boolean {
  return world.kernel.whereis(name(id)) !== undefined;
}

function send(world: World, from: string, to: string, reason: ExitReason): void {
  tell(world, from, (context) => context.signal(actor(world, to), reason));
}

describe('a link', () => {
  it('takes the other end along with the same reason, in both directions', () => {
    for (const dying of ['a', 'b']) {
      const world = linked();
      tell(world, dying, boom);
      assert.ok(!isAlive(world, 'a') && !isAlive(world, 'b'));
      assert.deepEqual(
        world.crashes.map((crash) => crash.reason),
        ['error: boom', 'error: boom'],
      );
    }
  });

  it('does nothing when the end was normal', () => {
    const world = linked();
    tell(world, 'b', ends());
    assert.ok(isAlive(world, 'a'));
  });

  it('passes a shutdown on', () => {
    const world = linked();
    tell(world, 'b', ends(SHUTDOWN));
    assert.ok(!isAlive(world, 'a'));
  });

  it('becomes a message, normal or not, to an actor that traps exits', () => {
    for (const reason of [NORMAL, SHUTDOWN, BROKEN]) {
      const world = linked();
      const trapped = trap(world, 'a');
      tell(world, 'b', ends(reason));
      assert.ok(isAlive(world, 'a'));
      assert.deepEqual(trapped, [`root/b ${reason.kind}`]);
    }
  });

  it('lets a kill of the other end be trapped, because it arrives as killed', () => {
    const world = linked();
    const trapped = trap(world, 'a');
    assert.ok(world.kernel.exit('root/b', KILLED));
    world.stepper.run();
    assert.deepEqual(trapped, ['root/b killed']);
  });

  it('to a dead actor is an exit signal noproc', () => {
    const world = pair();
    const dead = actor(world, 'b');
    tell(world, 'b', ends());
    tell(world, 'a', (context) => context.link(dead));
    assert.ok(!isAlive(world, 'a'));
    assert.equal(world.crashes[0]?.reason, 'noproc');
  });

  it('is gone after unlink', () => {
    const world = linked();
    tell(world, 'b', (context) => context.unlink(actor(world, 'a')));
    tell(world, 'b', boom);
    assert.ok(isAlive(world, 'a'));
  });
});

describe('an exit signal', () => {
  it('ends its receiver with its reason', () => {
    const world = pair();
    send(world, 'a', 'b', BROKEN);
    assert.ok(!isAlive(world, 'b'));
    assert.equal(world.crashes[0]?.reason, 'error: broken');
  });

  it('is ignored when it is normal', () => {
    const world = pair();
    send(world, 'a', 'b', NORMAL);
    assert.ok(isAlive(world, 'b'));
  });

  it('is a message to an actor that traps exits, except a kill', () => {
    const world = pair();
    const trapped = trap(world, 'b');
    send(world, 'a', 'b', BROKEN);
    send(world, 'a', 'b', NORMAL);
    assert.ok(isAlive(world, 'b'));
    send(world, 'a', 'b', KILLED);
    assert.ok(!isAlive(world, 'b'));
    assert.deepEqual(trapped, ['root/a error', 'root/a normal']);
  });

  it('is handled in its order although many wait, and no message in between', () => {
    const world = pair();
    const seen: string[] = [];
    tell(world, 'b', (_context, self) => {
      self.onExit = (exit) => {
        const { reason } = exit;
        seen.push(reason.kind === 'shutdown' ? String(reason.detail) : reason.kind);
      };
    });
    const target = actor(world, 'b');
    target.cast(() => void seen.push('message'));
    for (let i = 0; i < 300; i++) {
      world.kernel.exit('root/b', { kind: 'shutdown', detail: String(i) });
    }
    world.stepper.run();
    assert.deepEqual(seen, [...Array.from({ length: 300 }, (_, i) => String(i)), 'message']);
  });

  it('goes before the messages that wait', () => {
    const world = pair();
    let handled = 0;
    const target = actor(world, 'b');
    for (let i = 0; i < 10; i++) target.cast(() => void handled++);
    assert.ok(world.kernel.exit('root/b', KILLED));
    world.stepper.run();
    assert.equal(handled, 0);
  });
});

describe('a monitor', () => {
  it('brings DOWN once, with the reason', () => {
    const world = pair();
    const downs: string[] = [];
    tell(world, 'a', (context, self) => {
      self.onDown = (down) => void downs.push(`${down.monitor} ${down.path} ${down.reason.kind}`);
      downs.push(String(context.monitor(actor(world, 'b'))));
    });
    tell(world, 'b', boom);
    assert.deepEqual(downs, [downs[0], `${downs[0]} root/b error`]);
    assert.ok(isAlive(world, 'a'));
  });

  it('of a dead actor brings DOWN with noproc', () => {
    const world = pair();
    const dead = actor(world, 'b');
    tell(world, 'b', ends());
    const reasons: string[] = [];
    tell(world, 'a', (context, self) => {
      self.onDown = (down) => void reasons.push(down.reason.kind);
      context.monitor(dead);
    });
    assert.deepEqual(reasons, ['noproc']);
  });

  it('brings nothing after demonitor, even when the end has happened already', () => {
    const world = pair();
    let downs = 0;
    let monitor = 0;
    tell(world, 'a', (context, self) => {
      self.onDown = () => void downs++;
      monitor = context.monitor(actor(world, 'b'));
      context.monitor(actor(world, 'b'));
    });
    const dead = actor(world, 'b');
    tell(world, 'a', (context) => context.demonitor(monitor));
    tell(world, 'b', boom);
    assert.equal(downs, 1);
    tell(world, 'a', (context) => context.demonitor(context.monitor(dead)));
    assert.equal(downs, 1);
  });
});

describe('a reference', () => {
  it('to an ended incarnation stays dead when its successor lives', () => {
    const world = bootWorld(supervise([puppet('a')]));
    const stale = actor(world, 'a');
    tell(world, 'a', boom);
    const successor = actor(world, 'a');
    assert.notEqual(successor.pid, stale.pid);
    assert.equal(stale.isAlive, false);
    assert.equal(
      stale.cast(() => assert.fail('delivered to a stale reference')),
      'dead',
    );
    world.stepper.run();
    assert.equal(successor.isAlive, true);
  });
});

describe('an end', () => {
  it('waits for the current message and leaves the others unread', () => {
    const world = pair();
    const seen: string[] = [];
    const target = actor(world, 'a');
    target.cast((context) => {
      context.exit();
      seen.push('after exit');
    });
    target.cast(() => void seen.push('never'));
    world.stepper.run();
    assert.deepEqual(seen, ['after exit']);
    assert.equal(target.isAlive, false);
  });

  it('from outside a handler is possible', () => {
    const world = pair();
    let exit = (): void => {};
    tell(world, 'a', (context) => (exit = () => context.exit()));
    exit();
    world.stepper.run();
    assert.ok(!isAlive(world, 'a'));
  });

  it('calls terminate, whose own throw is only reported', () => {
    const world = pair();
    tell(world, 'a', (_context, self) => {
      self.terminate = () => {
        throw new Error('again');
      };
    });
    tell(world, 'a', ends());
    assert.deepEqual(world.events, ['terminate_failed root/a']);
    assert.deepEqual(pids(world), { '': 1, b: pids(world)['b'] });
  });

  it('closes every port in reverse order, although one of them throws', () => {
    const world = pair();
    const closed: string[] = [];
    tell(world, 'a', (context) => {
      context.own({ close: () => void closed.push('first') });
      context.own({
        close: () => {
          throw new Error('cannot close');
        },
      });
      const disown = context.own({ close: () => void closed.push('disowned') });
      context.own({ close: () => void closed.push('last') });
      disown();
    });
    tell(world, 'a', boom);
    assert.deepEqual(closed, ['last', 'first']);
    assert.deepEqual(world.events, ['port_close_failed root/a']);
  });
});

describe('the context of an ended actor', () => {
  it('holds nothing for it any more: no name, no timer, no group, no open port', () => {
    const world = pair();
    let late: Context<Act> | undefined;
    tell(world, 'a', (context) => (late = context));
    tell(world, 'a', ends());
    let closed = 0;
    late?.own({ close: () => void closed++ });
    late?.after(1, () => {});
    late?.join('g');
    late?.monitor(actor(world, 'b'));
    late?.link(actor(world, 'b'));
    late?.exit();
    assert.throws(() => late?.register(name('late')), /root\/a has ended/);
    assert.equal(closed, 1);
    assert.equal(world.stepper.pendingTimers, 0);
    tell(world, 'b', (context) => assert.deepEqual(context.members('g'), []));
    assert.ok(isAlive(world, 'b'));
  });
});

describe('names and groups', () => {
  it('belong to one living actor and are released with it', () => {
    const world = pair();
    tell(world, 'b', (context) => {
      assert.throws(() => context.register(name('a')), /"a" is taken by root\/a/);
    });
    tell(world, 'a', ends());
    tell(world, 'b', (context) => context.register(name('a')));
    assert.equal(actor(world, 'a').path, 'root/b');
  });

  it('list the members of a group in the order they joined, until they leave or end', () => {
    const world = pair();
    const join = (id: string): void => tell(world, id, (context) => context.join('g'));
    const members = (): string[] => {
      let paths: string[] = [];
      const asks = isAlive(world, 'a') ? 'a' : 'b';
      tell(world, asks, (context) => (paths = context.members('g').map((member) => member.path)));
      return paths;
    };
    assert.deepEqual(members(), []);
    join('b');
    join('a');
    join('a');
    assert.deepEqual(members(), ['root/b', 'root/a']);
    tell(world, 'b', (context) => context.leave('g'));
    assert.deepEqual(members(), ['root/a']);
    join('b');
    tell(world, 'a', boom);
    assert.deepEqual(members(), ['root/b']);
  });
});

describe('a crash report', () => {
  it('names path, pid, reason and stack, and the kind of the message but not the message', () => {
    const world = pair();
    const { pid } = actor(world, 'a');
    const message = Object.assign(boom.bind(undefined), { kind: 'publish', secret: 'payload' });
    actor(world, 'a').cast(message);
    world.stepper.run();
    const [report] = world.kernel.crashes();
    assert.equal(world.kernel.crashes().length, 1);
    assert.deepEqual(report, world.crashes[0]);
    assert.deepEqual(
      { ...report, stack: undefined },
      {
        sequence: 1,
        at: 0,
        path: 'root/a',
        pid,
        reason: 'error: boom',
        stack: undefined,
        lastMessage: 'publish',
      },
    );
    assert.match(report?.stack ?? '', /boom/);
    assert.ok(!JSON.stringify(report).includes('payload'));
  });

  it('is kept in a ring', () => {
    const children = [puppet('a')];
    const world = bootWorld(supervise(children), { crashRing: 3 });
    for (let i = 0; i < 5; i++) tell(world, 'a', boom);
    assert.deepEqual(
      world.kernel.crashes().map((report) => report.sequence),
      [3, 4, 5],
    );
    assert.equal(world.crashes.length, 5);
  });

  it('is not written for a clean end', () => {
    const world = pair();
    tell(world, 'a', ends(SHUTDOWN));
    assert.deepEqual(world.crashes, []);
  });
});
