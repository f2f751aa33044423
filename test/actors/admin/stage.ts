/** A stage for the admin actor alone: a tree that does what the test says, and a context without a kernel. */
import type { Context, ExitReason, Ref } from '../../../runtime/kernel/actor.ts';
import type { CrashReport, Kernel, TreeChange, TreeNode } from '../../../runtime/kernel/kernel.ts';
import { Metrics } from '../../../runtime/metrics/metrics.ts';
import { admin, type AdminDeps } from '../../../actors/admin/admin.actor.ts';
import type { AdminMessage, Readiness } from '../../../actors/admin/api.ts';
import { ADMIN_DEFAULTS, type AdminConfig } from '../../../actors/admin/config.ts';

export function node(path: string, more: Partial<TreeNode> = {}): TreeNode {
  const children = more.children ?? [];
  return {
    id: path.slice(path.lastIndexOf('/') + 1),
    path,
    pid: 1,
    kind: children.length > 0 ? 'supervisor' : 'worker',
    strategy: children.length > 0 ? 'one_for_one' : undefined,
    class: 'control',
    state: 'running',
    mailbox: 0,
    handled: 0,
    restarts: 0,
    lastExit: undefined,
    uptimeMs: 1_000,
    childCount: children.length,
    ...more,
    children,
  };
}

/** A kernel of which only what the admin server looks at exists. */
export class StagedKernel {
  root: TreeNode;
  reports: CrashReport[] = [];
  readonly watchers = new Set<(change: TreeChange) => void>();

  constructor(root: TreeNode) {
    this.root = root;
  }

  change(change: TreeChange): void {
    for (const watcher of this.watchers) watcher(change);
  }

  crash(path: string, reason: string, stack = `Error: ${reason}\n    at somewhere`): void {
    const sequence = this.reports.length + 1;
    const report = { sequence, at: 1_700_000_000_000, path, pid: 7, reason, stack };
    this.reports.push({ ...report, lastMessage: 'poke' });
  }

  asKernel(): Kernel {
    const missing = (): never => {
      throw new Error('not on this stage');
    };
    return {
      clock: { now: () => performance.now(), wall: () => Date.now() },
      random: { next: missing, integer: missing },
      started: Promise.resolve(),
      ended: new Promise(() => undefined),
      stop: missing,
      whereis: missing,
      call: missing,
      exit: missing,
      tree: ({ childLimit = Infinity } = {}) => limited(childLimit, this.root),
      watch: (listener) => {
        this.watchers.add(listener);
        return () => this.watchers.delete(listener);
      },
      crashes: () => this.reports,
      onTurnStart: missing,
      onTurnEnd: missing,
    };
  }
}

/** As the kernel does: only a dynamic supervisor's children are cut. */
function limited(limit: number, tree: TreeNode): TreeNode {
  const isDynamic = tree.strategy === 'simple_one_for_one';
  const children = isDynamic ? tree.children.slice(0, limit) : tree.children;
  return { ...tree, children: children.map((child) => limited(limit, child)) };
}

export interface RunningAdmin {
  readonly port: number;
  readonly metrics: Metrics;
  readonly logged: { event: string; fields: Record<string, unknown> }[];
  setReadiness(readiness: Readiness): void;
  close(): void;
}

/** Runs the actor until `close`; rejects with its exit reason when the start fails. */
export function runAdmin(
  kernel: Kernel,
  settings: Partial<AdminConfig> = {},
  more: Partial<AdminDeps> = {},
): Promise<RunningAdmin> {
  const logged: RunningAdmin['logged'] = [];
  let readiness: Readiness = { ready: true, why: [] };
  const metrics = more.metrics ?? new Metrics({ processMetrics: false });
  const config = { ...ADMIN_DEFAULTS, port: 0, tickMs: 50, changeDelayMs: 5, ...settings };
  return new Promise((resolve, reject) => {
    const stage = stagedContext((reason) => {
      stage.close();
      reject(reason?.kind === 'error' ? reason.error : new Error(reason?.kind));
    });
    const definition = admin(config, {
      kernel: () => kernel,
      metrics,
      isReady: () => readiness,
      nodeName: 'test-node',
      version: '0.0.0',
      log: (_level, event, fields) => logged.push({ event, fields }),
      onListening: (_section, port) => {
        const setReadiness = (next: Readiness): void => void (readiness = next);
        resolve({ port, metrics, logged, setReadiness, close: stage.close });
      },
      ...more,
    });
    const handlers = definition.init(stage.context);
    stage.run((message) => handlers.handle(message));
  });
}

interface Stage {
  readonly context: Context<AdminMessage>;
  run(handle: (message: AdminMessage) => void): void;
  close(): void;
}

function stagedContext(onExit: (reason?: ExitReason) => void): Stage {
  const ports = new Set<{ close(): void }>();
  const timers = new Map<number, NodeJS.Timeout>();
  let handle: ((message: AdminMessage) => void) | undefined;
  let nextTimer = 1;
  const self: Ref<AdminMessage> = {
    pid: 1,
    path: 'root/admin',
    isAlive: true,
    cast: (message) => {
      setImmediate(() => handle?.(message));
      return 'accepted';
    },
  };
  const context = {
    self,
    clock: { now: () => performance.now(), wall: () => Date.now() },
    exit: onExit,
    ready: () => undefined,
    register: () => undefined,
    own: (port: { close(): void }) => {
      ports.add(port);
      return () => ports.delete(port);
    },
    after: (delayMs: number, message: AdminMessage) => {
      timers.set(
        nextTimer,
        setTimeout(() => handle?.(message), delayMs),
      );
      return nextTimer++;
    },
    cancel: (timer: number) => clearTimeout(timers.get(timer)),
  };
  return {
    context: context as unknown as Context<AdminMessage>,
    run: (given) => void (handle = given),
    close: () => {
      handle = undefined;
      for (const timer of timers.values()) clearTimeout(timer);
      for (const port of ports) port.close();
    },
  };
}
