/**
 * What callees say to their invocations, YIELD and ERROR, and what of it reaches the caller: progressive results,
 * one final answer, or nothing when the call was over.
 */
import type { ErrorMessage, Id, Yield } from '../../../runtime/wamp/message.ts';
import { CALL, ERROR, INVOCATION, RESULT, YIELD } from '../../../runtime/wamp/message.ts';
import type { UriRule } from '../../../runtime/wamp/uri.ts';
import { isValidUri } from '../../../runtime/wamp/uri.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Member } from '../api.ts';
import type { RoutingEffects } from '../effects.ts';
import { BadOption } from '../options.ts';
import { PASSTHRU } from '../passthru.ts';
import { errorFor, refusal, sendFailure } from '../refusals.ts';
import { answerCall, failCall, refuseCall, stopCall } from './answers.ts';
import type { YieldOptions } from './call-options.ts';
import { announces, readYieldOptions, resultDetails } from './call-options.ts';
import type { Calls, InFlight } from './calls.ts';
import type { Dispatcher } from './dispatcher.ts';

export interface ReplyDependencies {
  readonly calls: Calls;
  readonly dispatcher: Dispatcher;
  readonly effects: RoutingEffects;
  readonly uriRule: UriRule;
}

export class Replies {
  readonly #d: ReplyDependencies;

  constructor(dependencies: ReplyDependencies) {
    this.#d = dependencies;
  }

  yield(member: Member, message: Yield, now: number): void {
    const { calls, effects } = this.#d;
    const call = calls.party(member).invocations.get(message.request);
    if (!call) return this.#onStray(member, message.request);
    const options = readYieldOptions(message.options);
    if (options instanceof BadOption) {
      return failCall(calls, call, refusal(ERRORS.invalidArgument, `YIELD: ${options.detail}`));
    }
    if (options.passthru && !this.#passes(call, message.request)) return;
    if (options.progress) return this.#onProgress(call, message, options, now);
    calls.close(call);
    if (call.state === 'abandoned') return effects.count('late_answers');
    answerCall(calls, call.caller, {
      type: RESULT,
      request: call.request,
      details: resultDetails(options),
      payload: message.payload,
    });
  }

  error(member: Member, message: ErrorMessage, now: number): void {
    const { calls, dispatcher, effects, uriRule } = this.#d;
    if (message.requestType !== INVOCATION) {
      const detail = `ERROR: request type ${message.requestType} is not INVOCATION`;
      return effects.abort(member, ERRORS.protocolViolation, detail);
    }
    const call = calls.party(member).invocations.get(message.request);
    if (!call) return this.#onStray(member, message.request);
    const isDeclined = message.error === ERRORS.unavailable && call.state === 'running';
    if (isDeclined && call.retry && announces(call.callee, 'call_reroute')) {
      return dispatcher.reroute(call, call.retry, now);
    }
    calls.close(call);
    if (call.state === 'abandoned') return effects.count('late_answers');
    const { caller, request } = call;
    if (!isValidUri(message.error, uriRule, 'exact')) {
      const why = refusal(ERRORS.invalidUri, 'the callee named an error that is not a valid URI');
      return refuseCall(calls, caller, request, why);
    }
    const { error, details, payload } = message;
    answerCall(calls, caller, { type: ERROR, requestType: CALL, request, details, error, payload });
  }

  /** A far callee has not seen the call: its node will not have it. */
  declined(member: Member, invocation: Id, detail: string, now: number): void {
    const { calls, dispatcher, effects } = this.#d;
    const call = calls.party(member).invocations.get(invocation);
    if (!call) return effects.count('late_answers');
    if (call.state === 'running' && call.retry) return dispatcher.reroute(call, call.retry, now);
    failCall(calls, call, refusal(ERRORS.unavailable, detail));
  }

  #onProgress(call: InFlight, { payload }: Yield, options: YieldOptions, now: number): void {
    const { calls, effects } = this.#d;
    if (call.state === 'abandoned') return effects.count('late_answers');
    if (!call.wantsProgress) return effects.count('unwanted_progress');
    call.retry = undefined; // the caller has seen this callee's work
    calls.deadlines.postpone(call, now + call.timeoutMs);
    const { request } = call;
    const details = resultDetails(options);
    const sent = call.caller.member.outlet.send({ type: RESULT, request, details, payload });
    const why = sendFailure(sent, 'a progressive result');
    if (why) stopCall(calls, call, why);
    else calls.tally.progressiveResults++;
  }

  /** Payload passthru mode works only when both sides announce it (advanced payload_passthru_mode). */
  #passes(call: InFlight, invocation: Id): boolean {
    const callee = call.callee.member;
    if (!callee.features.callee?.has(PASSTHRU)) {
      const detail = `YIELD: ${PASSTHRU} was not announced`;
      this.#d.effects.abort(callee, ERRORS.protocolViolation, detail);
      return false;
    }
    if (call.state === 'abandoned') return true;
    if (call.takesPassthru ?? call.caller.member.features.caller?.has(PASSTHRU)) return true;
    const why = refusal(ERRORS.featureNotSupported, `the caller has no ${PASSTHRU}`);
    this.#d.calls.close(call);
    refuseCall(this.#d.calls, call.caller, call.request, why);
    callee.outlet.send(errorFor(callee, YIELD, invocation, why));
    return false;
  }

  /** An answer to nothing: too late, or never asked for. */
  #onStray(member: Member, invocation: Id): void {
    if (invocation <= member.lastInvocation) return this.#d.effects.count('late_answers');
    const detail = `there was no INVOCATION with request id ${invocation}`;
    this.#d.effects.abort(member, ERRORS.protocolViolation, detail);
  }
}
