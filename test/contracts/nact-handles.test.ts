/** Code that knows only nact can reach an actor and stop it, and none of nact's own rules leaks in. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dispatch, stop } from 'nact';
import { name } from '../../runtime/kernel/actor.ts';
import type { Ref } from '../../runtime/kernel/actor.ts';
import { boot } from '../../runtime/kernel/boot.ts';
import type { CrashReport, Kernel, TreeChange } from '../../runtime/kernel/kernel.ts';
import { NactScheduler, nactRef } from '../../runtime/kernel/nact-scheduler.ts';
import { worker } from '../../runtime/kernel/worker.ts';

interface World {
  readonly kernel: Kernel;
  readonly crashes: CrashReport[];
  actor(): Ref<unknown>;
  /** Resolves at the next change of this kind at `root/a`. */
  next(kind: TreeChange['kind']): Promise<TreeChange>;
}

async function bootNact(handle: (message: unknown) => void): Promise<World> {
  const child = worker<unknown>('a', {
    init: (context) => {
      context.register(name('a'));
      return { handle };
    },
  });
  const crashes: CrashReport[] = [];
  const intensity = { restarts: 100, periodMs: 1000 };
  const kernel = boot({
    root: { kind: 'supervisor', strategy: 'one_for_one', intensity, children: () => [child] },
    scheduler: new NactScheduler({ onFault: (error) => assert.fail(String(error)) }),
    log: { crash: (report) => void crashes.push(report), event() {} },
  });
  await kernel.started;
  const next = (kind: TreeChange['kind']): Promise<TreeChange> =>
    new Promise((resolve) => {
      const unwatch = kernel.watch((change) => {
        if (change.kind !== kind || change.path !== 'root/a') return;
        unwatch();
        resolve(change);
      });
    });
  return { kernel, crashes, next, actor: () => kernel.whereis<unknown>(name('a'))! };
}

describe('a nact handle', () => {
  it('takes messages into the mailbox of its actor, in order', async () => {
    let done = (): void => {};
    const handled = new Promise<void>((resolve) => (done = resolve));
    const seen: unknown[] = [];
    const { kernel, actor } = await bootNact((message) => {
      seen.push(message);
      if (message === 'last') done();
    });
    for (const message of ['first', undefined, 3, 'last']) dispatch(nactRef(actor())!, message);
    await handled;
    assert.deepEqual(seen, ['first', undefined, 3, 'last']);
    await kernel.stop();
  });

  it('ends its actor as killed when it is stopped, and the supervisor restarts it', async () => {
    const { kernel, actor, crashes, next } = await bootNact(() => {});
    const first = actor();
    const exited = next('exited');
    const started = next('started');
    stop(nactRef(first)!);
    assert.deepEqual(await exited, {
      kind: 'exited',
      path: 'root/a',
      pid: first.pid,
      reason: 'killed',
    });
    await started;
    assert.notEqual(actor().pid, first.pid);
    assert.equal(crashes[0]?.reason, 'killed');
    await kernel.stop();
  });

  it('of a dead incarnation does not reach its successor', async () => {
    const handled: unknown[] = [];
    let reach = (): void => {};
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const { kernel, actor, next } = await bootNact((message) => {
      handled.push(message);
      if (message === 'boom') throw new Error('boom');
      if (message === 'for the living') reach();
    });
    const stale = nactRef(actor())!;
    const started = next('started');
    actor().cast('boom');
    await started;
    dispatch(stale, 'for the dead');
    stop(stale);
    dispatch(nactRef(actor())!, 'for the living');
    await reached;
    assert.equal(actor().isAlive, true);
    assert.deepEqual(handled, ['boom', 'for the living']);
    await kernel.stop();
  });

  it('survives a crash in its actor without an unhandled rejection', async () => {
    const rejections: unknown[] = [];
    const listen = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', listen);
    const { kernel, actor, next } = await bootNact(() => {
      throw new Error('boom');
    });
    for (let i = 0; i < 10; i++) {
      const started = next('started');
      dispatch(nactRef(actor())!, 'go');
      await started;
    }
    await kernel.stop();
    await new Promise(setImmediate);
    process.off('unhandledRejection', listen);
    assert.deepEqual(rejections, []);
  });
});
