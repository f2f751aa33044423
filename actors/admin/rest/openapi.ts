/** The admin API as an OpenAPI 3.1 document, made of the routes and of the schemas that the operations check by. */
import type { TSchema } from '@sinclair/typebox';
import type { Operation } from '../../management/api.ts';
import { MAX_LIMIT } from '../../management/api.ts';
import { DEFAULT_LIMIT } from './paging.ts';
import type { Named } from './request.ts';
import { isOptional, schemasOf } from './request.ts';
import type { Place, Route } from './route.ts';
import { CALL_PATH } from './routes.ts';
import { ERROR_STATUSES } from './status.ts';

type Json = { readonly [key: string]: unknown };

interface Argument {
  readonly place: Place;
  readonly schema: TSchema | undefined;
  readonly name: string;
}

export function openApi(
  routes: readonly Route[],
  operations: ReadonlyMap<string, Operation>,
  version: string,
): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const each of routes) {
    const operation = operations.get(each.operation);
    if (!operation) throw new Error(`no operation ${each.operation}`);
    const path = each.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[each.method.toLowerCase()] = operationObject(each, operation);
  }
  paths[CALL_PATH] = { post: CALL };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bondy admin API',
      version,
      description:
        'Administers realms, users, groups, grants, sources, tickets and sessions. Every route is also a WAMP procedure ' +
        'of the master realm, named in its operationId.',
    },
    servers: [{ url: '/' }, { url: '/v1.0' }],
    security: [{ password: [] }, { ticket: [] }],
    paths,
    components: {
      securitySchemes: {
        password: { type: 'http', scheme: 'basic', description: 'A user of the master realm.' },
        ticket: {
          type: 'http',
          scheme: 'bearer',
          description: 'A ticket of the master realm, or the operator token of the node.',
        },
      },
      schemas: { Error: ERROR },
      responses: { Error: { description: 'Refused.', content: json(ref('schemas/Error')) } },
    },
  };
}

function operationObject(route: Route, operation: Operation): Json {
  const list = argumentsOf(route, operation);
  const parameters = [...parametersOf(list), ...(route.isPaged ? PAGE_PARAMETERS : [])];
  const requestBody = bodyOf(list);
  return {
    operationId: operationId(route),
    summary: operation.summary,
    tags: [operation.uri.split('.')[1]],
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody }),
    responses: { ...successOf(route, operation), ...ERRORS },
  };
}

/** Unique, although several routes may be one operation. */
export function operationId({ method, path, operation }: Route): string {
  const place = path.replace(/[/:]+/g, '_');
  return `${operation} ${method}${place}`.replace(/ /g, '_');
}

function argumentsOf({ args, kwargs }: Route, operation: Operation): readonly Argument[] {
  const schemas: readonly Named[] = schemasOf(operation);
  return [
    ...args.map((place, i) => ({ place, schema: schemas[i]?.schema, name: schemas[i]!.name })),
    ...Object.entries(kwargs).map(([name, place]) => ({
      place,
      schema: operation.kwargs[name],
      name,
    })),
  ];
}

function parametersOf(list: readonly Argument[]): readonly Json[] {
  return list.flatMap(({ place, schema }) => {
    if (place.in !== 'path' && place.in !== 'query') return [];
    const { name } = place;
    const required = place.in === 'path' || !isOptional(schema);
    return [{ name, in: place.in, required, schema: schema ?? { type: 'string' } }];
  });
}

function bodyOf(list: readonly Argument[]): Json | undefined {
  const whole = list.find(({ place }) => place.in === 'body');
  if (whole) return { required: !isOptional(whole.schema), content: json(whole.schema ?? {}) };
  const fields = list.flatMap(({ place, schema = {} as TSchema }) =>
    place.in === 'field' ? [{ name: place.name, schema }] : [],
  );
  if (fields.length === 0) return undefined;
  const required = fields.filter(({ schema }) => !isOptional(schema)).map(({ name }) => name);
  const properties = Object.fromEntries(fields.map(({ name, schema }) => [name, schema]));
  const schema = { type: 'object', additionalProperties: false, required, properties };
  return { required: required.length > 0, content: json(schema) };
}

function successOf({ creates, isPaged, only }: Route, { result }: Operation): Json {
  if (result.type === 'null') return { [creates ? '201' : '204']: { description: 'Done.' } };
  const schema = only ? { type: 'array', items: { type: 'object' } } : result;
  const headers = isPaged
    ? { headers: PAGE_HEADERS }
    : creates?.field !== undefined
      ? { headers: { Location: { schema: { type: 'string' }, description: 'Where it is.' } } }
      : {};
  const answer = { description: 'Done.', ...headers, content: json(schema) };
  return { [creates ? '201' : '200']: answer };
}

function json(schema: object): Json {
  return { 'application/json': { schema } };
}

function ref(to: string): Json {
  return { $ref: `#/components/${to}` };
}

const ERROR: Json = {
  type: 'object',
  required: ['code', 'message', 'description'],
  properties: {
    code: { type: 'string', description: 'A word for programs.' },
    message: { type: 'string', description: 'A sentence for people.' },
    description: { type: 'string' },
    path: { type: 'string', description: 'Of the field that is wrong.' },
    problems: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

const ERRORS: Json = Object.fromEntries(
  [401, 413, 415, ...ERROR_STATUSES].map((status) => [`${status}`, ref('responses/Error')]),
);

const PAGE_PARAMETERS: readonly Json[] = [
  {
    name: 'limit',
    in: 'query',
    schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
    description: 'Rows of this page.',
  },
  {
    name: 'after',
    in: 'query',
    schema: { type: 'string' },
    description:
      'The key after which the page begins, as the Link header of the one before has it.',
  },
  {
    name: 'search',
    in: 'query',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    description: 'Only rows that have this text in some field, in whatever case.',
  },
];

const PAGE_HEADERS: Json = {
  Link: { schema: { type: 'string' }, description: 'rel="next": the next page, if there is one.' },
  'X-Total-Count': { schema: { type: 'integer' }, description: 'Rows of all pages.' },
};

const CALL: Json = {
  operationId: 'call',
  summary: 'Calls any operation of the admin API by its name.',
  tags: ['services'],
  requestBody: {
    required: true,
    content: json({
      type: 'object',
      additionalProperties: false,
      required: ['procedure'],
      properties: {
        procedure: { type: 'string' },
        args: { type: 'array', items: {} },
        kwargs: { type: 'object' },
        options: { type: 'object', description: 'Of WAMP; nothing in it counts here.' },
      },
    }),
  },
  responses: {
    '200': {
      description: 'Its result.',
      content: json({
        type: 'object',
        required: ['args', 'kwargs'],
        properties: { args: { type: 'array', items: {} }, kwargs: { type: 'object' } },
      }),
    },
    ...ERRORS,
  },
};
