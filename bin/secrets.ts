/** Secrets for a command: from a file, from standard input, or typed without being shown. Never from the command line. */
import { readFileSync } from 'node:fs';

export type Read =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'failed'; readonly problem: string };

const MAX_LENGTH = 16 * 1024;

/** `-` is standard input. Without the line break that editors end a file with. */
export function readSecretFile(path: string): Read {
  try {
    const text = readFileSync(path === '-' ? 0 : path, 'utf8').replace(/\r?\n$/, '');
    if (text === '') return failed(`${nameOf(path)} is empty.`);
    if (text.length > MAX_LENGTH) return failed(`${nameOf(path)} is too long for a secret.`);
    return { kind: 'read', text };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return failed(`${nameOf(path)} cannot be read (${code ?? message}).`);
  }
}

/** Asks whoever sits at the terminal. `instead`: what to say where there is none. */
export async function promptSecret(question: string, instead: string): Promise<Read> {
  if (!process.stdin.isTTY) return failed(`There is no terminal to ask at: ${instead}`);
  process.stderr.write(question);
  const text = await typed();
  process.stderr.write('\n');
  if (text === undefined) return failed('Nothing was changed.');
  return text === '' ? failed('Nothing was typed.') : { kind: 'read', text };
}

/** Twice, because nobody sees it. */
export async function promptNewSecret(question: string, instead: string): Promise<Read> {
  const first = await promptSecret(question, instead);
  if (first.kind === 'failed') return first;
  const second = await promptSecret('Again: ', instead);
  if (second.kind === 'failed') return second;
  return first.text === second.text ? first : failed('They are not the same.');
}

/** Undefined: Ctrl-C or Ctrl-D. */
function typed(): Promise<string | undefined> {
  const { stdin } = process;
  return new Promise((resolve) => {
    let text = '';
    const end = (result: string | undefined): void => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
      resolve(result);
    };
    const onData = (chunk: string): void => {
      for (const character of chunk) {
        if (character === '\r' || character === '\n') return end(text);
        if (character === '\u0003' || character === '\u0004') return end(undefined);
        if (character === '\u007f' || character === '\b') text = [...text].slice(0, -1).join('');
        else if (text.length < MAX_LENGTH) text += character;
      }
    };
    stdin.setRawMode(true);
    stdin.setEncoding('utf8').on('data', onData).resume();
  });
}

function nameOf(path: string): string {
  return path === '-' ? 'Standard input' : path;
}

function failed(problem: string): Read {
  return { kind: 'failed', problem };
}
