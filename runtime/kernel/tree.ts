/** The living supervision tree as plain data, for people and pages. */
import type { Child } from './child.ts';
import { reasonText } from './crash-reports.ts';
import type { ActorState, TreeNode } from './kernel.ts';
import type { Host } from './host.ts';
import { pathSegment } from './process-parts.ts';
import type { Process } from './process.ts';
import { processOf } from './supervisor.ts';
import type { Supervisor } from './supervisor.ts';

export const DEFAULT_CHILD_LIMIT = 1000;

interface Line {
  readonly id: string;
  readonly path: string;
  readonly state: ActorState;
  readonly restarts: number;
  readonly lastExit: string | undefined;
  readonly process: Process | undefined;
  readonly spec: Child['spec']['start'];
}

/** `root` and everything under it; at most `childLimit` children of each dynamic supervisor. */
export function treeOf(
  host: Host,
  root: Process,
  spec: Child['spec']['start'],
  childLimit: number = DEFAULT_CHILD_LIMIT,
): TreeNode {
  const state = root.isAlive ? 'running' : 'stopping';
  const reason = root.exitReason;
  const lastExit = reason === undefined ? undefined : reasonText(reason);
  const line = { id: root.id, path: root.path, state, restarts: 0, lastExit, spec } as const;
  return nodeOf(host, { ...line, process: root }, childLimit);
}

/** The process at a path, or undefined. */
export function processAt(host: Host, root: Process, path: string): Process | undefined {
  const [first, ...rest] = path.split('/');
  if (first !== pathSegment(root.id)) return undefined;
  let at: Process | undefined = root;
  for (const segment of rest) {
    if (at === undefined) return undefined;
    const child: Child | undefined = host.supervisors.get(at.pid)?.machine.child(idOf(segment));
    at = child && processOf(child);
  }
  return at?.isAlive === true ? at : undefined;
}

function nodeOf(host: Host, line: Line, childLimit: number): TreeNode {
  const { process, spec } = line;
  const supervisor = process && host.supervisors.get(process.pid);
  const isSupervisor = 'strategy' in spec;
  return {
    id: line.id,
    path: line.path,
    pid: process?.pid,
    kind: isSupervisor ? 'supervisor' : 'worker',
    strategy: isSupervisor ? spec.strategy : undefined,
    class: isSupervisor ? 'system' : (spec.class ?? 'control'),
    state:
      line.state === 'running' && supervisor !== undefined ? supervisor.machine.state : line.state,
    mailbox: process?.mailbox.size ?? 0,
    handled: process?.handled ?? 0,
    restarts: line.restarts,
    lastExit: line.lastExit,
    uptimeMs: process === undefined ? 0 : host.scheduler.clock.now() - process.startedAt,
    children: supervisor === undefined ? [] : childrenOf(host, supervisor, line.path, childLimit),
    childCount: supervisor?.machine.childCount ?? 0,
  };
}

function childrenOf(
  host: Host,
  supervisor: Supervisor,
  path: string,
  childLimit: number,
): TreeNode[] {
  const { state } = supervisor.machine;
  const isDynamic = supervisor.spec.strategy === 'simple_one_for_one';
  const nodes: TreeNode[] = [];
  for (const child of supervisor.machine.children()) {
    if (isDynamic && nodes.length >= childLimit) break;
    nodes.push(nodeOf(host, lineOf(child, path, state), childLimit));
  }
  return nodes;
}

/** Whoever has no incarnation while its supervisor runs has ended; else it waits for what the supervisor is about. */
function lineOf(child: Child, parentPath: string, supervisor: ActorState): Line {
  const withoutIncarnation = supervisor === 'running' ? 'ended' : supervisor;
  const { id, start } = child.spec;
  return {
    id,
    path: `${parentPath}/${pathSegment(id)}`,
    state: child.state === 'stopped' ? withoutIncarnation : child.state,
    restarts: child.restarts,
    lastExit: child.lastExit === undefined ? undefined : reasonText(child.lastExit),
    process: processOf(child),
    spec: start,
  };
}

function idOf(segment: string): string {
  return segment.replace(/%(25|2F)/g, decodeURIComponent);
}
