/**
 * The REST routes: each request is one operation of the admin API, called by who logged in. Before a body is read it is
 * decided who asks (guard.ts); what may be done with it the operation says.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toBase64 } from '../../runtime/crypto/encoding.ts';
import { withJsonBodies } from '../../runtime/net/operator-http.ts';
import type { Dict, Value } from '../../runtime/wamp/message.ts';
import type { ApiCall, ApiError, ApiOutcome, Operation } from '../management/api.ts';
import { apiError } from '../management/api.ts';
import type { Guard } from './guard.ts';
import { openApi } from './rest/openapi.ts';
import type { PageQuestion } from './rest/paging.ts';
import { readPage } from './rest/paging.ts';
import { callOf, isDict } from './rest/request.ts';
import type { RestCall, RestRequest } from './rest/request.ts';
import type { Method, Route } from './rest/route.ts';
import { CALL_PATH, PREFIXES, ROUTES } from './rest/routes.ts';
import { statusOf } from './rest/status.ts';

export interface RestParts {
  readonly operations: readonly Operation[];
  readonly version: string;
  readonly maxBodyBytes: number;
  readonly guard: Guard;
  /** Answers once. */
  call(call: ApiCall, done: (outcome: ApiOutcome) => void): void;
  count(counter: string): void;
}

const METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'DELETE'];

export function addRestRoutes(app: FastifyInstance, parts: RestParts): void {
  const operations = new Map(parts.operations.map((operation) => [operation.uri, operation]));
  const document = JSON.stringify(openApi(ROUTES, operations, parts.version));
  app.register((scope, _options, done) => {
    scope.addHook('onRequest', parts.guard.ofView('view'));
    scope.get('/openapi.json', (_request, reply) => reply.type(JSON_TYPE).send(document));
    done();
  });
  withJsonBodies(app, (scope) => {
    scope.addHook('onRequest', parts.guard.ofApi());
    for (const prefix of PREFIXES) {
      for (const route of ROUTES) addRoute(scope, prefix, route, operations, parts);
      addCall(scope, prefix, parts);
      addOtherMethods(scope, prefix);
    }
  });
}

const JSON_TYPE = 'application/json; charset=utf-8';

function addRoute(
  scope: FastifyInstance,
  prefix: string,
  route: Route,
  operations: ReadonlyMap<string, Operation>,
  { call, guard, maxBodyBytes, count }: RestParts,
): void {
  const operation = operations.get(route.operation);
  if (!operation) throw new Error(`no operation ${route.operation}`);
  scope.route({
    method: route.method,
    url: prefix + route.path,
    bodyLimit: maxBodyBytes,
    handler: (request, reply) => {
      const asked = requestOf(request);
      const question = route.isPaged ? readPage(asked) : undefined;
      if (question && 'code' in question) return refuse(reply, question);
      const made = callOf(route, operation, asked);
      if ('code' in made) return refuse(reply, made);
      count('admin_api_requests');
      const kwargs = { ...made.kwargs, ...(question && given(question)) };
      const asking = { ...made, kwargs, caller: guard.callerOf(request), uri: route.operation };
      call(asking, (outcome) => {
        if (outcome.kind === 'error') return refuse(reply, outcome.error);
        const [value = null] = outcome.args;
        if (!question) return answer(reply, route, value, request);
        const rows = rowsOf(value);
        const { total = rows.length, next } = outcome.kwargs ?? {};
        void reply.header('x-total-count', total as number);
        if (typeof next === 'string') void reply.header('link', linkTo(request, next));
        send(
          reply,
          200,
          rows.map((row) => cut(row, route.only)),
        );
      });
    },
  });
}

function given({ limit, after, search }: PageQuestion): Dict {
  return {
    limit,
    ...(after !== undefined && { after }),
    ...(search !== undefined && { search }),
  };
}

function rowsOf(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : [];
}

function cut(row: Value, only: readonly string[] | undefined): Value {
  if (only === undefined || !isDict(row)) return row;
  return Object.fromEntries(only.filter((name) => name in row).map((name) => [name, row[name]]));
}

function answer(
  reply: FastifyReply,
  { creates, path }: Route,
  value: Value,
  { params }: FastifyRequest,
): void {
  if (creates?.field !== undefined && isDict(value)) {
    const name = String(value[creates.field]);
    const base = path.replace(/:(\w+)/g, (_, step: string) =>
      encodeURIComponent((params as Record<string, string>)[step] ?? ''),
    );
    void reply.header('location', `${base}/${encodeURIComponent(name)}`);
  }
  if (value === null) return void reply.code(creates ? 201 : 204).send();
  send(reply, creates ? 201 : 200, value);
}

function linkTo({ url }: FastifyRequest, after: string): string {
  const [path, search] = url.split('?', 2);
  const parameters = new URLSearchParams(search);
  parameters.set('after', after);
  return `<${path}?${parameters.toString()}>; rel="next"`;
}

function addCall(
  scope: FastifyInstance,
  prefix: string,
  { call, guard, maxBodyBytes, count }: RestParts,
): void {
  scope.post(prefix + CALL_PATH, { bodyLimit: maxBodyBytes }, (request, reply) => {
    const made = calledBy(request.body);
    if ('code' in made) return refuse(reply, made);
    count('admin_api_requests');
    call({ ...made, caller: guard.callerOf(request) }, (outcome) => {
      if (outcome.kind === 'error') return refuse(reply, outcome.error);
      send(reply, 200, { args: outcome.args, kwargs: outcome.kwargs ?? {} });
    });
  });
}

const CALL_FIELDS: readonly string[] = ['procedure', 'args', 'kwargs', 'options'];

function calledBy(body: unknown): (RestCall & { readonly uri: string }) | ApiError {
  if (!isDict(body)) return apiError('invalidArgument', 'the body must be an object');
  const unknown = Object.keys(body).find((name) => !CALL_FIELDS.includes(name));
  if (unknown !== undefined) return mistake(unknown, 'is not a known field');
  const { procedure, args = [], kwargs = {} } = body;
  if (typeof procedure !== 'string') return mistake('procedure', 'must be string');
  if (!Array.isArray(args)) return mistake('args', 'must be a list');
  if (!isDict(kwargs)) return mistake('kwargs', 'must be object');
  return { uri: procedure, args: args as readonly Value[], kwargs };
}

function mistake(path: string, what: string): ApiError {
  return { ...apiError('invalidArgument', `${path}: ${what}`), path };
}

/** Says which methods a path has. */
function addOtherMethods(scope: FastifyInstance, prefix: string): void {
  const methods = new Map<string, Set<string>>([[CALL_PATH, new Set(['POST'])]]);
  for (const { method, path } of ROUTES) {
    methods.set(path, (methods.get(path) ?? new Set()).add(method));
  }
  for (const [path, known] of methods) {
    const others = [...METHODS, 'PATCH'].filter((method) => !known.has(method));
    scope.route({
      method: others,
      url: prefix + path,
      exposeHeadRoute: false,
      handler: (_request, reply) => {
        const allow = [...known].join(', ');
        void reply.header('allow', allow).code(405);
        void reply.send(errorBody('method_not_allowed', `only ${allow} is answered here`));
      },
    });
  }
}

function requestOf({ params, query, body }: FastifyRequest): RestRequest {
  return {
    params: params as RestRequest['params'],
    query: query as RestRequest['query'],
    body: body ?? undefined,
  };
}

function refuse(reply: FastifyReply, error: ApiError): void {
  const { code, message, description, path, problems } = error;
  send(reply, statusOf(error), {
    ...errorBody(code, message, description),
    ...(path !== undefined && { path }),
    ...(problems && { problems: problems.map((each) => ({ ...each })) }),
  });
}

function errorBody(code: string, message: string, description = message): Dict {
  return { code, message, description };
}

function send(reply: FastifyReply, status: number, value: Value): void {
  void reply.code(status).type(JSON_TYPE).send(JSON.stringify(value, sayable));
}

/** What JSON has not: large integers are text, bytes as WAMP writes them in JSON. */
function sayable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  return value instanceof Uint8Array ? `\0${toBase64(value)}` : value;
}
