/** `bondy tree`: asks a running node for its supervision tree and draws it. */
import { adminUrl, ask, notAUrl } from '../ask-node.ts';
import { drawTree } from '../tree-view.ts';
import { readTree } from '../tree-answer.ts';

export interface TreeOptions {
  readonly url: string;
  readonly depth: number;
  readonly children?: number;
  /** Another one of the cluster. */
  readonly node?: string;
  readonly watch?: boolean;
  readonly json?: boolean;
}

const WATCH_MS = 1000;
/** The node cuts the tree itself at this many levels. */
const MAX_LEVELS = 100;

/** Exit status. */
export async function tree(options: TreeOptions): Promise<number> {
  const url = treeUrl(options);
  if (url === undefined) {
    return complain(notAUrl(options.url));
  }
  if (options.watch) return watch(url, options);
  const answer = await ask(url);
  if (answer.kind === 'failed') return complain(answer.problem);
  const view = render(answer.text, options);
  if (view === undefined) return complain(notATree(url));
  process.stdout.write(`${view}\n`);
  return 0;
}

/** Until somebody ends the process. A node that does not answer may come back. */
async function watch(url: URL, options: TreeOptions): Promise<number> {
  for (;;) {
    const answer = await ask(url);
    const view = answer.kind === 'failed' ? answer.problem : render(answer.text, options);
    const clear = process.stdout.isTTY ? '\u001b[H\u001b[J' : '';
    process.stdout.write(`${clear}${view ?? notATree(url)}\n${clear === '' ? '\n' : ''}`);
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  }
}

function treeUrl({ url, depth, children, node }: TreeOptions): URL | undefined {
  const base = adminUrl(url, 'tree');
  if (base === undefined) return undefined;
  base.searchParams.set('depth', String(Math.min(depth + 1, MAX_LEVELS)));
  if (children !== undefined) base.searchParams.set('children', String(children));
  if (node !== undefined) base.searchParams.set('node', node);
  return base;
}

function render(text: string, { depth, json }: TreeOptions): string | undefined {
  const root = readTree(text);
  if (root === undefined) return undefined;
  const isColoured = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  return json ? JSON.stringify(JSON.parse(text), null, 2) : drawTree(root, { depth, isColoured });
}

function notATree(url: URL): string {
  return `What answers at ${url.origin} is not a bondy node. Another address: bondy tree --url http://HOST:PORT`;
}

function complain(problem: string): number {
  process.stderr.write(`${problem}\n`);
  return 1;
}
