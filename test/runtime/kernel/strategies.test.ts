/** Every strategy with every restart type and every way to end: who restarts, and who survives. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KILLED, NORMAL, SHUTDOWN } from '../../../runtime/kernel/actor.ts';
import type { Restart, StaticSupervisorSpec } from '../../../runtime/kernel/supervision.ts';
import { subtree } from '../../../runtime/kernel/worker.ts';
import { boom, bootWorld, changes, ends, pids, puppet, supervise, tell } from './support.ts';
import type { World } from './support.ts';

type Way = 'crash' | 'killed' | 'normal' | 'shutdown';

const WAYS: Record<Way, (world: World) => void> = {
  crash: (world) => tell(world, 'b', boom),
  killed: (world) => {
    assert.ok(world.kernel.exit('root/b', KILLED));
    world.stepper.run();
  },
  normal: (world) => tell(world, 'b', ends(NORMAL)),
  shutdown: (world) => tell(world, 'b', ends(SHUTDOWN)),
};

/** Who of a, b, c is affected when b restarts. */
const RESTARTED: Record<StaticSupervisorSpec['strategy'], Record<string, string>> = {
  one_for_one: { a: 'same', b: 'new', c: 'same' },
  rest_for_one: { a: 'same', b: 'new', c: 'new' },
  one_for_all: { a: 'new', b: 'new', c: 'new' },
};

function restarts(restart: Restart, way: Way): boolean {
  if (restart === 'temporary') return false;
  return restart === 'permanent' || way === 'crash' || way === 'killed';
}

for (const strategy of ['one_for_one', 'rest_for_one', 'one_for_all'] as const) {
  describe(`under ${strategy}`, () => {
    for (const restart of ['permanent', 'transient', 'temporary'] as const) {
      for (const way of Object.keys(WAYS) as Way[]) {
        const verb = restarts(restart, way) ? 'restarts' : 'stays away';
        it(`a ${restart} child ${verb} after ${way}`, () => {
          const children = [puppet('a'), puppet('b', { restart }), puppet('c')];
          const world = bootWorld(supervise(children, { strategy }));
          const before = pids(world);
          WAYS[way](world);
          const left = restart === 'temporary' ? 'gone' : 'down';
          const expected = restarts(restart, way)
            ? RESTARTED[strategy]
            : { a: 'same', b: left, c: 'same' };
          assert.deepEqual(changes(before, pids(world)), { '': 'same', ...expected });
        });
      }
    }
  });
}

describe('a restart of several children', () => {
  it('drops the temporary ones it stops and brings back the transient ones that had ended', () => {
    const children = [
      puppet('a', { restart: 'temporary' }),
      puppet('b'),
      puppet('c', { restart: 'transient' }),
      puppet('d', { restart: 'temporary' }),
    ];
    const world = bootWorld(supervise(children, { strategy: 'one_for_all' }));
    tell(world, 'c', ends());
    assert.equal(pids(world)['c'], undefined);
    const before = pids(world);
    tell(world, 'b', boom);
    const after = pids(world);
    assert.deepEqual(changes(before, after), {
      '': 'same',
      a: 'gone',
      b: 'new',
      c: 'new',
      d: 'gone',
    });
  });

  it('stops them in reverse start order and starts them in start order', () => {
    const seen: string[] = [];
    const traced = (id: string) =>
      puppet(id, {}, (_context, self) => {
        seen.push(`+${id}`);
        self.terminate = (reason) => void seen.push(`-${id} ${reason.kind}`);
      });
    const children = ['a', 'b', 'c', 'd'].map(traced);
    const world = bootWorld(supervise(children, { strategy: 'rest_for_one' }));
    seen.length = 0;
    tell(world, 'b', boom);
    assert.deepEqual(seen, ['-b error', '-d shutdown', '-c shutdown', '+b', '+c', '+d']);
  });

  it('takes whole subtrees along, which stop in reverse order too', () => {
    const seen: string[] = [];
    const traced = (id: string) =>
      puppet(id, {}, (_context, self) => {
        self.terminate = () => void seen.push(id);
      });
    const children = [puppet('a'), subtree('sub', supervise([traced('x'), traced('y')]))];
    const world = bootWorld(supervise(children, { strategy: 'one_for_all' }));
    const before = pids(world);
    tell(world, 'a', boom);
    assert.deepEqual(seen, ['y', 'x']);
    const after = changes(before, pids(world));
    assert.deepEqual(after, { '': 'same', a: 'new', sub: 'new', 'sub/x': 'new', 'sub/y': 'new' });
  });
});

describe('an end inside a subtree', () => {
  it('touches nobody outside of it', () => {
    const sub = supervise([puppet('x'), puppet('y')], { strategy: 'one_for_all' });
    const world = bootWorld(
      supervise([puppet('a'), subtree('sub', sub), puppet('c')], { strategy: 'one_for_all' }),
    );
    const before = pids(world);
    tell(world, 'x', boom);
    const expected = { a: 'same', sub: 'same', c: 'same', 'sub/x': 'new', 'sub/y': 'new' };
    assert.deepEqual(changes(before, pids(world)), { '': 'same', ...expected });
  });

  it('leaves no orphan when the supervisor itself is killed', () => {
    const ended: string[] = [];
    const traced = (id: string) =>
      puppet(id, {}, (_context, self) => {
        self.terminate = (reason) => void ended.push(`${id} ${reason.kind}`);
      });
    const inner = subtree('inner', supervise([traced('x'), traced('y')]));
    const world = bootWorld(
      supervise([puppet('a'), subtree('sub', supervise([inner, traced('z')]))]),
    );
    const before = pids(world);
    assert.ok(world.kernel.exit('root/sub', KILLED));
    world.stepper.run();
    assert.deepEqual(ended, ['z killed', 'y killed', 'x killed']);
    assert.deepEqual(changes(before, pids(world)), {
      '': 'same',
      a: 'same',
      sub: 'new',
      'sub/inner': 'new',
      'sub/inner/x': 'new',
      'sub/inner/y': 'new',
      'sub/z': 'new',
    });
  });
});
