/**
 * The lines of bondy.conf: `key = value`, comments from `#` at the start of a line or after a space. No sections, no
 * quotes, no continuation. What a value means is not this file's business.
 */
import type { Entry } from './entry.ts';
import type { Mistake } from './mistake.ts';
import { quote } from './mistake.ts';

export interface Parsed {
  readonly entries: readonly Entry[];
  readonly mistakes: readonly Mistake[];
}

const MAX_LINES = 100_000;
export const MAX_KEY_LENGTH = 256;
const MAX_VALUE_LENGTH = 64 * 1024;
const KEY = /^[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+)*$/;

/** `file` is how people know the file; `base` is its folder. */
export function parseConfFile(content: string, file: string, base: string): Parsed {
  const entries: Entry[] = [];
  const mistakes: Mistake[] = [];
  const lines = content.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/, MAX_LINES + 1);
  if (lines.length > MAX_LINES) mistakes.push(tooLong(file));
  lines.slice(0, MAX_LINES).forEach((line, index) => {
    const where = `${file}:${index + 1}`;
    const setting = readLine(line);
    if (setting === undefined) return;
    if ('problem' in setting) mistakes.push({ where, ...setting });
    else entries.push({ ...setting, source: 'file', where, base });
  });
  return { entries, mistakes };
}

type Line = Pick<Entry, 'key' | 'text'> | Pick<Mistake, 'problem' | 'advice'> | undefined;

/** Also reads what follows `--set`. The text of a line that cannot be read is never shown: it may hold a secret. */
export function readLine(line: string): Line {
  const content = withoutComment(line).trim();
  if (content === '') return undefined;
  const equals = content.indexOf('=');
  if (equals === -1) {
    return { problem: 'there is no "="', advice: 'Write key = value, or start the line with #.' };
  }
  const key = content.slice(0, equals).trim();
  const text = content.slice(equals + 1).trim();
  if (key.length > MAX_KEY_LENGTH || !KEY.test(key)) {
    return {
      problem: `${quote(key)} cannot be a key`,
      advice: 'Keys are words of letters, digits, _ and - with dots between them.',
    };
  }
  if (text.length > MAX_VALUE_LENGTH) {
    return { problem: `the value of ${key} is too long`, advice: 'Use a file of its own for it.' };
  }
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text)) {
    return { problem: `the value of ${key} has control characters`, advice: 'Remove them.' };
  }
  return { key, text };
}

function withoutComment(line: string): string {
  if (/^\s*#/.test(line)) return '';
  const comment = line.search(/\s#/);
  return comment === -1 ? line : line.slice(0, comment);
}

function tooLong(file: string): Mistake {
  return {
    where: file,
    problem: `has more than ${MAX_LINES} lines`,
    advice: 'Is it a configuration file?',
  };
}
