/** What people see of the tree: a snapshot, and the stream of its changes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KILLED } from '../../../runtime/kernel/actor.ts';
import type { TreeChange, TreeNode } from '../../../runtime/kernel/kernel.ts';
import { subtree, worker } from '../../../runtime/kernel/worker.ts';
import { actor, boom, bootWorld, ends, puppet, supervise, tell } from './support.ts';

describe('the tree', () => {
  it('shows every actor with its place, state and figures', () => {
    const sub = supervise([puppet('x', { restart: 'transient' })], { strategy: 'rest_for_one' });
    const data = worker('d', { class: 'data', init: () => ({ handle() {} }) });
    const world = bootWorld(supervise([puppet('a'), subtree('sub', sub), data]), {
      rootId: 'node1',
    });
    tell(world, 'a', boom);
    world.stepper.advance(10);
    tell(world, 'a', () => {});
    actor(world, 'a').cast(() => {});
    tell(world, 'x', ends());
    actor(world, 'a').cast(() => {});
    const { children, ...root } = world.kernel.tree();
    assert.deepEqual(root, {
      id: 'node1',
      path: 'node1',
      pid: 1,
      kind: 'supervisor',
      strategy: 'one_for_one',
      class: 'system',
      state: 'running',
      mailbox: 0,
      handled: 0,
      restarts: 0,
      lastExit: undefined,
      uptimeMs: 10,
      childCount: 3,
    });
    assert.deepEqual(children[0], {
      id: 'a',
      path: 'node1/a',
      pid: actor(world, 'a').pid,
      kind: 'worker',
      strategy: undefined,
      class: 'control',
      state: 'running',
      mailbox: 1,
      handled: 2,
      restarts: 1,
      lastExit: 'error: boom',
      uptimeMs: 10,
      children: [],
      childCount: 0,
    });
    const [x] = children[1]!.children;
    assert.equal(children[1]!.strategy, 'rest_for_one');
    assert.deepEqual([x?.path, x?.pid, x?.lastExit], ['node1/sub/x', undefined, 'normal']);
    assert.equal(children[2]!.class, 'data');
  });

  it('tells who has ended for good from who waits for its supervisor', () => {
    const cooling = supervise([puppet('x'), puppet('y')], {
      intensity: { restarts: 0, periodMs: 10 },
      onExhausted: { coolDownMs: 10, maxCoolDownMs: 10 },
    });
    const done = puppet('done', { restart: 'transient' });
    const world = bootWorld(supervise([done, subtree('sub', cooling)]));
    tell(world, 'done', ends());
    tell(world, 'x', boom);
    const [ended, sub] = world.kernel.tree().children;
    assert.deepEqual([ended!.state, ended!.pid], ['ended', undefined]);
    assert.deepEqual(
      sub!.children.map(({ state }) => state),
      ['restarting', 'cooling_down'], // the one that failed, and the one that was stopped with it
    );
    world.stepper.advance(10);
    const again = world.kernel.tree().children[1]!.children;
    assert.deepEqual([again[0]!.state, again[1]!.state], ['running', 'running']);
  });

  it('finds an actor by its path, whatever its id contains', () => {
    const odd = 'a/b%c d';
    const world = bootWorld(supervise([puppet(odd), puppet('sibling')]));
    const node: TreeNode = world.kernel.tree().children[0]!;
    assert.equal(node.path, 'root/a%2Fb%25c d');
    assert.equal(actor(world, odd).path, node.path);
    const { pid } = actor(world, odd);
    for (const path of ['', 'root/none', 'other', 'root/sibling/child', `${node.path}/x`]) {
      assert.equal(world.kernel.exit(path, KILLED), false, path);
    }
    assert.equal(world.kernel.exit(node.path, KILLED), true);
    world.stepper.run();
    assert.notEqual(actor(world, odd).pid, pid);
  });

  it('streams starts, exits and states, until nobody listens; a listener that throws disturbs nobody', () => {
    const world = bootWorld(supervise([puppet('a')]));
    const seen: TreeChange[] = [];
    const bad = world.kernel.watch(() => {
      throw new Error('bad listener');
    });
    const unwatch = world.kernel.watch((change) => void seen.push(change));
    const { pid } = actor(world, 'a');
    tell(world, 'a', boom);
    assert.deepEqual(seen, [
      { kind: 'exited', path: 'root/a', pid, reason: 'error: boom' },
      { kind: 'started', path: 'root/a', pid: actor(world, 'a').pid },
    ]);
    assert.ok(world.events.some((event) => event.startsWith('tree_listener_failed')));
    unwatch();
    bad();
    tell(world, 'a', boom);
    assert.equal(seen.length, 2);
  });

  it('tells when a supervisor begins to stop and to cool down', () => {
    const cooling = supervise([puppet('x')], {
      intensity: { restarts: 0, periodMs: 10 },
      onExhausted: { coolDownMs: 10, maxCoolDownMs: 10 },
    });
    const world = bootWorld(supervise([subtree('sub', cooling)]));
    const states: string[] = [];
    world.kernel.watch((change) => {
      if (change.kind === 'state') states.push(`${change.path} ${change.state}`);
    });
    tell(world, 'x', boom);
    world.stepper.advance(10);
    void world.kernel.stop();
    world.stepper.run();
    assert.deepEqual(states, [
      'root/sub cooling_down',
      'root/sub running',
      'root stopping',
      'root/sub stopping',
    ]);
  });
});
