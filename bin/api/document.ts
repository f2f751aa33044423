/** Flags and arguments of a command as the document, or the query, that the admin API is sent. */
import { readFileSync } from 'node:fs';
import { jsonMistake } from '../../runtime/wamp/json/mistake.ts';
import { fieldsOf } from '../answer.ts';
import { promptNewSecret, readSecretFile } from '../secrets.ts';
import type { Flag, Verb } from './verb.ts';

export type Given = Readonly<Record<string, unknown>>;
export type Made =
  { readonly document: Readonly<Record<string, unknown>> } | { readonly mistake: string };

/** `options` as commander has read them. Flags stand above the file. */
export async function documentOf(verb: Verb, args: Given, options: Given): Promise<Made> {
  const file = readDocument(options['file']);
  if ('mistake' in file) return file;
  const document: Record<string, unknown> = { ...file.document };
  for (const [field, argument] of Object.entries(verb.fields)) document[field] = args[argument];
  for (const flag of verb.flags) {
    const given = options[optionName(flag)];
    if (given === undefined || given === false) continue;
    const value = await valueOf(flag, given);
    if ('mistake' in value) return value;
    document[flag.field] = value.value;
  }
  return { document };
}

/** `--expires-in <seconds>` is `expiresIn`. */
export function optionName({ flags }: Flag): string {
  const [name = ''] = flags.replace(/^--/, '').split(' ');
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function readDocument(path: unknown): Made {
  if (typeof path !== 'string') return { document: {} };
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    return { mistake: `${path} cannot be read: ${(error as Error).message}` };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { mistake: `${path} cannot be read: it ${jsonMistake(text)}` };
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? { document: fieldsOf(value) } : { mistake: `${path} holds no JSON object.` };
}

type Value = { readonly value: unknown } | { readonly mistake: string };

async function valueOf({ kind, flags, field }: Flag, given: unknown): Promise<Value> {
  switch (kind) {
    case 'text':
    case 'list':
      return { value: given };
    case 'yes':
      return { value: field === 'usernames' ? 'all' : true };
    case 'no':
      return { value: false };
    case 'integer':
      return /^\d{1,15}$/.test(String(given))
        ? { value: Number(given) }
        : { mistake: `${flags}: write a whole number.` };
    case 'json':
      try {
        return { value: JSON.parse(String(given)) as unknown };
      } catch {
        return { mistake: `${flags}: this is not JSON.` };
      }
    case 'secret':
      return secret(readSecretFile(String(given)));
    case 'prompt':
      return secret(await promptNewSecret('New password: ', 'give --new-password-file FILE.'));
  }
}

function secret(read: ReturnType<typeof readSecretFile>): Value {
  return read.kind === 'read' ? { value: read.text } : { mistake: read.problem };
}
