/** Reads the answer of `GET /tree`: whatever is at the other end, what comes out can be drawn. */
import type { TreeNode } from '../runtime/kernel/kernel.ts';
import type { ShownNode } from './tree-view.ts';

const STATES = [
  'starting',
  'running',
  'restarting',
  'cooling_down',
  'stopping',
  'ended',
] as const satisfies readonly TreeNode['state'][];
const MAX_DEPTH = 200;

/** Undefined: not a tree of a node. */
export function readTree(text: string): ShownNode | undefined {
  try {
    return readNode(JSON.parse(text), 0);
  } catch {
    return undefined; // not JSON
  }
}

function readNode(value: unknown, depth: number): ShownNode | undefined {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return undefined;
  const { id, kind, state, lastExit, children, ...rest } = value as Record<string, unknown>;
  const known = STATES.find((name) => name === state);
  if (typeof id !== 'string' || known === undefined || !Array.isArray(children)) return undefined;
  const below = children.map((child) => readNode(child, depth + 1));
  if (below.includes(undefined)) return undefined;
  return {
    id,
    kind: kind === 'supervisor' ? 'supervisor' : 'worker',
    state: known,
    mailbox: numberOf(rest['mailbox']),
    handled: numberOf(rest['handled']),
    restarts: numberOf(rest['restarts']),
    uptimeMs: numberOf(rest['uptimeMs']),
    childCount: numberOf(rest['childCount']),
    lastExit: typeof lastExit === 'string' ? lastExit : null,
    children: below as ShownNode[],
  };
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
