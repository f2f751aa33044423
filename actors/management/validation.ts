/** Arguments against their schema: what is wrong, field by field, with paths people read (`users[3].groups[0]`). */
import type { TProperties, TSchema } from '@sinclair/typebox';
import { Type, TypeGuard } from '@sinclair/typebox';
import type { ValueError } from '@sinclair/typebox/errors';
import { ValueErrorType } from '@sinclair/typebox/errors';
import { Value as Schema } from '@sinclair/typebox/value';
import type { Dict, Value } from '../../runtime/wamp/message.ts';
import { at } from '../security/api.ts';
import type { DocumentProblem } from './errors.ts';

const MAX_PROBLEMS = 100;

/** Empty: it fits. `document`: left out of paths that go on behind it. */
export function problemsOf(
  properties: TProperties,
  value: Dict,
  document?: string,
): readonly DocumentProblem[] {
  const schema = Type.Object(properties, { additionalProperties: false });
  if (Schema.Check(schema, value)) return [];
  const problems: DocumentProblem[] = [];
  const seen = new Set<string>();
  let long: string | undefined;
  for (const { path, message, isLong } of [...Schema.Errors(schema, value)].flatMap(findings)) {
    // Of a field that is missing, the first says so; further ones say what it is not.
    if (seen.has(path)) continue;
    seen.add(path);
    if (long !== undefined && path.startsWith(long)) continue;
    if (isLong) long = `${path}/`;
    problems.push({ path: readable(path, document), message, error: 'invalidArgument' });
    if (problems.length === MAX_PROBLEMS) break;
  }
  return problems;
}

interface Finding {
  readonly path: string;
  readonly message: string;
  /** It is not even of the kind that it should be. */
  readonly isOther: boolean;
  /** A list with too many entries: what else is wrong with them matters when there are fewer. */
  readonly isLong: boolean;
}

/** Of a union: what is wrong with the choice that the value is nearest to, if it could have been one. */
function findings({ type, path, message, schema, errors }: ValueError): readonly Finding[] {
  const choices = schema.anyOf as readonly TSchema[] | undefined;
  const isThere = type !== ValueErrorType.ObjectRequiredProperty;
  if (!choices || !isThere) {
    const isLong = type === ValueErrorType.ArrayMaxItems;
    return [{ path, message: sentence(message), isOther: OTHER_KIND.has(type), isLong }];
  }
  const inner = errors.map((choice) => [...choice].flatMap(findings));
  const possible = inner.filter((found) =>
    found.every((each) => each.path.length > path.length || !each.isOther),
  );
  const [meant] = possible.sort((a, b) => a.length - b.length);
  const kinds = `must be ${choices.map(nameOf).join(' or ')}`;
  return meant ?? [{ path, message: kinds, isOther: true, isLong: false }];
}

const OTHER_KIND: ReadonlySet<ValueErrorType> = new Set([
  ValueErrorType.Array,
  ValueErrorType.Boolean,
  ValueErrorType.Integer,
  ValueErrorType.Literal,
  ValueErrorType.Null,
  ValueErrorType.Object,
  ValueErrorType.String,
]);

function nameOf(schema: TSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  return schema.type === 'array' ? 'a list' : String(schema.type);
}

/** `Expected string` of the validator. */
function sentence(message: string): string {
  const [first = '', ...rest] = message.split(' ');
  if (message === 'Expected required property') return 'is missing';
  if (message === 'Unexpected property') return 'is not a known field';
  const [, what, bound, limit] = LENGTH.exec(message) ?? [];
  if (limit !== undefined) {
    const most = bound === 'greater' ? 'at least' : 'at most';
    return `must have ${most} ${limit} ${what === 'array' ? 'entries' : 'characters'}`;
  }
  return first === 'Expected' ? `must be ${rest.join(' ')}` : message;
}

const LENGTH = /^Expected (array|string) length (?:to be )?(greater|less) or equal to (\d+)$/;

function readable(pointer: string, document: string | undefined): string {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replace(/~1/g, '/').replace(/~0/g, '~'))
    .map((step) => (/^\d{1,9}$/.test(step) ? Number(step) : step));
  const inside = steps[0] === document && steps.length > 1 ? steps.slice(1) : steps;
  return at(...inside);
}

/** Positional arguments by name; a string says why they cannot be. Trailing nulls stand for nothing. */
export function namedArguments(properties: TProperties, args: readonly Value[]): Dict | string {
  const names = Object.keys(properties);
  if (args.length > names.length) return tooMany(names.length);
  const named: Record<string, Value> = {};
  for (const [i, value] of args.entries()) {
    const name = names[i]!;
    if (value === null && isOptional(properties[name]!)) continue;
    named[name] = value;
  }
  return named;
}

export function requiredCount(properties: TProperties): number {
  return Object.values(properties).filter((schema) => !isOptional(schema)).length;
}

function tooMany(most: number): string {
  return most === 0 ? 'takes no arguments' : `takes at most ${most} arguments`;
}

function isOptional(schema: TSchema): boolean {
  return TypeGuard.IsOptional(schema);
}
