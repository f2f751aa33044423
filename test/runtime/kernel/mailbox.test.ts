/** Mailboxes: bounds, policies, and the kept ones that outlive their readers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { name } from '../../../runtime/kernel/actor.ts';
import type { MailboxOptions } from '../../../runtime/kernel/actor.ts';
import { Mailbox } from '../../../runtime/kernel/mailbox.ts';
import type { ChildSpec } from '../../../runtime/kernel/supervision.ts';
import { worker } from '../../../runtime/kernel/worker.ts';
import { bootWorld, pids, supervise } from './support.ts';

function takeAll<M>(mailbox: Mailbox<M>): M[] {
  const taken: M[] = [];
  while (mailbox.size > 0) taken.push(mailbox.take());
  return taken;
}

describe('a full mailbox', () => {
  it('refuses the sender', () => {
    const mailbox = new Mailbox<number>({ limit: 2, onFull: 'refuse' });
    const told = [1, 2, 3].map((n) => mailbox.cast(n));
    assert.deepEqual(told, ['accepted', 'accepted', 'refused']);
    assert.deepEqual(takeAll(mailbox), [1, 2]);
    assert.equal(mailbox.lost, 1);
  });

  it('drops the oldest', () => {
    const mailbox = new Mailbox<number>({ limit: 2, onFull: 'drop_oldest' });
    for (const n of [1, 2, 3, 4]) assert.equal(mailbox.cast(n), 'accepted');
    assert.deepEqual(takeAll(mailbox), [3, 4]);
    assert.equal(mailbox.lost, 2);
  });

  it('ends its actor with an error', () => {
    const world = bootWorld(supervise([counter('a', { limit: 2, onFull: 'exit' })]));
    const before = pids(world)['a'];
    const target = world.kernel.whereis<number>(name('a'))!;
    const told = [1, 2, 3].map((n) => target.cast(n));
    assert.deepEqual(told, ['accepted', 'accepted', 'refused']);
    world.stepper.run();
    assert.equal(world.crashes[0]?.reason, 'error: mailbox is full with 2 messages');
    assert.notEqual(pids(world)['a'], before);
  });

  it('still takes in what its reader asked for', () => {
    const mailbox = new Mailbox<number>({ limit: 1, onFull: 'refuse' });
    mailbox.cast(1);
    mailbox.admit(2);
    assert.deepEqual(takeAll(mailbox), [1, 2]);
  });

  it('takes back what its reader has only begun with, as the oldest', () => {
    const mailbox = new Mailbox<number>({ limit: 20, onFull: 'refuse' });
    for (let n = 0; n < 20; n++) mailbox.cast(n);
    const begun = mailbox.take();
    mailbox.cast(20);
    mailbox.putBack(begun);
    assert.deepEqual(
      takeAll(mailbox),
      Array.from({ length: 21 }, (_, n) => n),
    );
    mailbox.putBack(7);
    assert.deepEqual(takeAll(mailbox), [7]);
  });
});

describe('a mailbox', () => {
  it('is a bounded queue, whatever the order of casts and takes', () => {
    const model = fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constant(-1)));
    fc.assert(
      fc.property(model, fc.integer({ min: 1, max: 50 }), (steps, limit) => {
        const mailbox = new Mailbox<number>({ limit, onFull: 'refuse' });
        const queue: number[] = [];
        let next = 0;
        for (const step of steps) {
          if (step < 0 && queue.length > 0) assert.equal(mailbox.take(), queue.shift());
          for (let i = 0; i < step; i++, next++) {
            const fits = queue.length < limit;
            assert.equal(mailbox.cast(next), fits ? 'accepted' : 'refused');
            if (fits) queue.push(next);
          }
          assert.equal(mailbox.size, queue.length);
        }
        assert.deepEqual(takeAll(mailbox), queue);
      }),
    );
  });

  it('cannot have a limit below one', () => {
    assert.throws(() => new Mailbox({ limit: 0, onFull: 'refuse' }), /positive integer/);
  });
});

describe('a mailbox that its supervisor keeps', () => {
  it('goes on taking messages while nobody reads, and loses none over a crash but the poisonous one', () => {
    const mailbox = new Mailbox<number>({ limit: 100, onFull: 'refuse' });
    const seen: string[] = [];
    const world = bootWorld(supervise([keeper(mailbox, seen)]));
    for (const n of [1, 2, -1, 3, 4]) mailbox.cast(n);
    world.stepper.run();
    assert.deepEqual(seen, [
      'start undefined',
      'again undefined',
      '1',
      '2',
      'poisoned',
      'start -1',
      'again undefined',
      '3',
      '4',
    ]);
  });

  it('is bounded when there is no reader', () => {
    const mailbox = new Mailbox<number>({ limit: 3, onFull: 'refuse' });
    const told = [1, 2, 3, 4].map((n) => mailbox.cast(n));
    assert.deepEqual(told, ['accepted', 'accepted', 'accepted', 'refused']);
    const seen: string[] = [];
    bootWorld(supervise([keeper(mailbox, seen)]));
    assert.deepEqual(seen.slice(1), ['again undefined', '1', '2', '3']);
  });

  it('does not count a message as interrupted that its reader handled before it left', () => {
    const mailbox = new Mailbox<number>({ limit: 10, onFull: 'refuse' });
    const seen: string[] = [];
    const world = bootWorld(supervise([keeper(mailbox, seen)]));
    mailbox.cast(0);
    mailbox.cast(5);
    world.stepper.run();
    assert.deepEqual(seen.slice(1), [
      'again undefined',
      'left',
      'start undefined',
      'again undefined',
      '5',
    ]);
  });

  it('has one reader: a second one does not start', async () => {
    const mailbox = new Mailbox<number>({ limit: 10, onFull: 'refuse' });
    const children = ['a', 'b'].map((id) => worker(id, { mailbox, init: () => ({ handle() {} }) }));
    const world = bootWorld(supervise(children));
    await assert.rejects(world.kernel.started, /root\/b did not start.*living reader/);
  });
});

function counter(id: string, mailbox: MailboxOptions): ChildSpec {
  return worker<number>(id, {
    mailbox,
    init: (context) => {
      context.register(name(id));
      return { handle() {} };
    },
  });
}

/** Crashes at -1, leaves normally at 0, and writes down everything else. */
function keeper(mailbox: Mailbox<number>, seen: string[]): ChildSpec {
  return worker<number>('keeper', {
    mailbox,
    init: (context) => {
      seen.push(`start ${mailbox.takeInterrupted()}`);
      seen.push(`again ${mailbox.takeInterrupted()}`);
      return {
        handle: (n) => {
          if (n === -1) {
            seen.push('poisoned');
            throw new Error('poison');
          }
          seen.push(n === 0 ? 'left' : String(n));
          if (n === 0) context.exit();
        },
      };
    },
  });
}
