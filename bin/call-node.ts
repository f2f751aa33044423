/** Has a running node perform operations of its admin API. What goes wrong is a sentence. */
import { ask, findNode } from './ask-node.ts';
import type { NodeOptions } from './ask-node.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
}

export type Answered =
  | {
      readonly kind: 'done';
      readonly status: number;
      readonly value: unknown;
      readonly next?: string;
    }
  | { readonly kind: 'failed'; readonly problem: string };

export type Caller = (request: ApiRequest) => Promise<Answered>;

const PATIENCE_MS = 60_000;

/** Ready to ask; a string says why not. */
export async function nodeCaller(options: NodeOptions): Promise<Caller | string> {
  const node = await findNode(options);
  if (typeof node === 'string') return node;
  return async ({ method, path, body }) => {
    // Changes declare a body, even if there is nothing in it.
    const isBodyless = method === 'GET' || (method === 'DELETE' && body === undefined);
    const sent = { method, path, timeoutMs: PATIENCE_MS, ...(!isBodyless && { body: body ?? {} }) };
    const answer = await ask(node, sent);
    if (answer.kind === 'failed') return answer;
    const { status, text, headers } = answer.got;
    const next = /<([^>]+)>; rel="next"/.exec(String(headers['link'] ?? ''))?.[1];
    const value = parsed(text);
    if (value instanceof SyntaxError) {
      return { kind: 'failed', problem: `What ${node.url.origin} answers is not JSON.` };
    }
    return { kind: 'done', status, value, ...(next !== undefined && { next }) };
  };
}

/** An empty text is nothing. */
function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch (error) {
    return error;
  }
}
