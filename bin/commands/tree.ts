/** `bondy tree`: asks a running node for its supervision tree and draws it. */
import { findNode, notANode, view } from '../ask-node.ts';
import type { NodeAccess, NodeOptions } from '../ask-node.ts';
import { drawTree } from '../tree-view.ts';
import { readTree } from '../tree-answer.ts';

export interface TreeOptions extends NodeOptions {
  readonly depth: number;
  readonly children?: number;
  /** Another one of the cluster. */
  readonly node?: string;
  readonly watch?: boolean;
}

const WATCH_MS = 1000;
/** The node cuts the tree itself at this many levels. */
const MAX_LEVELS = 100;

/** Exit status. */
export async function tree(options: TreeOptions): Promise<number> {
  const node = await findNode(options);
  if (typeof node === 'string') return complain(node);
  const path = treePath(options);
  if (options.watch) return watch(node, path, options);
  const answer = await view(node, path);
  if (answer.kind === 'failed') return complain(answer.problem);
  const drawn = render(answer.got.text, options);
  if (drawn === undefined) return complain(notANode(node));
  process.stdout.write(`${drawn}\n`);
  return 0;
}

/** Until somebody ends the process. A node that does not answer may come back. */
async function watch(node: NodeAccess, path: string, options: TreeOptions): Promise<number> {
  for (;;) {
    const answer = await view(node, path);
    const drawn = answer.kind === 'failed' ? answer.problem : render(answer.got.text, options);
    const clear = process.stdout.isTTY ? '\u001b[H\u001b[J' : '';
    process.stdout.write(`${clear}${drawn ?? notANode(node)}\n${clear === '' ? '\n' : ''}`);
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  }
}

function treePath({ depth, children, node }: TreeOptions): string {
  const query = new URLSearchParams({ depth: String(Math.min(depth + 1, MAX_LEVELS)) });
  if (children !== undefined) query.set('children', String(children));
  if (node !== undefined) query.set('node', node);
  return `/tree?${query.toString()}`;
}

function render(text: string, { depth, json }: TreeOptions): string | undefined {
  const root = readTree(text);
  if (root === undefined) return undefined;
  const isColoured = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  return json ? JSON.stringify(JSON.parse(text), null, 2) : drawTree(root, { depth, isColoured });
}

function complain(problem: string): number {
  process.stderr.write(`${problem}\n`);
  return 1;
}
