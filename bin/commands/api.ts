/** Performs a command of `api/verbs.ts` on a running node. Exit status: 0 done, 1 refused or failed, 2 not understood. */
import { documentOf } from '../api/document.ts';
import type { Given } from '../api/document.ts';
import type { Verb } from '../api/verb.ts';
import { drawList, drawOne } from '../api/view.ts';
import { nodeCaller } from '../call-node.ts';
import type { NodeOptions } from '../ask-node.ts';
import type { Answered, Caller } from '../call-node.ts';

const USAGE = 2;

export async function perform(
  verb: Verb,
  args: Readonly<Record<string, string>>,
  options: NodeOptions & Given,
): Promise<number> {
  const made = await documentOf(verb, args, options);
  if ('mistake' in made) return complain(made.mistake, USAGE);
  const { document } = made;
  const path = verb.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(args[name]!),
  );
  const caller = await nodeCaller(options);
  if (typeof caller === 'string') return complain(caller, 1);
  const { method } = verb;
  const asked = verb.hasBody
    ? await caller({ method, path, body: document })
    : document['limit'] === undefined
      ? await every(caller, verb, path + queryOf(document))
      : await caller({ method, path: path + queryOf(document) });
  if (asked.kind === 'failed') return complain(asked.problem, 1);
  process.stdout.write(`${draw(verb, asked.value, options.json === true)}\n`);
  if (asked.next !== undefined)
    process.stderr.write(`There are more: --after ${afterIn(asked.next)}\n`);
  return 0;
}

/** A list comes in pages: all of them. */
async function every(caller: Caller, { method, columns }: Verb, path: string): Promise<Answered> {
  const first = await caller({ method, path });
  if (first.kind === 'failed' || columns === undefined || !Array.isArray(first.value)) return first;
  const rows: unknown[] = [...first.value];
  let { next, ...whole } = first;
  while (next !== undefined) {
    const page = await caller({ method, path: next });
    if (page.kind === 'failed') return page;
    if (Array.isArray(page.value)) rows.push(...page.value);
    next = page.next;
  }
  return { ...whole, value: rows };
}

function afterIn(path: string): string {
  return new URLSearchParams(path.split('?')[1]).get('after') ?? '';
}

function queryOf(document: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(document).map(([name, value]) => [name, String(value)] as const);
  const text = new URLSearchParams(Object.fromEntries(entries)).toString();
  return text === '' ? '' : `?${text}`;
}

function draw({ columns, done }: Verb, value: unknown, isJson: boolean): string {
  if (isJson) return JSON.stringify(value ?? null, null, 2);
  if (value === undefined) return done;
  return columns && Array.isArray(value) ? drawList(value, columns) : drawOne(value);
}

function complain(problem: string, status: number): number {
  process.stderr.write(`${problem}\n`);
  return status;
}
