/** A kernel on the stepper, and an actor that does what it is told. */
import { errorReason, name } from '../../../runtime/kernel/actor.ts';
import type { Context, ExitReason, Handlers, Ref } from '../../../runtime/kernel/actor.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import type {
  BootOptions,
  CrashReport,
  Kernel,
  KernelLog,
  TreeNode,
} from '../../../runtime/kernel/kernel.ts';
import { Stepper } from '../../../runtime/kernel/stepper.ts';
import type {
  ChildSpec,
  StaticSupervisorSpec,
  SupervisorSpec,
} from '../../../runtime/kernel/supervision.ts';
import { worker } from '../../../runtime/kernel/worker.ts';

/** Runs inside the puppet: a test says what its actor does. */
export type Act = (context: Context<Act>, self: Puppet) => void;

export interface Puppet {
  onExit?: Handlers<Act>['onExit'];
  onDown?: Handlers<Act>['onDown'];
  onShutdown?: Handlers<Act>['onShutdown'];
  terminate?: Handlers<Act>['terminate'];
}

export interface World {
  readonly kernel: Kernel;
  readonly stepper: Stepper;
  readonly crashes: CrashReport[];
  readonly events: string[];
}

export const boom: Act = () => {
  throw new Error('boom');
};

export const ends =
  (reason?: ExitReason): Act =>
  (context) =>
    context.exit(reason);

export const BROKEN = errorReason('broken');

/** An actor registered as its id that runs every function it is sent. */
export function puppet(
  id: string,
  options: Omit<ChildSpec, 'id' | 'start'> = {},
  prepare?: (context: Context<Act>, self: Puppet) => void,
): ChildSpec {
  return worker<Act>(
    id,
    {
      init: (context) => {
        const self: Puppet = {};
        context.register(name(id));
        prepare?.(context, self);
        return Object.assign(self, { handle: (act: Act) => act(context, self) });
      },
    },
    options,
  );
}

export function supervise(
  children: readonly ChildSpec[] | (() => readonly ChildSpec[]),
  options: Partial<Omit<StaticSupervisorSpec, 'kind' | 'children'>> = {},
): StaticSupervisorSpec {
  return {
    kind: 'supervisor',
    strategy: 'one_for_one',
    intensity: { restarts: 10, periodMs: 1000 },
    ...options,
    children: typeof children === 'function' ? children : () => children,
  };
}

export function bootWorld(
  root: SupervisorSpec,
  options: Partial<BootOptions> & { seed?: number } = {},
): World {
  const stepper = new Stepper({ seed: options.seed ?? 1 });
  const crashes: CrashReport[] = [];
  const events: string[] = [];
  const log: KernelLog = {
    crash: (report) => void crashes.push(report),
    event: (_level, event, fields) => void events.push(`${event} ${String(fields['path'])}`),
  };
  const kernel = boot({ root, scheduler: stepper, log, ...options });
  stepper.run();
  return { kernel, stepper, crashes, events };
}

/** The living actor registered as `id`. */
export function actor(world: World, id: string): Ref<Act> {
  const ref = world.kernel.whereis<Act>(name(id));
  if (ref === undefined) throw new Error(`nobody is registered as ${id}`);
  return ref;
}

/** Has the actor do something, and runs until idle. */
export function tell(world: World, id: string, act: Act): void {
  actor(world, id).cast(act);
  world.stepper.run();
}

/** The pid, or undefined, of everybody in the tree, by path without the root's id. */
export function pids(world: World): Record<string, number | undefined> {
  const found: Record<string, number | undefined> = {};
  const visit = (node: TreeNode): void => {
    found[node.path.split('/').slice(1).join('/')] = node.pid;
    node.children.forEach(visit);
  };
  visit(world.kernel.tree());
  return found;
}

/** What happened to each between two looks: `same`, `new`, `down` (no incarnation) or `gone` (no line). */
export function changes(
  before: Record<string, number | undefined>,
  after: Record<string, number | undefined>,
): Record<string, string> {
  const told: Record<string, string> = {};
  for (const path of Object.keys(before)) {
    if (!(path in after)) told[path] = 'gone';
    else if (after[path] === undefined) told[path] = 'down';
    else told[path] = after[path] === before[path] ? 'same' : 'new';
  }
  return told;
}
