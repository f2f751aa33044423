/** Sessions, registrations and subscriptions of a realm on all nodes: the procedures of its router are asked. */
import type { TProperties } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { Dict, Id as WampId, Value } from '../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { ApiError } from '../api.ts';
import { PING } from '../api.ts';
import { pageOfDetails } from '../details.ts';
import { Uri } from '../documents/names.ts';
import { apiError } from '../errors.ts';
import type { Done, Operation, Request } from '../operation.ts';
import { operation } from '../operation.ts';
import type { PageQuestion } from '../paging.ts';
import { PAGE_KEYWORDS, pageKeywords } from '../paging.ts';

const Id = Type.Integer({ minimum: 1, maximum: 2 ** 53 });
const Free = Type.Object({}, { additionalProperties: true });

type Asked = Request<TProperties, TProperties>;
type Matched = 'registration' | 'subscription';

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
  getting('session', 'Details of a session, on whatever node.'),
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
  listing('registration'),
  getting('registration', 'A registration.'),
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
  listing('subscription'),
  getting('subscription', 'A subscription.'),
];

function getting(what: 'session' | Matched, summary: string): Operation {
  return operation({
    uri: `bondy.${what}.get`,
    access: 'realm',
    summary,
    args: { [what]: Id },
    result: Free,
    run: (request, done) =>
      askMeta(request, { procedure: `wamp.${what}.get`, args: [request.args[what]!] }, done),
  });
}

function listing(what: Matched): Operation {
  return operation({
    uri: `bondy.${what}.list`,
    access: 'realm',
    summary: `All ${what}s of the realm with their details.`,
    pageBy: ['id'],
    result: Type.Array(Free),
    run: (request, done) => listDetails(request, what, done),
  });
}

function listDetails(request: Asked, what: Matched, done: Done): void {
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
