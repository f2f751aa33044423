/**
 * The routes that change something. Who may is decided before a body is read; bodies are JSON and say so, which no form of
 * a foreign page can (Fetch standard, CORS-safelisted content types), and operator-http.ts has refused its Origin already.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { fail } from '../../runtime/net/operator-http.ts';
import type { Operation, Operator } from './operations.ts';
import { readAddress } from './operations.ts';

const JSON_TYPE = /^application\/json\s*(;|$)/i;
const MAX_NAME = 255;

export interface OperatorRoutesParts {
  /** Undefined: this node is alone and keeps nothing, so there is nothing that could be asked for. */
  readonly operator: Operator | undefined;
  count(counter: string): void;
}

/** `app` parses JSON bodies, and no others. */
export function addOperatorRoutes(app: FastifyInstance, parts: OperatorRoutesParts): void {
  const { operator, count } = parts;
  if (operator === undefined) {
    for (const path of PATHS) app.post(path, (_request, reply) => alone(reply));
    return;
  }
  app.addHook('onRequest', ({ headers }, reply, done) => {
    const problem = operator.authorize(headers.authorization);
    if (problem !== undefined) {
      count('admin_unauthorized');
      void reply.header('www-authenticate', 'Bearer realm="bondy operator"');
      return fail(reply, 401, 'unauthorized', problem);
    }
    if (JSON_TYPE.test(headers['content-type'] ?? '')) return done();
    count('admin_no_json');
    return fail(
      reply,
      415,
      'no_json',
      'Send a body of content-type application/json, {} if empty.',
    );
  });
  const perform = (operation: Operation, reply: FastifyReply): void => {
    count('admin_operations');
    operator.perform(operation, (outcome) => {
      if (outcome.kind === 'done') return void reply.send(outcome.report);
      fail(reply, outcome.status, outcome.error, outcome.message);
    });
  };
  app.post<{ Body: { address: string } }>(
    PATH.join,
    { schema: { body: JOIN_BODY } },
    ({ body }, reply) => {
      const address = readAddress(body.address);
      if (address !== undefined) return perform({ kind: 'join', address }, reply);
      return fail(
        reply,
        400,
        'bad_address',
        'Write the address as host:port, for example node2:18086.',
      );
    },
  );
  app.post(PATH.leave, { schema: { body: EMPTY_BODY } }, (_request, reply) =>
    perform({ kind: 'leave' }, reply),
  );
  app.post<{ Body: { force?: boolean }; Params: { name: string } }>(
    PATH.remove,
    { schema: { body: REMOVE_BODY, params: REMOVE_PARAMS } },
    ({ body, params }, reply) =>
      perform({ kind: 'remove', name: params.name, isForced: body.force === true }, reply),
  );
  app.post(PATH.check, { schema: { body: EMPTY_BODY } }, (_request, reply) =>
    perform({ kind: 'check_store' }, reply),
  );
  addBackupRoutes(app, perform);
  app.post(PATH.repair, { schema: { body: EMPTY_BODY } }, (_request, reply) =>
    perform({ kind: 'repair_store' }, reply),
  );
}

function addBackupRoutes(
  app: FastifyInstance,
  perform: (operation: Operation, reply: FastifyReply) => void,
): void {
  app.post<{ Body: { name?: string } }>(
    PATH.createBackup,
    { schema: { body: { type: 'object', properties: { name: BACKUP_NAME } } } },
    ({ body: { name } }, reply) => perform({ kind: 'create_backup', name }, reply),
  );
  app.post<{ Body: { name: string } }>(
    PATH.verifyBackup,
    { schema: { body: NAMED_BODY } },
    ({ body: { name } }, reply) => perform({ kind: 'verify_backup', name }, reply),
  );
  app.post<{ Body: { name: string; as_new?: boolean } }>(
    PATH.restoreBackup,
    { schema: { body: RESTORE_BODY } },
    ({ body }, reply) =>
      perform({ kind: 'restore_backup', name: body.name, isAsNew: body.as_new === true }, reply),
  );
  app.post(PATH.backupStatus, { schema: { body: EMPTY_BODY } }, (_request, reply) =>
    perform({ kind: 'backup_status' }, reply),
  );
}

const PATH = {
  join: '/cluster/join',
  leave: '/cluster/leave',
  remove: '/cluster/members/:name/remove',
  check: '/store/check',
  repair: '/store/repair',
  createBackup: '/backup/create',
  verifyBackup: '/backup/verify',
  restoreBackup: '/backup/restore',
  backupStatus: '/backup/status',
} as const;
const PATHS = Object.values(PATH);

const JOIN_BODY = {
  type: 'object',
  required: ['address'],
  properties: { address: { type: 'string', maxLength: 300 } },
};
const EMPTY_BODY = { type: 'object' };
const REMOVE_BODY = { type: 'object', properties: { force: { type: 'boolean' } } };
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

function alone(reply: FastifyReply): void {
  const message =
    'This node is alone (cluster.enabled = off) and keeps nothing (store.engine = memory): nothing to change.';
  fail(reply, 404, 'no_cluster', message);
}
