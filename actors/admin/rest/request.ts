/**
 * A request as a call of an operation. Bodies are checked by the operation itself, so that a mistake is told in the same
 * words over WAMP and HTTP; here only where something is, and that nothing is there that nobody reads.
 */
import type { TProperties, TSchema } from '@sinclair/typebox';
import { TypeGuard } from '@sinclair/typebox';
import type { Dict, Value } from '../../../runtime/wamp/message.ts';
import type { ApiError, Operation } from '../../management/api.ts';
import { apiError } from '../../management/api.ts';
import type { Place, Route } from './route.ts';

export interface RestRequest {
  readonly params: Readonly<Record<string, string>>;
  /** Of a parameter that is given twice a list. */
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  /** Undefined: there is none. */
  readonly body: unknown;
}

export interface RestCall {
  readonly args: readonly Value[];
  readonly kwargs: Dict;
}

/** Read for pages, whatever the operation. */
export const PAGE_PARAMETERS = ['limit', 'after', 'search'] as const;

export function callOf(
  route: Route,
  operation: Pick<Operation, 'access' | 'args' | 'kwargs'>,
  request: RestRequest,
): RestCall | ApiError {
  const problem = unread(route, request) ?? missing(route, operation, request);
  if (problem) return problem;
  const schemas = schemasOf(operation);
  const args = route.args.map((place, i) => valueAt(place, schemas[i]?.schema, request) ?? null);
  while (args.length > 0 && args.at(-1) === null && isOptional(schemas[args.length - 1]?.schema)) {
    args.pop();
  }
  const kwargs: Record<string, Value> = {};
  for (const [name, place] of Object.entries(route.kwargs)) {
    const value = valueAt(place, operation.kwargs[name], request);
    if (value !== undefined) kwargs[name] = value;
  }
  return { args, kwargs };
}

export interface Named {
  readonly name: string;
  /** Undefined: the realm. */
  readonly schema: TSchema | undefined;
}

/** Of the positional arguments as a route gives them. */
export function schemasOf({
  access,
  args,
}: {
  readonly access: Operation['access'];
  readonly args: TProperties;
}): readonly Named[] {
  const own = Object.entries(args).map(([name, schema]) => ({ name, schema }));
  return access === 'realm' ? [{ name: 'realm', schema: undefined }, ...own] : own;
}

function unread(route: Route, { query, body }: RestRequest): ApiError | undefined {
  const places = [...route.args, ...Object.values(route.kwargs)];
  const parameters = new Set<string>(route.isPaged ? PAGE_PARAMETERS : []);
  const fields = new Set<string>();
  for (const place of places) {
    if (place.in === 'query') parameters.add(place.name);
    if (place.in === 'field') fields.add(place.name);
  }
  for (const [name, value] of Object.entries(query)) {
    if (!parameters.has(name)) return at(name, 'is not a known parameter');
    if (typeof value !== 'string') return at(name, 'is given twice');
  }
  if (fields.size === 0) return undefined;
  if (body === undefined) return undefined;
  if (!isDict(body)) return apiError('invalidArgument', 'the body must be an object');
  const unknown = Object.keys(body).find((name) => !fields.has(name));
  return unknown === undefined ? undefined : at(unknown, 'is not a known field');
}

/** Too few arguments would be taken for those of the caller's own realm. */
function missing(
  { args }: Route,
  operation: Pick<Operation, 'access' | 'args'>,
  request: RestRequest,
): ApiError | undefined {
  for (const [i, { name, schema }] of schemasOf(operation).entries()) {
    const place = args[i];
    if (isOptional(schema) || place === undefined) continue;
    if (valueAt(place, schema, request) !== undefined) continue;
    return at(place.in === 'body' ? name : place.name, 'is missing');
  }
  return undefined;
}

function valueAt(
  place: Place,
  schema: TSchema | undefined,
  { params, query, body }: RestRequest,
): Value | undefined {
  switch (place.in) {
    case 'path':
      return fromText(params[place.name], schema);
    case 'query':
      return fromText(query[place.name] as string | undefined, schema);
    case 'field':
      return isDict(body) && Object.hasOwn(body, place.name) ? body[place.name] : undefined;
    case 'body':
      return body as Value | undefined;
  }
}

/** Addresses have only text; what is no number or truth value stays text, and is refused as such. */
function fromText(text: string | undefined, schema: TSchema | undefined): Value | undefined {
  if (text === undefined) return undefined;
  if (schema?.type === 'integer' && /^\d{1,16}$/.test(text)) return Number(text);
  if (schema?.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

export function isOptional(schema: TSchema | undefined): boolean {
  return schema !== undefined && TypeGuard.IsOptional(schema);
}

export function isDict(value: unknown): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function at(path: string, what: string): ApiError {
  return { ...apiError('invalidArgument', `${path}: ${what}`), path };
}
