/**
 * Procedures the router answers itself (meta API). A procedure is a pure function of its arguments; `answerMeta`
 * is the one way its reply reaches the caller, so that each CALL is answered exactly once whatever it returns.
 */
import { Unencodable } from '../../runtime/wamp/codec.ts';
import { CALL, EMPTY, ERROR, NO_PAYLOAD, RESULT } from '../../runtime/wamp/message.ts';
import type { Call, Dict, Id, Value } from '../../runtime/wamp/message.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { Member } from './api.ts';

export interface MetaResult {
  readonly args?: readonly Value[];
  readonly kwargs?: Dict;
}

export interface MetaError {
  readonly error: string;
  /** For people. */
  readonly detail?: string;
}

export type MetaReply = MetaResult | MetaError;

export type MetaProcedure = (args: readonly Value[], kwargs: Dict, caller: Member) => MetaReply;

/** By procedure URI. */
export type MetaProcedures = ReadonlyMap<string, MetaProcedure>;

export function metaTable(procedures: Readonly<Record<string, MetaProcedure>>): MetaProcedures {
  return new Map(Object.entries(procedures));
}

/** Runs the procedure and answers the call. True: with a RESULT. */
export function answerMeta(caller: Member, call: Call, procedure: MetaProcedure): boolean {
  return replyTo(caller, call.request, runMeta(caller, call, procedure));
}

/** Answers the call. True: with a RESULT. */
export function replyTo(caller: Member, request: Id, reply: MetaReply): boolean {
  if ('error' in reply) return sendError(caller, request, reply);
  const payload = caller.outlet.codec.payload(reply.args, reply.kwargs);
  const sent = caller.outlet.send({ type: RESULT, request, details: EMPTY, payload });
  if (sent === 'too_large') {
    return sendError(caller, request, { error: ERRORS.payloadSizeExceeded });
  }
  if (sent === 'unencodable') return sendError(caller, request, { error: ERRORS.invalidPayload });
  return true;
}

function runMeta(caller: Member, call: Call, procedure: MetaProcedure): MetaReply {
  const read = caller.outlet.codec.read(call.payload);
  if (read instanceof Unencodable) {
    return { error: ERRORS.invalidArgument, detail: read.detail };
  }
  return procedure(read.args, read.kwargs, caller);
}

function sendError(caller: Member, request: Id, { error, detail }: MetaError): false {
  const payload = detail === undefined ? NO_PAYLOAD : caller.outlet.codec.payload([detail]);
  caller.outlet.send({ type: ERROR, requestType: CALL, request, details: EMPTY, error, payload });
  return false;
}
