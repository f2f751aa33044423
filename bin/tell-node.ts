/** Has a running node do something to itself: what is asked for, and what it reports. */
import { ask, findNode } from './ask-node.ts';
import type { NodeOptions } from './ask-node.ts';

export type Told =
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'failed'; readonly problem: string };

/** Never rejects. */
export async function tell(
  options: NodeOptions,
  path: string,
  body: object,
  timeoutMs: number,
): Promise<Told> {
  const node = await findNode(options);
  if (typeof node === 'string') return { kind: 'failed', problem: node };
  const answer = await ask(node, { method: 'POST', path: `/${path}`, body, timeoutMs });
  return answer.kind === 'failed' ? answer : { kind: 'done', text: answer.got.text };
}
