/**
 * The meta API about sessions, for the whole cluster: what only its own node knows of a session is asked of all nodes,
 * and their answers become one. Rows outlive the router, so each such CALL is answered once, too.
 */
import type { Dict, Id, Value } from '../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Member } from '../api.ts';
import type { MetaReply } from '../meta.ts';

/** A row. */
export interface Question {
  readonly id: Id;
  readonly caller: Member;
  /** CALL.Request. */
  readonly request: Id;
  readonly procedure: string;
  /** Keys of nodes that have not answered. */
  readonly open: Set<string>;
  readonly replies: MetaReply[];
  /** Some node was not reached, or has not answered in time. */
  isPartial: boolean;
}

/** How answers become one. */
type Merge = 'sum' | 'concat' | 'first';

const ASKED: ReadonlyMap<string, Merge> = new Map([
  ['wamp.session.count', 'sum'],
  ['wamp.session.list', 'concat'],
  ['wamp.session.get', 'first'],
  ['wamp.session.kill', 'first'],
  ['wamp.session.kill_by_authid', 'concat'],
  ['wamp.session.kill_by_authrole', 'sum'],
  ['wamp.session.kill_all', 'sum'],
  ['wamp.subscription.list_subscribers', 'concat'],
  ['wamp.subscription.count_subscribers', 'sum'],
]);

export function isAsked(procedure: string): boolean {
  return ASKED.has(procedure);
}

/** It was about one session, and that is here: nobody else need be asked. */
export function isEnough(procedure: string, own: MetaReply): boolean {
  return ASKED.get(procedure) === 'first' && !('error' in own);
}

/**
 * One reply of all. A refusal of every node is a refusal; of some, they did not have what was asked for. What is not
 * found while a node has not answered is not said to be absent.
 */
export function merge({ procedure, replies, isPartial }: Question): MetaReply {
  const results = replies.flatMap((reply) => ('error' in reply ? [] : [reply]));
  if (results.length === 0) {
    const refused = replies[0];
    if (!isPartial && refused) return refused;
    return { error: ERRORS.unavailable, detail: 'some nodes have not answered' };
  }
  switch (ASKED.get(procedure)) {
    case 'sum':
      return { args: [results.reduce((sum, { args }) => sum + numberOf(args?.[0]), 0)] };
    case 'concat':
      return { args: [results.flatMap(({ args }) => listOf(args?.[0]))] };
    default:
      return results[0];
  }
}

function numberOf(value: Value | undefined): number {
  return typeof value === 'number' ? value : 0;
}

function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

/** A reply of another node, read. */
export function replyOf(
  error: string | undefined,
  args: readonly Value[],
  kwargs: Dict,
): MetaReply {
  if (error === undefined) return { args, kwargs };
  const [detail] = args;
  return { error, ...(typeof detail === 'string' && { detail }) };
}
