/**
 * How a request gets its one final answer. The mark `party.answering` is set before the frame is sent and cleared
 * after: what is still marked after a crash was not answered, and is then.
 */
import type { ErrorMessage, Id, Result } from '../../../runtime/wamp/message.ts';
import { CALL, INTERRUPT, RESULT } from '../../../runtime/wamp/message.ts';
import type { Refusal } from '../refusals.ts';
import { errorFor, sendFailure } from '../refusals.ts';
import type { Calls, InFlight, Party } from './calls.ts';

/** Takes on a request: from here on it is answered, or marked as not answered. */
export function takeOn(party: Party, requestType: number, request: Id): void {
  party.lastRequest = request;
  party.answeringType = requestType;
  party.answering = request;
}

/** Sends the last word on a call whose row is closed. */
export function answerCall(calls: Calls, caller: Party, answer: Result | ErrorMessage): void {
  caller.answeringType = CALL;
  caller.answering = answer.request;
  const sent = caller.member.outlet.send(answer);
  const instead = sendFailure(sent, 'the answer');
  if (instead) caller.member.outlet.send(errorFor(caller.member, CALL, answer.request, instead));
  caller.answering = 0;
  if (answer.type === RESULT && !instead) calls.tally.results++;
  else calls.tally.errors++;
}

/** Refuses a call whose row is closed, or that never had one. */
export function refuseCall(calls: Calls, caller: Party, request: Id, why: Refusal): void {
  answerCall(calls, caller, errorFor(caller.member, CALL, request, why));
}

/**
 * Ends a call from here: the callee is told to stop if it understands that, the caller gets the error. The mark
 * comes first and the row goes last, so a crash in between is repeated and not forgotten.
 */
export function stopCall(calls: Calls, call: InFlight, why: Refusal): void {
  call.caller.answeringType = CALL;
  call.caller.answering = call.request;
  const wasTold = interrupt(call, 'killnowait');
  calls.abandon(call, wasTold);
  refuseCall(calls, call.caller, call.request, why);
}

/** Ends a call whose callee has answered with something that cannot be used. */
export function failCall(calls: Calls, call: InFlight, why: Refusal): void {
  calls.close(call);
  if (call.state !== 'abandoned') refuseCall(calls, call.caller, call.request, why);
}

/** Tells the callee to stop, once. False: it does not understand that, or was told to stop and answer (`kill`). */
export function interrupt(call: InFlight, mode: 'kill' | 'killnowait'): boolean {
  const { callee, invocation } = call;
  if (!callee.canCancel || call.state === 'killing') return false;
  callee.member.outlet.send({ type: INTERRUPT, request: invocation, options: { mode } });
  return true;
}
