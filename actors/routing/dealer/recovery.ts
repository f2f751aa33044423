/**
 * What a dealer does first when its predecessor died: the rows say who was being answered, and that one is answered
 * now; half written rows are ended or removed.
 */
import { CALL, ERROR, REGISTER, UNREGISTER, YIELD } from '../../../runtime/wamp/message.ts';
import type { Member, Request } from '../api.ts';
import { errorFor, INTERRUPTED } from '../refusals.ts';
import { failCall, refuseCall, stopCall, takeOn } from './answers.ts';
import type { Calls, Party } from './calls.ts';
import type { Registrar } from './registrar.ts';

/** Makes the calls consistent again, and counts slots and deadlines anew. */
export function mendCalls(calls: Calls, registrar: Registrar): void {
  for (const party of [...calls.parties()]) mend(calls, registrar, party);
  calls.recount();
}

function mend(calls: Calls, registrar: Registrar, party: Party): void {
  for (const call of party.calls.values()) {
    if (call.deadline > 0) calls.deadlines.set(call, call.deadline);
  }
  answerMarked(calls, registrar, party);
  for (const call of [...party.calls.values()]) {
    if (call.callee.party.invocations.get(call.invocation) === call) continue;
    calls.close(call); // half written
    refuseCall(calls, party, call.request, INTERRUPTED);
  }
  for (const call of [...party.invocations.values()]) {
    if (call.state === 'abandoned' || call.caller.calls.get(call.request) === call) continue;
    party.invocations.delete(call.invocation); // half removed
  }
}

/** Answers the request that was taken on and not finished. */
function answerMarked(calls: Calls, registrar: Registrar, party: Party): void {
  if (party.answering === 0) return;
  if (party.answeringType !== CALL) return registrar.recover(party);
  const call = party.calls.get(party.answering);
  if (call?.isSent) return stopCall(calls, call, INTERRUPTED);
  if (call) {
    const { member } = call.callee;
    calls.close(call);
    if (member.lastInvocation === call.invocation) member.lastInvocation--; // nobody has seen it
  }
  refuseCall(calls, party, party.answering, INTERRUPTED);
}

/** Answers whoever waits for a request that the dealer may never have seen. After `mendCalls`. */
export function answerInterrupted(calls: Calls, member: Member, request: Request): void {
  const party = calls.party(member);
  if ('continues' in request) {
    const call = party.calls.get(request.request);
    if (call) stopCall(calls, call, INTERRUPTED); // the callee may lack this chunk
    return;
  }
  switch (request.type) {
    case CALL:
    case REGISTER:
    case UNREGISTER: {
      if (request.request === party.lastRequest) return; // the dealer had it and its mark is answered
      takeOn(party, request.type, request.request);
      member.outlet.send(errorFor(member, request.type, request.request, INTERRUPTED));
      party.answering = 0;
      return;
    }
    case YIELD:
    case ERROR: {
      const call = party.invocations.get(request.request);
      if (!call) return;
      const goesOn = request.type === YIELD && request.options['progress'] === true;
      if (goesOn && call.state !== 'abandoned') return stopCall(calls, call, INTERRUPTED);
      return failCall(calls, call, INTERRUPTED);
    }
    default:
      return; // nobody waits for the others here
  }
}
