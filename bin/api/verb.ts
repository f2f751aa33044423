/** A command as data: what is asked of the admin API, and how the answer is shown. */

export interface Flag {
  /** As commander reads it: `--group <name>`. */
  readonly flags: string;
  readonly description: string;
  /** Of the document or the query. */
  readonly field: string;
  /** `secret`: the value is a file, `-` for standard input. `prompt`: asked for at the terminal. */
  readonly kind: 'text' | 'list' | 'integer' | 'json' | 'yes' | 'no' | 'secret' | 'prompt';
}

export interface Verb {
  readonly name: string;
  readonly description: string;
  /** `<name>` each, in the order of the command line; `{name}` in the path. */
  readonly args: readonly string[];
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly flags: readonly Flag[];
  /** Flags are fields of a body that may also come from a file; else they are parameters. */
  readonly hasBody: boolean;
  /** Of the document, from the command line: field by argument. */
  readonly fields: Readonly<Record<string, string>>;
  /** Of a list; undefined: it is no list. `role=authrole`: of another name than the field it is in. */
  readonly columns: readonly string[] | undefined;
  /** Said when there is nothing to show. */
  readonly done: string;
}

type More = Partial<Pick<Verb, 'flags' | 'hasBody' | 'fields' | 'columns' | 'done'>>;

export function verb(
  name: string,
  args: readonly string[],
  method: Verb['method'],
  path: string,
  description: string,
  more: More = {},
): Verb {
  const { flags = [], hasBody = false, fields = {}, columns, done = 'Done.' } = more;
  return { name, args, method, path, description, flags, hasBody, fields, columns, done };
}

export function flag(flags: string, field: string, kind: Flag['kind'], description: string): Flag {
  return { flags, field, kind, description };
}

const PAGES = [
  flag('--search <text>', 'search', 'text', 'only rows that have this text in a field'),
  flag('--limit <rows>', 'limit', 'integer', 'one page of so many rows'),
  flag('--after <key>', 'after', 'text', 'the page behind this key'),
];

/** A list that the admin API tells in pages. */
export function listVerb(
  args: readonly string[],
  path: string,
  description: string,
  columns: readonly string[],
): Verb {
  return verb('list', args, 'GET', path, description, { columns, flags: PAGES });
}
