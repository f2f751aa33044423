/**
 * The supervision tree of one node as another one gets it: what is asked, how much is answered, and how it is read.
 * A tree comes from a peer, so every line is checked before it is passed on.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { Name, ReplyTo } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { ActorState, TreeNode } from '../../runtime/kernel/kernel.ts';
import type { PlainMap, PlainValue } from '../../runtime/net/peer/codec.ts';
import { isMap } from '../../runtime/net/peer/codec.ts';
import type { Exported } from '../links/api.ts';

/** Levels and children of dynamic supervisors. */
export interface TreeQuestion {
  readonly depth: number;
  readonly childLimit: number;
}

export interface InspectorMessage {
  readonly kind: 'tree';
  readonly question: TreeQuestion;
  readonly reply: ReplyTo<PlainValue>;
}

export const INSPECTOR: Name<InspectorMessage> = name('inspector');

/** Deepest cut that can be asked for; trees are far flatter. */
export const MAX_DEPTH = 100;
/** Of an encoded tree. More would hold up what else the channel carries. */
export const MAX_TREE_BYTES = 1024 * 1024;
/** Lines that fit into so many bytes, and more: what a peer may have us keep. */
const MAX_LINES = 50_000;
/** A look must not hold up the node that is looked at. */
const MAX_CHILD_LIMIT = 2_000;

/** By which others reach the inspector, and what they may ask it. */
export const INSPECTOR_EXPORT: Exported = {
  name: INSPECTOR.name,
  target: INSPECTOR as Name<never>,
  call: (body: PlainValue, _from: NodeId) => {
    const question = readQuestion(body);
    if (question === undefined) return undefined;
    return (reply): never =>
      ({ kind: 'tree', question, reply }) satisfies InspectorMessage as never;
  },
};

export function plainQuestion({ depth, childLimit }: TreeQuestion): PlainValue {
  return { depth, childLimit };
}

function readQuestion(body: PlainValue): TreeQuestion | undefined {
  if (!isMap(body)) return undefined;
  const [depth, childLimit] = [countIn(body, 'depth'), countIn(body, 'childLimit')];
  if (depth === undefined || childLimit === undefined) return undefined;
  return {
    depth: Math.min(Math.max(depth, 1), MAX_DEPTH),
    childLimit: Math.min(childLimit, MAX_CHILD_LIMIT),
  };
}

/**
 * The most of the tree that fits: fewer children of dynamic supervisors are shown until it does; `childCount` still
 * tells how many there are. Undefined: it does not fit without them either.
 */
export function fittingTree(
  treeOf: (childLimit: number) => TreeNode,
  sizeOf: (tree: PlainValue) => number,
  { depth, childLimit }: TreeQuestion,
): PlainValue | undefined {
  for (let limit = childLimit; ; limit = limit >> 1) {
    const plain = plainTree(treeOf(limit), depth);
    if (sizeOf(plain) <= MAX_TREE_BYTES) return plain;
    if (limit === 0) return undefined;
  }
}

function plainTree({ children, ...line }: TreeNode, depth: number): PlainMap {
  const below = depth <= 1 ? [] : children.map((child) => plainTree(child, depth - 1));
  return { ...line, children: below };
}

const KINDS = ['worker', 'supervisor'] as const;
const CLASSES = ['system', 'control', 'data'] as const;
const STATES = [
  'starting',
  'running',
  'restarting',
  'cooling_down',
  'stopping',
  'ended',
] as const satisfies readonly ActorState[];
const STRATEGIES = ['one_for_one', 'one_for_all', 'rest_for_one', 'simple_one_for_one'] as const;

/** Undefined: not a tree. */
export function readTree(value: PlainValue): TreeNode | undefined {
  let lines = 0;
  const read = (body: PlainValue, depth: number): TreeNode | undefined => {
    if (++lines > MAX_LINES || depth > MAX_DEPTH || !isMap(body)) return undefined;
    const line = readLine(body);
    const below = body['children'];
    if (line === undefined || !Array.isArray(below)) return undefined;
    const children: TreeNode[] = [];
    for (const one of below as readonly PlainValue[]) {
      const child = read(one, depth + 1);
      if (child === undefined) return undefined;
      children.push(child);
    }
    return { ...line, children };
  };
  return read(value, 1);
}

function readLine(body: PlainMap): Omit<TreeNode, 'children'> | undefined {
  const { id, path, lastExit } = body;
  const kind = KINDS.find((each) => each === body['kind']);
  const turnClass = CLASSES.find((each) => each === body['class']);
  const state = STATES.find((each) => each === body['state']);
  const [mailbox, handled] = [countIn(body, 'mailbox'), countIn(body, 'handled')];
  const [restarts, childCount] = [countIn(body, 'restarts'), countIn(body, 'childCount')];
  const { uptimeMs } = body;
  if (typeof id !== 'string' || typeof path !== 'string') return undefined;
  if (kind === undefined || turnClass === undefined || state === undefined) return undefined;
  if (mailbox === undefined || handled === undefined) return undefined;
  if (restarts === undefined || childCount === undefined) return undefined;
  if (typeof uptimeMs !== 'number' || !Number.isFinite(uptimeMs)) return undefined;
  return {
    ...{ id, path, kind, state, mailbox, handled, restarts, uptimeMs, childCount },
    pid: countIn(body, 'pid'),
    strategy: STRATEGIES.find((each) => each === body['strategy']),
    class: turnClass,
    lastExit: typeof lastExit === 'string' ? lastExit : undefined,
  };
}

function countIn(body: PlainMap, field: string): number | undefined {
  const value = body[field];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
