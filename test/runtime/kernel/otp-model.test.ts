/** Random trees with random ends, judged by a plain model of OTP's rules. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { KILLED, SHUTDOWN } from '../../../runtime/kernel/actor.ts';
import type { ExitReason } from '../../../runtime/kernel/actor.ts';
import type { TreeNode } from '../../../runtime/kernel/kernel.ts';
import type { ChildSpec, StaticSupervisorSpec } from '../../../runtime/kernel/supervision.ts';
import { subtree, worker } from '../../../runtime/kernel/worker.ts';
import { OtpModel, PERIOD_MS } from './otp-model.ts';
import type { ModelSpec, ModelSupervisor } from './otp-model.ts';
import { bootWorld, BROKEN } from './support.ts';
import type { World } from './support.ts';

const WAYS: readonly ExitReason[] = [BROKEN, KILLED, SHUTDOWN];

const restart = fc.constantFrom('permanent', 'transient', 'temporary' as const);
const { tree } = fc.letrec<{ tree: ModelSupervisor; child: ModelSpec }>((tie) => ({
  child: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({
      kind: fc.constant('worker' as const),
      id: fc.constant(''),
      restart,
      isSignificant: fc.boolean(),
      failsAt: fc.constantFrom(0, 0, 0, 2, 3),
    }),
    tie('tree'),
  ),
  tree: fc
    .record({
      kind: fc.constant('supervisor' as const),
      id: fc.constant(''),
      restart,
      isSignificant: fc.boolean(),
      strategy: fc.constantFrom('one_for_one', 'rest_for_one', 'one_for_all' as const),
      autoShutdown: fc.constantFrom('never', 'any_significant', 'all_significant' as const),
      restarts: fc.integer({ min: 0, max: 3 }),
      children: fc.array(tie('child'), { minLength: 1, maxLength: 4 }),
    })
    .map(named),
}));

/** Gives children their ids, and takes significance from where OTP forbids it. */
function named(supervisor: ModelSupervisor): ModelSupervisor {
  const children = supervisor.children.map((child, index) => ({
    ...child,
    id: `${child.kind === 'worker' ? 'w' : 's'}${index}`,
    isSignificant:
      child.isSignificant && child.restart !== 'permanent' && supervisor.autoShutdown !== 'never',
  }));
  return { ...supervisor, children };
}

const events = fc.array(
  fc.record({
    who: fc.nat(),
    way: fc.constantFrom(...WAYS),
    laterMs: fc.constantFrom(0, 0, PERIOD_MS / 2, PERIOD_MS + 1),
  }),
  { minLength: 1, maxLength: 12 },
);

describe('a random tree with random ends', () => {
  it('does at every step what the OTP rules say', () => {
    fc.assert(
      fc.property(tree, events, fc.nat(), (spec, steps, seed) => {
        const root = { ...spec, id: 'root' };
        const model = new OtpModel(root);
        const starts: Record<string, number> = {};
        const world = bootWorld(supervisorOf(root, 'root', starts), { seed });
        agree(world, model, starts, 'after boot');
        for (const { who, way, laterMs } of steps) {
          const alive = model.alive();
          if (alive.length === 0) return;
          const path = alive[who % alive.length]!;
          // A supervisor heeds nothing but a kill.
          const reason = isSupervisor(path) ? KILLED : way;
          model.end(path, reason === SHUTDOWN);
          assert.equal(world.kernel.exit(path, reason), true);
          world.stepper.run();
          agree(world, model, starts, `after ${path} ended: ${reason.kind}`);
          model.advance(laterMs);
          world.stepper.advance(laterMs);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('comes to rest after many ends at once, with every permanent child of a living supervisor alive', () => {
    fc.assert(
      fc.property(tree, fc.array(events, { maxLength: 3 }), fc.nat(), (spec, bursts, seed) => {
        const root = { ...spec, id: 'root' };
        const world = bootWorld(supervisorOf(root, 'root', {}), { seed });
        for (const burst of bursts) {
          const alive = running(world);
          if (alive.length === 0) return;
          for (const { who, way } of burst) {
            const path = alive[who % alive.length]!;
            world.kernel.exit(path, isSupervisor(path) ? KILLED : way);
          }
          world.stepper.run();
          assertWhole(world.kernel.tree());
          world.stepper.advance(PERIOD_MS + 1);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function agree(world: World, model: OtpModel, starts: Record<string, number>, when: string): void {
  assert.deepEqual(running(world), model.alive(), when);
  assert.deepEqual(starts, model.starts, `starts ${when}`);
}

/** Paths of all that run, in tree order. */
function running(world: World): string[] {
  const visit = (node: TreeNode): string[] =>
    node.pid === undefined ? [] : [node.path, ...node.children.flatMap(visit)];
  const root = world.kernel.tree();
  return root.state === 'stopping' ? [] : visit(root);
}

function assertWhole(node: TreeNode): void {
  if (node.pid === undefined || node.state === 'stopping') return;
  assert.equal(node.state, 'running', node.path);
  node.children.forEach(assertWhole);
  for (const child of node.children) {
    const ended = child.lastExit === 'normal' || child.lastExit?.startsWith('shutdown');
    assert.ok(child.pid !== undefined || ended === true, `${child.path}: ${child.lastExit}`);
  }
}

function isSupervisor(path: string): boolean {
  return /(^root|\/s\d+)$/.test(path);
}

function supervisorOf(
  model: ModelSupervisor,
  path: string,
  starts: Record<string, number>,
): StaticSupervisorSpec {
  return {
    kind: 'supervisor',
    strategy: model.strategy,
    autoShutdown: model.autoShutdown,
    intensity: { restarts: model.restarts, periodMs: PERIOD_MS },
    children: () => model.children.map((child) => childOf(child, `${path}/${child.id}`, starts)),
  };
}

function childOf(model: ModelSpec, path: string, starts: Record<string, number>): ChildSpec {
  const options = { restart: model.restart, significant: model.isSignificant };
  if (model.kind === 'supervisor') {
    return subtree(model.id, supervisorOf(model, path, starts), options);
  }
  const init = (): { handle(): void } => {
    starts[path] = (starts[path] ?? 0) + 1;
    if (starts[path] === model.failsAt) throw new Error('does not start');
    return { handle() {} };
  };
  return worker(model.id, { init }, options);
}
