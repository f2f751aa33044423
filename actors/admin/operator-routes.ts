/**
 * The routes that change something. Who may is decided before a body is read (guard.ts): whoever is granted the operation,
 * and whoever has the operator token.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fail } from '../../runtime/net/operator-http.ts';
import type { Guard } from './guard.ts';
import type { Operation, Operator } from './operations.ts';
import { PROCEDURES, readAddress } from './operations.ts';

const MAX_NAME = 255;

export interface OperatorRoutesParts {
  readonly operator: Operator;
  readonly guard: Guard;
  count(counter: string): void;
}

interface Route {
  readonly kind: Operation['kind'];
  readonly path: string;
  readonly body: object;
  readonly params?: object;
  /** What was asked for; undefined: the address in it is none. */
  read(body: Fields, name: string): Operation | undefined;
}

/** As the schema of the route has checked them. */
interface Fields {
  readonly address?: string;
  readonly name?: string;
  readonly force?: boolean;
  readonly as_new?: boolean;
}

/** `app` parses JSON bodies, and no others. */
export function addOperatorRoutes(app: FastifyInstance, parts: OperatorRoutesParts): void {
  for (const { kind, path, body, params, read } of ROUTES) {
    app.post<{ Body: Fields; Params: { name?: string } }>(
      path,
      {
        onRequest: parts.guard.ofOperation(PROCEDURES[kind]),
        schema: { body, ...(params && { params }) },
      },
      (request, reply) => {
        const operation = read(request.body, request.params.name ?? '');
        if (operation !== undefined) return perform(parts, operation, request, reply);
        const advice = 'Write the address as host:port, for example node2:18086.';
        return fail(reply, 400, 'bad_address', advice);
      },
    );
  }
}

function perform(
  { operator, guard, count }: OperatorRoutesParts,
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  count('admin_operations');
  operator.perform(operation, guard.callerOf(request), (outcome) => {
    if (outcome.kind === 'done') return void reply.send(outcome.report);
    fail(reply, outcome.status, outcome.error, outcome.message);
  });
}

const EMPTY_BODY = { type: 'object' };
const BACKUP_NAME = { type: 'string', minLength: 1, maxLength: MAX_NAME };
const NAMED_BODY = { type: 'object', required: ['name'], properties: { name: BACKUP_NAME } };
const RESTORE_BODY = {
  ...NAMED_BODY,
  properties: { name: BACKUP_NAME, as_new: { type: 'boolean' } },
};
const REMOVE_PARAMS = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 1, maxLength: MAX_NAME } },
};

const ROUTES: readonly Route[] = [
  {
    kind: 'join',
    path: '/cluster/join',
    body: {
      type: 'object',
      required: ['address'],
      properties: { address: { type: 'string', maxLength: 300 } },
    },
    read: ({ address: text = '' }) => {
      const address = readAddress(text);
      return address && { kind: 'join', address };
    },
  },
  { kind: 'leave', path: '/cluster/leave', body: EMPTY_BODY, read: () => ({ kind: 'leave' }) },
  {
    kind: 'remove',
    path: '/cluster/members/:name/remove',
    body: { type: 'object', properties: { force: { type: 'boolean' } } },
    params: REMOVE_PARAMS,
    read: ({ force }, name) => ({ kind: 'remove', name, isForced: force === true }),
  },
  {
    kind: 'check_store',
    path: '/store/check',
    body: EMPTY_BODY,
    read: () => ({ kind: 'check_store' }),
  },
  {
    kind: 'repair_store',
    path: '/store/repair',
    body: EMPTY_BODY,
    read: () => ({ kind: 'repair_store' }),
  },
  {
    kind: 'create_backup',
    path: '/backup/create',
    body: { type: 'object', properties: { name: BACKUP_NAME } },
    read: ({ name }) => ({ kind: 'create_backup', name }),
  },
  {
    kind: 'verify_backup',
    path: '/backup/verify',
    body: NAMED_BODY,
    read: ({ name = '' }) => ({ kind: 'verify_backup', name }),
  },
  {
    kind: 'restore_backup',
    path: '/backup/restore',
    body: RESTORE_BODY,
    read: ({ name = '', as_new }) => ({ kind: 'restore_backup', name, isAsNew: as_new === true }),
  },
  {
    kind: 'backup_status',
    path: '/backup/status',
    body: EMPTY_BODY,
    read: () => ({ kind: 'backup_status' }),
  },
];
