/** Breaks parts of a real tree and waits, by its own change stream, for what the supervisors do about it. */
import assert from 'node:assert/strict';
import { KILLED } from '../../runtime/kernel/actor.ts';
import type { Kernel, TreeChange, TreeNode } from '../../runtime/kernel/kernel.ts';

const PATIENCE_MS = 5_000;

export function find(kernel: Kernel, path: string): TreeNode | undefined {
  const search = (node: TreeNode): TreeNode | undefined => {
    if (node.path === path) return node;
    for (const child of node.children) {
      const found = search(child);
      if (found) return found;
    }
    return undefined;
  };
  return search(kernel.tree());
}

export function pidAt(kernel: Kernel, path: string): number {
  const pid = find(kernel, path)?.pid;
  assert(pid !== undefined, `nobody lives at ${path}`);
  return pid;
}

/** Resolves with the first change that fits; rejects when none comes. */
export function change(
  kernel: Kernel,
  what: string,
  fits: (change: TreeChange) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = kernel.watch((event) => {
      if (!fits(event)) return;
      clearTimeout(timer);
      stop();
      resolve();
    });
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`${what}: nothing of the kind within ${PATIENCE_MS} ms`));
    }, PATIENCE_MS);
  });
}

/** Kills the actor and waits until it lives again. */
export async function killed(kernel: Kernel, path: string): Promise<void> {
  const restarted = change(
    kernel,
    `restart of ${path}`,
    (event) => event.kind === 'started' && event.path === path,
  );
  assert(kernel.exit(path, KILLED), `nobody to kill at ${path}`);
  await restarted;
}

/** Kills the actor again and again until something above it changes its state, or is started anew. */
export async function exhausted(kernel: Kernel, path: string, above: string): Promise<void> {
  const before = pidAt(kernel, above);
  let isOver = false;
  const over = change(kernel, `${above} gives up`, (event) => {
    const isGivingUp =
      event.path === above &&
      ((event.kind === 'state' && event.state === 'cooling_down') ||
        (event.kind === 'started' && event.pid !== before));
    isOver ||= isGivingUp;
    return isGivingUp;
  });
  for (let kills = 0; kills < 100 && !isOver; kills++) {
    if (!kernel.exit(path, KILLED)) await new Promise((resolve) => setImmediate(resolve));
    else await new Promise((resolve) => setImmediate(resolve));
  }
  await over;
}
