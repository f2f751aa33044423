/** The reference of the admin API (docs/api.md), made from the table. */
import type { TProperties, TSchema } from '@sinclair/typebox';
import { TypeGuard } from '@sinclair/typebox';
import { DEPRECATED } from './names.ts';
import type { Access, Operation } from './operation.ts';
import { MAX_LIMIT } from './paging.ts';
import { TOPICS } from './topics.ts';

const WHO: Readonly<Record<Access, string>> = {
  anyone: 'anyone',
  realm: 'of the realm, or master',
  admin: 'master realm',
};

export function reference(table: readonly Operation[]): string {
  return [
    INTRO,
    '## Operations\n',
    '| procedure | arguments | keywords | result | who | |',
    '|---|---|---|---|---|---|',
    ...table.map(row),
    '',
    '## Documents\n',
    'Fields with `?` may be missing. What is not listed is refused.\n',
    ...documents(table),
    '## Names of old\n',
    '| called | is |',
    '|---|---|',
    ...[...DEPRECATED].map(([old, name]) => `| \`${old}\` | \`${name}\` |`),
    '',
    '## Topics\n',
    'Published when a change is stored, in the realm it is about; those of realms, the cluster and backups in the master realm.\n',
    ...Object.values(TOPICS).map((topic) => `- \`${topic}\``),
    '',
  ].join('\n');
}

const INTRO = `# Admin API

Made from the table of operations (\`actors/management/table.ts\`); \`test/docs/api.test.ts\` holds it against that. Each
operation is a WAMP procedure of every realm, also as \`com.bondy.…\` and \`com.leapsight.bondy.…\`.

- **Who.** A call needs a grant of \`wamp.call\` on the name in this table, by whatever name it is called; \`bondy.ping\`
  needs none. *master realm*: only sessions of the master realm. *of the realm, or master*: the first argument is the realm;
  left out, it is the session's own, and other realms are for sessions of the master realm. A realm whose security is
  disabled is administered from the master realm only, or anybody in it could leave himself a way in.
- **Mistakes** are ERRORs with the message as argument and \`code\`, \`message\`, \`description\` as keywords; where a field is
  wrong, \`path\` says which (\`users[3].groups[0]\`, inside the document), and \`problems\` lists all of them. Their URIs are
  in [errors.md](errors.md).
- **Changes** are stored as a whole or refused as a whole, one after another, and are in force on this node when they are
  answered. If the disk fails in the middle, what restricts is stored first, and the same change can be made again.
- **Lists** are told as a whole up to ${MAX_LIMIT} rows. \`limit\` asks for pages of that many rows, in the order of their
  keys; \`after\` for those behind a key. The keyword \`total\` of the result says how many there are; \`next\`, which is there
  only if something was cut off, is the \`after\` of the next page. \`search\` leaves out rows in which no field has this text,
  in whatever case; of sessions, registrations and subscriptions some 2,000 are looked at for one page, so that a page can be
  short and still have a \`next\`.
- \`bondy.user.change_password\` of a user by itself needs the old password.
- **Passwords** are texts, or password objects of Bondy (version 1.2, protocol \`cra\` or \`scram\`, binary values in base64):
  a user who is moved from there keeps the password. In a bootstrap file such an object is for a user that has none yet.
- Realms that \`bondy.conf\` describes are fixed while the node runs.
`;

function row(operation: Operation): string {
  const { uri, args, kwargs, result, access, summary } = operation;
  const given = access === 'realm' ? ['realm?'] : [];
  const positional = [...given, ...fields(args)].map(code).join(', ');
  const keywords = fields(kwargs).map(code).join(', ');
  return `| \`${uri}\` | ${positional} | ${keywords} | ${code(typeOf(result))} | ${WHO[access]} | ${summary} |`;
}

function fields(properties: TProperties): readonly string[] {
  return Object.entries(properties).map(
    ([name, schema]) => `${name}${TypeGuard.IsOptional(schema) ? '?' : ''}`,
  );
}

function code(text: string): string {
  return text === '' ? '' : `\`${text.replaceAll('|', 'or')}\``;
}

function documents(table: readonly Operation[]): readonly string[] {
  return table.flatMap(({ uri, document, args }) => {
    if (document === undefined) return [];
    const schema = objectIn(args[document]!);
    if (!schema) return [];
    return [
      `### \`${document}\` of \`${uri}\`\n`,
      '| field | type |',
      '|---|---|',
      ...rowsOf(schema, ''),
      '',
    ];
  });
}

function rowsOf(schema: TSchema, prefix: string): readonly string[] {
  return Object.entries(schema.properties as TProperties).flatMap(([name, field]) => {
    const mark = TypeGuard.IsOptional(field) ? '?' : '';
    const own = `| \`${prefix}${name}${mark}\` | ${code(typeOf(field))} |`;
    const inner = field.type === 'array' ? objectIn(field.items as TSchema) : objectIn(field);
    if (!inner) return [own];
    const nested = field.type === 'array' ? `${prefix}${name}[].` : `${prefix}${name}.`;
    return [own, ...rowsOf(inner, nested)];
  });
}

/** An object with known fields, perhaps among other choices. */
function objectIn(schema: TSchema): TSchema | undefined {
  const choices = (schema.anyOf as readonly TSchema[] | undefined) ?? [schema];
  return choices.find((choice) => choice.type === 'object' && choice.properties !== undefined);
}

function typeOf(schema: TSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const choices = schema.anyOf as readonly TSchema[] | undefined;
  if (choices) return [...new Set(choices.map(typeOf))].join(' | ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items as TSchema)}`;
  return (schema.type as string | undefined) ?? 'anything';
}
