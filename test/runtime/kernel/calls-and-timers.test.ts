/** `call` with its three outcomes, each exactly once, and timers that are gone with their incarnation. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { name } from '../../../runtime/kernel/actor.ts';
import type { CallOutcome, ReplyTo } from '../../../runtime/kernel/actor.ts';
import { worker } from '../../../runtime/kernel/worker.ts';
import { actor, boom, bootWorld, ends, puppet, supervise, tell } from './support.ts';
import type { Act, World } from './support.ts';

const temporary = { restart: 'temporary' } as const;

function pair(): World {
  return bootWorld(supervise([puppet('a', temporary), puppet('b', temporary)]));
}

/** `a` asks `b`, which answers with what `answer` does. Returns the outcomes as they arrive. */
function ask(world: World, answer: (reply: ReplyTo<number>) => Act, timeoutMs = 100): string[] {
  const outcomes: string[] = [];
  const target = actor(world, 'b');
  tell(world, 'a', (context) => {
    context.call(target, answer, timeoutMs, (outcome: CallOutcome<number>) => () => {
      outcomes.push(outcome.kind === 'reply' ? `reply ${outcome.value}` : outcome.kind);
    });
  });
  return outcomes;
}

describe('a call', () => {
  it('brings the reply once, however often it is answered, and leaves no timer', () => {
    const world = pair();
    const outcomes = ask(world, (reply) => () => {
      reply.reply(1);
      reply.reply(2);
    });
    world.stepper.advance(1000);
    assert.deepEqual(outcomes, ['reply 1']);
    assert.equal(world.stepper.pendingTimers, 0);
  });

  it('brings a reply that is given later, after other messages', () => {
    const world = pair();
    let held: ReplyTo<number> | undefined;
    const outcomes = ask(world, (reply) => () => void (held = reply));
    assert.deepEqual(outcomes, []);
    held?.reply(7);
    world.stepper.run();
    assert.deepEqual(outcomes, ['reply 7']);
  });

  it('times out after exactly its time, and a later reply does nothing', () => {
    const world = pair();
    let held: ReplyTo<number> | undefined;
    const outcomes = ask(world, (reply) => () => void (held = reply), 100);
    world.stepper.advance(99);
    assert.deepEqual(outcomes, []);
    world.stepper.advance(1);
    assert.deepEqual(outcomes, ['timeout']);
    held?.reply(1);
    world.stepper.advance(1000);
    assert.deepEqual(outcomes, ['timeout']);
  });

  it('is down when the other ends first, and when it is dead already', () => {
    const world = pair();
    const target = actor(world, 'b');
    assert.deepEqual(
      ask(world, () => boom),
      ['down'],
    );
    const reasons: string[] = [];
    tell(world, 'a', (context) => {
      context.call(
        target,
        () => boom,
        100,
        (outcome: CallOutcome<number>) => () =>
          reasons.push(outcome.kind === 'down' ? outcome.reason.kind : outcome.kind),
      );
    });
    assert.deepEqual(reasons, ['noproc']);
    assert.equal(world.stepper.pendingTimers, 0);
  });

  it('is down at once when the mailbox of the other is full', () => {
    const mailbox = { limit: 1, onFull: 'refuse' } as const;
    const full = worker<Act>('full', {
      mailbox,
      init: (context) => {
        context.register(name('b'));
        return { handle() {} };
      },
    });
    const world = bootWorld(supervise([puppet('a'), full]));
    actor(world, 'b').cast(() => {});
    const reasons: string[] = [];
    actor(world, 'a').cast((context) => {
      actor(world, 'b').cast(() => {});
      context.call(
        actor(world, 'b'),
        () => boom,
        100,
        (outcome: CallOutcome<number>) => () =>
          reasons.push(
            outcome.kind === 'down' && outcome.reason.kind === 'error'
              ? outcome.reason.error.message
              : outcome.kind,
          ),
      );
    });
    world.stepper.run();
    assert.deepEqual(reasons, ['mailbox of root/full is full']);
  });

  it('is forgotten when the asker ends', () => {
    const world = pair();
    let held: ReplyTo<number> | undefined;
    const outcomes = ask(world, (reply) => () => void (held = reply));
    tell(world, 'a', ends());
    held?.reply(1);
    world.stepper.advance(1000);
    assert.deepEqual(outcomes, []);
    assert.equal(world.stepper.pendingTimers, 0);
  });

  it('ends the asker, not the one who replies, when the asker cannot make a message of it', () => {
    const world = pair();
    tell(world, 'a', (context) => {
      context.call(
        actor(world, 'b'),
        (reply: ReplyTo<number>) => () => reply.reply(1),
        100,
        () => {
          throw new Error('cannot deliver');
        },
      );
    });
    assert.equal(world.crashes[0]?.path, 'root/a');
    assert.ok(actor(world, 'b').isAlive);
  });

  it('from outside resolves with a value whatever happens', async () => {
    const world = pair();
    const { kernel, stepper } = world;
    const target = actor(world, 'b');
    const call = (act: (reply: ReplyTo<number>) => Act): Promise<CallOutcome<number>> => {
      const outcome = kernel.call(target, act, 100);
      stepper.advance(100);
      return outcome;
    };
    assert.deepEqual(await call((reply) => () => reply.reply(3)), { kind: 'reply', value: 3 });
    assert.deepEqual(await call(() => () => {}), { kind: 'timeout' });
    assert.equal((await call(() => boom)).kind, 'down');
    assert.equal((await call(() => boom)).kind, 'down');
  });
});

describe('a timer', () => {
  it('delivers its message after its delay', () => {
    const world = pair();
    const fired: number[] = [];
    tell(world, 'a', (context) => {
      context.after(20, () => void fired.push(context.clock.now()));
      context.after(10, () => void fired.push(context.clock.now()));
    });
    world.stepper.advance(15);
    assert.deepEqual(fired, [10]);
    world.stepper.advance(15);
    assert.deepEqual(fired, [10, 20]);
  });

  it('can be cancelled, also after it fired', () => {
    const world = pair();
    let fired = 0;
    tell(world, 'a', (context) => {
      const timer = context.after(10, () => {
        fired++;
        context.cancel(timer);
      });
      context.cancel(context.after(10, () => void fired++));
    });
    world.stepper.advance(100);
    assert.equal(fired, 1);
  });

  it('is gone with the incarnation', () => {
    const world = bootWorld(supervise([puppet('a')]));
    tell(world, 'a', (context) => context.after(10, () => assert.fail('fired after the end')));
    tell(world, 'a', boom);
    assert.equal(world.stepper.pendingTimers, 0);
    world.stepper.advance(100);
    assert.equal(world.crashes.length, 1);
  });
});
