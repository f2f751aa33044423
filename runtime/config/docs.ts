/** The reference of a schema in Markdown: what docs/configuration.md holds, and a test checks that it does. */
import { variableOf } from './environment.ts';
import { keysOf } from './schema.ts';
import type { Key, Tree } from './schema.ts';

export interface Chapter {
  readonly title: string;
  readonly intro: string;
  readonly keys: Tree[string];
}

export function renderReference(chapters: readonly Chapter[]): string {
  return chapters.map(renderChapter).join('\n');
}

function renderChapter({ title, intro, keys }: Chapter): string {
  const rows = keysOf(keys).map(renderRow);
  const table = ['| key | type | default | meaning |', '|---|---|---|---|', ...rows];
  return `## ${title}\n\n${intro}\n\n${table.join('\n')}\n`;
}

function renderRow(key: Key<unknown>): string {
  const shown = key.type.show(key.default);
  const fallback = shown === '' ? '–' : `\`${shown}\``;
  const doc = key.isReloadable ? `${key.doc} ↻` : key.doc;
  return `| ${[`\`${key.name}\``, key.type.name, fallback, doc].map(cell).join(' | ')} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** A commented `key = default` for every key that has a default: the body of bondy.conf.example. */
export function renderExample(chapters: readonly Chapter[]): string {
  return chapters.map(exampleOf).join('\n');
}

function exampleOf({ title, keys }: Chapter): string {
  const lines = keysOf(keys).flatMap((key) => [
    ...wrap(key.doc).map((line) => `## ${line}`),
    `## ${key.type.name}; environment: ${variableOf(key.name)}`,
    `# ${key.name} = ${key.type.show(key.default)}`.trimEnd(),
    '',
  ]);
  return [`### ${title}`, '', ...lines].join('\n');
}

function wrap(text: string, width = 96): string[] {
  const lines: string[] = [''];
  for (const word of text.split(/\s+/)) {
    const last = lines[lines.length - 1];
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}
