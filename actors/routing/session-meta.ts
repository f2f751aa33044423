/**
 * The procedures of the session meta API (WAMP advanced, meta_api_sessions). Who kills is never killed: the caller's
 * own session counts as unknown to `kill` and is left out by the others.
 */
import type { Dict, Id, Value } from '../../runtime/wamp/message.ts';
import type { UriRule } from '../../runtime/wamp/uri.ts';
import { isValidUri } from '../../runtime/wamp/uri.ts';
import { CLOSE, ERRORS } from '../../runtime/wamp/uris.ts';
import type { Member } from './api.ts';
import { invalidArgument, isMissing, isStrings } from './arguments.ts';
import type { RoutingEffects, Rows } from './effects.ts';
import type { MetaError, MetaProcedure, MetaReply } from './meta.ts';
import { isId } from './options.ts';
import { sessionDetails } from './session-events.ts';
import { toTimestamp } from './timestamps.ts';

/** Reason and message are sent to every victim. */
const MAX_TEXT = 1024;

export interface SessionMetaDependencies {
  readonly members: Rows<Id, Member>;
  readonly effects: Pick<RoutingEffects, 'goodbye'>;
  readonly uriRule: UriRule;
  /** This one's name; undefined where nodes have none. */
  readonly node: string | undefined;
}

export function sessionProcedures(d: SessionMetaDependencies): Record<string, MetaProcedure> {
  return {
    'wamp.session.count': (args) => withRoles(args, (has) => ({ args: [select(d, has).length] })),
    'wamp.session.list': (args) =>
      withRoles(args, (has) => ({ args: [select(d, has).map(({ id }) => id)] })),
    'wamp.session.get': ([session]) => {
      if (!isId(session)) return invalidArgument('the argument must be a session id');
      const member = d.members.get(session);
      return member ? { args: [detailsHere(member, d.node)] } : noSuchSession(session);
    },
    'wamp.session.kill': ([session], kwargs, caller) => {
      if (!isId(session)) return invalidArgument('the argument must be a session id');
      const member = d.members.get(session);
      if (!member || session === caller.id) return noSuchSession(session);
      return kill(d, kwargs, [member], () => ({}));
    },
    'wamp.session.kill_by_authid': ([authid], kwargs, caller) => {
      if (typeof authid !== 'string') return invalidArgument('the argument must be an authid');
      const victims = others(d, caller, (member) => member.authid === authid);
      return kill(d, kwargs, victims, () => ({ args: [victims.map(({ id }) => id)] }));
    },
    'wamp.session.kill_by_authrole': ([authrole], kwargs, caller) => {
      if (typeof authrole !== 'string') return invalidArgument('the argument must be an authrole');
      const victims = others(d, caller, (member) => member.authrole === authrole);
      return kill(d, kwargs, victims, () => ({ args: [victims.length] }));
    },
    'wamp.session.kill_all': (_args, kwargs, caller) => {
      const victims = others(d, caller, () => true);
      return kill(d, kwargs, victims, () => ({ args: [victims.length] }));
    },
  };
}

/** With what is ours, under names for that. */
function detailsHere(member: Member, node: string | undefined): Dict {
  const details = { ...sessionDetails(member), x_joined: toTimestamp(member.joinedAt) };
  return node === undefined ? details : { ...details, x_node: node };
}

type Condition = (member: Member) => boolean;

function select({ members }: SessionMetaDependencies, has: Condition): Member[] {
  return [...members.values()].filter(has);
}

function others(d: SessionMetaDependencies, caller: Member, has: Condition): Member[] {
  return select(d, (member) => member.id !== caller.id && has(member));
}

/** The optional filter of `count` and `list`. */
function withRoles([roles]: readonly Value[], answer: (has: Condition) => MetaReply): MetaReply {
  if (isMissing(roles)) return answer(() => true);
  if (!isStrings(roles)) return invalidArgument('the filter must be a list of authroles');
  const wanted = new Set(roles);
  return answer((member) => wanted.has(member.authrole));
}

function kill(
  { effects, uriRule }: SessionMetaDependencies,
  { reason, message }: Dict,
  victims: readonly Member[],
  answer: () => MetaReply,
): MetaReply {
  if (!isMissing(reason) && !(isText(reason) && isValidUri(reason, uriRule, 'exact'))) {
    return { error: ERRORS.invalidUri, detail: 'reason must be a URI' };
  }
  if (!isMissing(message) && !isText(message)) {
    return invalidArgument(`message must be a string of at most ${MAX_TEXT} characters`);
  }
  const details: Dict = isMissing(message) ? {} : { message };
  for (const victim of victims) effects.goodbye(victim, reason ?? CLOSE.killed, details);
  return answer();
}

function isText(value: Value): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}

function noSuchSession(session: Id): MetaError {
  return { error: ERRORS.noSuchSession, detail: `no other session has the id ${session}` };
}
