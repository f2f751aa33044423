/** What is not in the store of security: sessions and registrations of routers, the cluster, backups, figures. */
import type { TProperties, TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { Dict, Id as WampId, Value } from '../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { ApiError } from '../api.ts';
import { PING } from '../api.ts';
import { apiError } from '../errors.ts';
import { NameText, Uri } from '../documents/names.ts';
import type { Access, Done, Operation, Request } from '../operation.ts';
import { operation } from '../operation.ts';
import { pageOfDetails } from '../details.ts';
import type { PageQuestion } from '../paging.ts';
import { PAGE_KEYWORDS, pageKeywords } from '../paging.ts';
import type { BackupVerb, ClusterVerb, ManagementPorts, StoreVerb, TicketVerb } from '../ports.ts';

const Id = Type.Integer({ minimum: 1, maximum: 2 ** 53 });
const Free = Type.Object({}, { additionalProperties: true });

type Asked = Request<TProperties, TProperties>;
interface MetaQuestion {
  readonly procedure: string;
  readonly args?: readonly Value[];
  readonly kwargs?: Dict;
}

/** Answers with the first result of the router's procedure. */
function askMeta(request: Asked, { procedure, args = [], kwargs = {} }: MetaQuestion, done: Done) {
  const { ports, realm, caller } = request;
  ports.meta.ask(realm, procedure, args, kwargs, caller, (outcome) =>
    done(outcome.kind === 'error' ? { error: outcome.error } : { value: outcome.args[0] ?? null }),
  );
}

export const sessionOperations: readonly Operation[] = [
  operation({
    uri: PING,
    access: 'anyone',
    summary: 'Answers `pong`, to everybody.',
    result: Type.Literal('pong'),
    run: (_request, done) => done({ value: 'pong' }),
  }),
  operation({
    uri: 'bondy.session.self',
    access: 'anyone',
    summary: 'The session that asks.',
    result: Free,
    run(request, done) {
      const { session } = request.caller;
      if (session === undefined) {
        return done({ error: apiError('noSuchSession', 'this is no WAMP session') });
      }
      askMeta(request, { procedure: 'wamp.session.get', args: [session] }, done);
    },
  }),
  operation({
    uri: 'bondy.session.list',
    access: 'realm',
    summary: 'Ids of the sessions of the realm, on all nodes.',
    pageBy: [],
    result: Type.Array(Id),
    run: (request, done) => askMeta(request, { procedure: 'wamp.session.list' }, done),
  }),
  operation({
    uri: 'bondy.session.details',
    access: 'realm',
    summary: 'The sessions of the realm with their details, on all nodes.',
    kwargs: PAGE_KEYWORDS,
    result: Type.Array(Free),
    run(request, done) {
      askMeta(request, { procedure: 'wamp.session.list' }, (listed) => {
        if ('error' in listed) return done(listed);
        tellDetails(request, 'wamp.session.get', listed.value as readonly WampId[], done);
      });
    },
  }),
  operation({
    uri: 'bondy.session.count',
    access: 'realm',
    summary: 'How many sessions the realm has, on all nodes.',
    result: Type.Integer(),
    run: (request, done) => askMeta(request, { procedure: 'wamp.session.count' }, done),
  }),
  operation({
    uri: 'bondy.session.get',
    access: 'realm',
    summary: 'Details of a session, on whatever node.',
    args: { session: Id },
    result: Free,
    run: (request, done) =>
      askMeta(request, { procedure: 'wamp.session.get', args: [request.args.session] }, done),
  }),
  operation({
    uri: 'bondy.session.kill',
    access: 'realm',
    isChange: true,
    summary: 'Closes a session, with a reason (a URI) and a message if they are given.',
    args: { session: Id },
    kwargs: {
      reason: Type.Optional(Uri),
      message: Type.Optional(Type.String({ maxLength: 1_024 })),
    },
    run(request, done) {
      const { args, kwargs } = request;
      askMeta(request, { procedure: 'wamp.session.kill', args: [args.session], kwargs }, done);
    },
  }),
];

export const registryOperations: readonly Operation[] = [
  operation({
    uri: 'bondy.registration.list',
    access: 'realm',
    summary: 'All registrations of the realm with their details.',
    pageBy: ['id'],
    result: Type.Array(Free),
    run: (request, done) => listDetails(request, 'registration', done),
  }),
  operation({
    uri: 'bondy.registration.get',
    access: 'realm',
    summary: 'A registration.',
    args: { registration: Id },
    result: Free,
    run: (request, done) =>
      askMeta(
        request,
        { procedure: 'wamp.registration.get', args: [request.args.registration] },
        done,
      ),
  }),
  operation({
    uri: 'bondy.registration.callee.list',
    access: 'realm',
    summary: 'Sessions that have registered a procedure.',
    args: { procedure: Uri },
    pageBy: ['session_id'],
    result: Type.Array(Free),
    run(request, done) {
      const match = { procedure: 'wamp.registration.match', args: [request.args.procedure] };
      askMeta(request, match, (found) => {
        if ('error' in found) return done(found);
        if (found.value === null) return done({ value: [] });
        const list = { procedure: 'wamp.registration.list_callees', args: [found.value] };
        askMeta(request, list, (callees) => {
          if ('error' in callees) return done(callees);
          const ids = callees.value as readonly Value[];
          done({ value: ids.map((session) => ({ session_id: session })) });
        });
      });
    },
  }),
  operation({
    uri: 'bondy.subscription.list',
    access: 'realm',
    summary: 'All subscriptions of the realm with their details.',
    pageBy: ['id'],
    result: Type.Array(Free),
    run: (request, done) => listDetails(request, 'subscription', done),
  }),
  operation({
    uri: 'bondy.subscription.get',
    access: 'realm',
    summary: 'A subscription.',
    args: { subscription: Id },
    result: Free,
    run: (request, done) =>
      askMeta(
        request,
        { procedure: 'wamp.subscription.get', args: [request.args.subscription] },
        done,
      ),
  }),
];

function listDetails(request: Asked, what: 'registration' | 'subscription', done: Done): void {
  askMeta(request, { procedure: `wamp.${what}.list` }, (listed) => {
    if ('error' in listed) return done(listed);
    const { exact, prefix, wildcard } = listed.value as Lists;
    tellDetails(request, `wamp.${what}.get`, [...exact, ...prefix, ...wildcard], done);
  });
}

function tellDetails(request: Asked, procedure: string, ids: readonly WampId[], done: Done): void {
  let failure: ApiError | undefined;
  pageOfDetails(
    ids,
    request.kwargs as PageQuestion,
    (id, answer) =>
      askMeta(request, { procedure, args: [id] }, (got) => {
        if (!('error' in got)) return answer(got.value);
        // A row that could not be asked for is none that is gone: no list is told without it.
        if (!GONE.has(got.error.uri)) failure ??= got.error;
        answer(undefined);
      }),
    (page) => done(failure ? { error: failure } : { value: page.rows, kwargs: pageKeywords(page) }),
  );
}

const GONE: ReadonlySet<string> = new Set([
  ERRORS.noSuchSession,
  ERRORS.noSuchRegistration,
  ERRORS.noSuchSubscription,
]);

type Lists = Readonly<Record<'exact' | 'prefix' | 'wildcard', readonly WampId[]>>;

/** Performed by others; what this node has not is no procedure. */
function passedOn<V extends string>(
  spec: {
    readonly uri: string;
    readonly access: Access;
    readonly summary: string;
    readonly args?: TProperties;
    readonly kwargs?: TProperties;
    readonly isChange?: boolean;
    readonly takesLong?: boolean;
    readonly result?: TSchema;
    readonly verb: V;
  },
  port: (ports: ManagementPorts) => { perform: PerformOf<V> } | undefined,
): Operation {
  return operation({
    ...spec,
    result: spec.result ?? Type.Unknown(),
    run({ args, kwargs, caller, realm, ports, uri }, done) {
      const performer = port(ports);
      if (!performer) {
        return done({ error: apiError('noSuchProcedure', `${uri} is not possible on this node`) });
      }
      performer.perform(
        spec.verb,
        { caller, realm, args: args as Dict, kwargs: kwargs as Dict },
        done,
      );
    },
  });
}

type PerformOf<V extends string> = (
  verb: V,
  request: {
    readonly caller: Asked['caller'];
    readonly realm: string;
    readonly args: Dict;
    readonly kwargs: Dict;
  },
  done: Done,
) => void;

function cluster(
  verb: ClusterVerb,
  summary: string,
  args: TProperties = {},
  kwargs: TProperties = {},
): Operation {
  const isChange = verb === 'join' || verb === 'leave' || verb === 'remove';
  const uri = `bondy.cluster.${verb}`;
  const spec = { uri, access: 'admin', summary, args, kwargs, isChange, verb } as const;
  return passedOn(spec, (ports) => ports.cluster);
}

export const clusterOperations: readonly Operation[] = [
  cluster('members', 'The nodes of the cluster.'),
  cluster('info', 'This node and those it knows.'),
  cluster('connections', 'The nodes that this one has a link with.'),
  cluster('join', 'Joins the cluster of the node at this address.', {
    address: Type.String({ maxLength: 300 }),
  }),
  cluster('leave', 'This node leaves the cluster, for good.'),
  cluster(
    'remove',
    'Removes a node that will not come back.',
    { node: NameText },
    { force: Type.Optional(Type.Boolean()) },
  ),
];

function ticket(
  verb: TicketVerb,
  access: Access,
  summary: string,
  args: TProperties = {},
  kwargs: TProperties = {},
): Operation {
  const uri = `bondy.ticket.${verb}`;
  const result = verb === 'revoke' || verb === 'revoke_all' ? Type.Null() : Type.Unknown();
  const spec = { uri, access, summary, args, kwargs, isChange: verb !== 'verify', result, verb };
  return passedOn(spec, (ports) => ports.tickets);
}

const Token = Type.String({ minLength: 1, maxLength: 16_384 });

export const ticketOperations: readonly Operation[] = [
  ticket(
    'issue',
    'anyone',
    'Issues a ticket for the user of the session that asks.',
    {},
    {
      expiry_time_secs: Type.Optional(Type.Integer({ minimum: 1 })),
      allow_sso: Type.Optional(Type.Boolean()),
      client_id: Type.Optional(NameText),
      device_id: Type.Optional(NameText),
      client_ticket: Type.Optional(Token),
    },
  ),
  ticket('verify', 'realm', 'The claims of a ticket that is valid.', { ticket: Token }),
  ticket('revoke', 'realm', 'Revokes a ticket.', { ticket: Token }),
  ticket('revoke_all', 'realm', 'Revokes all tickets of a user.', { authid: NameText }),
];

function backup(
  verb: BackupVerb,
  summary: string,
  args: TProperties = {},
  kwargs: TProperties = {},
): Operation {
  const uri = `bondy.backup.${verb}`;
  const isChange = verb === 'create' || verb === 'restore';
  const takesLong = verb === 'create';
  const spec = { uri, access: 'admin', summary, args, kwargs, isChange, takesLong, verb } as const;
  return passedOn(spec, (ports) => ports.backup);
}

function store(verb: StoreVerb, summary: string): Operation {
  const isChange = verb === 'repair';
  const uri = `bondy.store.${verb}`;
  const spec = { uri, access: 'admin', summary, isChange, takesLong: isChange, verb } as const;
  return passedOn(spec, (ports) => ports.store);
}

export const storeOperations: readonly Operation[] = [
  store('status', 'Partitions, rows and comparisons of the store of this node.'),
  store('check', 'Compares every row of the store of this node with its hash tree.'),
  store('repair', 'Checks, compares with every linked node, adds damaged hash trees up again.'),
];

const File = Type.Optional(
  Type.Union([Type.String({ maxLength: 1_024 }), Type.Object({}, { additionalProperties: true })]),
);

export const backupOperations: readonly Operation[] = [
  backup('create', 'Writes a backup of the store of this node.', { file: File }),
  backup(
    'restore',
    'Takes the rows of a backup into the store; with `as_new` as if they were written now.',
    { file: File },
    { as_new: Type.Optional(Type.Boolean()) },
  ),
  backup('verify', 'Whether a backup is whole.', { file: File }),
  backup('status', 'What is being written or restored, and what was last.', { file: File }),
  operation({
    uri: 'bondy.telemetry.metrics',
    access: 'admin',
    summary: 'The metrics of this node in the text format of Prometheus.',
    result: Type.String(),
    run: ({ ports }, done) => ports.metrics((text) => done({ value: text })),
  }),
];
