/** `bondy tree`: asks a running node for its supervision tree and draws it. */
import { drawTree } from '../tree-view.ts';
import { readTree } from '../tree-answer.ts';

export interface TreeOptions {
  readonly url: string;
  readonly depth: number;
  readonly children?: number;
  readonly watch?: boolean;
  readonly json?: boolean;
}

type Answer =
  | { readonly kind: 'answered'; readonly text: string }
  | { readonly kind: 'failed'; readonly problem: string };

const TIMEOUT_MS = 5000;
const WATCH_MS = 1000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** The node cuts the tree itself at this many levels. */
const MAX_LEVELS = 100;

/** Exit status. */
export async function tree(options: TreeOptions): Promise<number> {
  const url = treeUrl(options);
  if (url === undefined) {
    return complain(
      `${JSON.stringify(options.url)} is not an http URL. Try --url http://127.0.0.1:18081`,
    );
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

function treeUrl({ url, depth, children }: TreeOptions): URL | undefined {
  if (!URL.canParse(url) || !/^https?:/i.test(url)) return undefined;
  const base = new URL(url);
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/tree`;
  base.searchParams.set('depth', String(Math.min(depth + 1, MAX_LEVELS)));
  if (children !== undefined) base.searchParams.set('children', String(children));
  return base;
}

function render(text: string, { depth, json }: TreeOptions): string | undefined {
  const root = readTree(text);
  if (root === undefined) return undefined;
  const isColoured = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  return json ? JSON.stringify(JSON.parse(text), null, 2) : drawTree(root, { depth, isColoured });
}

async function ask(url: URL): Promise<Answer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) return { kind: 'answered', text: await boundedText(response) };
    return {
      kind: 'failed',
      problem: `${url.origin} answered ${response.status} for ${url.pathname}.`,
    };
  } catch (error) {
    return { kind: 'failed', problem: unreachable(url, error) };
  }
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unreachable(url: URL, error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = (cause as { code?: unknown }).code;
  const detail = typeof code === 'string' ? code : cause instanceof Error ? cause.message : '';
  return (
    `No node answers at ${url.origin} (${detail}).\n` +
    'Is it running, with admin_api.http.enabled = on? Another address: bondy tree --url http://HOST:PORT'
  );
}

function notATree(url: URL): string {
  return `What answers at ${url.origin} is not a bondy node. Another address: bondy tree --url http://HOST:PORT`;
}

function complain(problem: string): number {
  process.stderr.write(`${problem}\n`);
  return 1;
}
