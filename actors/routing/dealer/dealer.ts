/**
 * Routed RPC (WAMP basic remote_procedure_call.md and the advanced profile's RPC features): which callee gets a
 * call, and how every call gets exactly one final answer, whoever fails on the way.
 *
 * Each request changes the rows first and sends after. What a crash interrupts is therefore known from the rows
 * (calls.ts) and answered by `recover` and `interrupted`.
 */
import type { RandomSource } from '../../../runtime/kernel/actor.ts';
import type {
  Call,
  Cancel,
  ErrorMessage,
  Id,
  Register,
  Unregister,
  Yield,
} from '../../../runtime/wamp/message.ts';
import { CALL, ERROR, INVOCATION, RESULT, YIELD } from '../../../runtime/wamp/message.ts';
import { isValidUri } from '../../../runtime/wamp/uri.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import { answerCall, failCall, interrupt, refuseCall, stopCall, takeOn } from './answers.ts';
import type { ContinuedCall, Member, Request } from '../api.ts';
import type { YieldOptions } from './call-options.ts';
import { readCallOptions, readYieldOptions, resultDetails } from './call-options.ts';
import type { InFlight, Party } from './calls.ts';
import { Calls } from './calls.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Rows } from '../effects.ts';
import type { MetaProcedures } from '../meta.ts';
import { answerMeta, metaTable } from '../meta.ts';
import { BadOption, OptionReader } from '../options.ts';
import { errorFor, refusal, sendFailure } from '../refusals.ts';
import { answerInterrupted, mendCalls } from './recovery.ts';
import type { RegistrarDependencies } from './registrar.ts';
import { Registrar } from './registrar.ts';
import { registrationProcedures } from './registration-meta.ts';
import type { Registration } from './registrations.ts';
import { Registrations } from './registrations.ts';
import { isReserved } from '../reserved.ts';

export interface DealerDependencies extends Omit<RegistrarDependencies, 'registrations' | 'calls'> {
  /** Tables of a supervisor; they outlive the dealer. */
  readonly registrations: Rows<Id, Registration>;
  readonly parties: Rows<Member, Party>;
  readonly random: RandomSource;
  /** What the router itself answers besides `wamp.registration.*`. Undefined: nothing. */
  readonly procedures?: MetaProcedures | undefined;
}

/** CANCEL names no default in the specification: the caller gets its answer at once, and the callee may stop. */
export const DEFAULT_CANCEL_MODE = 'killnowait';

const CANCEL_MODES = ['skip', 'kill', 'killnowait'] as const;

export class Dealer {
  readonly registrations: Registrations;
  readonly registrar: Registrar;
  readonly #calls: Calls;
  readonly #dispatcher: Dispatcher;
  readonly #procedures: MetaProcedures;
  readonly #d: DealerDependencies;

  constructor(dependencies: DealerDependencies) {
    this.#d = dependencies;
    const { registrations, parties, random } = dependencies;
    this.registrations = new Registrations(registrations, random);
    this.#procedures = metaTable(registrationProcedures(this.registrations));
    this.#calls = new Calls(parties);
    this.registrar = new Registrar({
      ...dependencies,
      registrations: this.registrations,
      calls: this.#calls,
    });
    this.#dispatcher = new Dispatcher({ ...dependencies, calls: this.#calls });
  }

  /** Monotonic ms at which `expire` is due; undefined: no call has a deadline. */
  get nextDeadline(): number | undefined {
    return this.#calls.deadlines.next();
  }

  /** `wamp.registration.*`. A CALL of them given to `call` is answered there. */
  procedures(): MetaProcedures {
    return this.#procedures;
  }

  register(member: Member, message: Register, wall: number): void {
    this.registrar.register(member, message, wall);
  }

  unregister(member: Member, message: Unregister): void {
    this.registrar.unregister(member, message);
  }

  call(member: Member, message: Call | ContinuedCall, now: number): void {
    const party = this.#calls.party(member);
    if (message.request <= party.lastRequest || (message as ContinuedCall).continues) {
      return this.#dispatcher.continueCall(party, message);
    }
    takeOn(party, CALL, message.request);
    this.#onCall(party, message, now);
    party.answering = 0;
  }

  #onCall(party: Party, message: Call, now: number): void {
    const options = readCallOptions(message.options);
    if (options instanceof BadOption) {
      const why = refusal(ERRORS.invalidArgument, options.detail);
      return refuseCall(party, message.request, why);
    }
    const registration = this.registrations.match(message.procedure);
    if (!registration) return this.#onUnmatched(party, message);
    if (registration.match !== 'exact') {
      const { procedure } = message;
      // A client's pattern matches neither what is no URI nor what is the router's own.
      if (isReserved(procedure) || !this.#isUri(procedure)) {
        return this.#onUnmatched(party, message);
      }
    }
    this.#dispatcher.start(party, message, options, registration, now);
  }

  #onUnmatched(party: Party, message: Call): void {
    const { procedure, request } = message;
    const own = this.#d.procedures?.get(procedure) ?? this.#procedures.get(procedure);
    if (own) return answerMeta(party.member, message, own);
    const isUri = this.#isUri(procedure);
    refuseCall(
      party,
      request,
      isUri
        ? refusal(ERRORS.noSuchProcedure, 'no such procedure is registered')
        : refusal(ERRORS.invalidUri, 'the procedure is not a valid URI'),
    );
  }

  yield(member: Member, message: Yield, now: number): void {
    const call = this.#calls.party(member).invocations.get(message.request);
    if (!call) return this.#onStray(member, message.request);
    const options = readYieldOptions(message.options);
    if (options instanceof BadOption) {
      return failCall(
        this.#calls,
        call,
        refusal(ERRORS.invalidArgument, `YIELD: ${options.detail}`),
      );
    }
    if (options.passthru && !this.#passes(call, message.request)) return;
    if (options.progress) return this.#onProgress(call, message, options, now);
    this.#calls.close(call);
    if (call.state === 'abandoned') return this.#d.effects.count('late_answers');
    answerCall(call.caller, {
      type: RESULT,
      request: call.request,
      details: resultDetails(options),
      payload: message.payload,
    });
  }

  #onProgress(call: InFlight, { payload }: Yield, options: YieldOptions, now: number): void {
    const { effects } = this.#d;
    if (call.state === 'abandoned') return effects.count('late_answers');
    if (!call.wantsProgress) return effects.count('unwanted_progress');
    call.retry = undefined; // the caller has seen this callee's work
    this.#calls.deadlines.postpone(call, now + call.timeoutMs);
    const { request } = call;
    const details = resultDetails(options);
    const sent = call.caller.member.outlet.send({ type: RESULT, request, details, payload });
    const why = sendFailure(sent, 'a progressive result');
    if (why) this.#stop(call, why.error, why.detail);
  }

  error(member: Member, message: ErrorMessage, now: number): void {
    if (message.requestType !== INVOCATION) {
      const detail = `ERROR: request type ${message.requestType} is not INVOCATION`;
      return this.#d.effects.abort(member, ERRORS.protocolViolation, detail);
    }
    const call = this.#calls.party(member).invocations.get(message.request);
    if (!call) return this.#onStray(member, message.request);
    if (call.state === 'running' && call.retry && message.error === ERRORS.unavailable) {
      return this.#dispatcher.reroute(call, call.retry, now);
    }
    this.#calls.close(call);
    if (call.state === 'abandoned') return this.#d.effects.count('late_answers');
    const { caller, request } = call;
    if (!this.#isUri(message.error)) {
      const why = refusal(ERRORS.invalidUri, 'the callee named an error that is not a valid URI');
      return refuseCall(caller, request, why);
    }
    const { error, details, payload } = message;
    answerCall(caller, { type: ERROR, requestType: CALL, request, details, error, payload });
  }

  cancel(member: Member, message: Cancel): void {
    const call = this.#calls.party(member).calls.get(message.request);
    if (!call) return this.#d.effects.count('late_cancels');
    const read = new OptionReader(message.options);
    const mode = read.oneOf('mode', CANCEL_MODES) ?? DEFAULT_CANCEL_MODE;
    if (read.mistake) return this.#stop(call, ERRORS.invalidArgument, read.mistake.detail);
    if (mode === 'kill' && (call.state === 'killing' || interrupt(call, 'kill'))) {
      call.state = 'killing';
      call.stream = undefined;
      return;
    }
    // A callee that cannot be told is left alone: its answer is dropped.
    if (mode === 'killnowait') return this.#stop(call, ERRORS.canceled, 'canceled by the caller');
    this.#calls.abandon(call, false);
    refuseCall(call.caller, call.request, refusal(ERRORS.canceled, 'canceled by the caller'));
  }

  /** The session is over: nothing is sent to it from here on. May be repeated. */
  leave(member: Member): void {
    this.registrar.leave(member);
    const party = this.#calls.known(member);
    if (!party) return;
    for (const call of [...party.calls.values()]) this.#onCallerLeft(call);
    for (const call of [...party.invocations.values()]) this.#onCalleeLeft(call);
    this.#calls.forget(member);
  }

  #onCallerLeft(call: InFlight): void {
    const isOwn = call.callee.member === call.caller.member;
    const wasTold = !isOwn && interrupt(call, 'killnowait');
    this.#calls.abandon(call, wasTold);
  }

  #onCalleeLeft(call: InFlight): void {
    this.#calls.close(call);
    if (call.state === 'abandoned') return;
    refuseCall(call.caller, call.request, refusal(ERRORS.canceled, 'the callee has left'));
  }

  /** Ends every call whose time is up. Returns when the next one is due. */
  expire(now: number): number | undefined {
    const { deadlines } = this.#calls;
    for (let call = deadlines.takeDue(now); call; call = deadlines.takeDue(now)) {
      this.#stop(call, ERRORS.timeout, `no answer within ${call.timeoutMs} ms`);
      this.#d.effects.count('calls_timed_out');
    }
    return deadlines.next();
  }

  #stop(call: InFlight, error: string, detail: string): void {
    stopCall(this.#calls, call, refusal(error, detail));
  }

  #isUri(uri: string): boolean {
    return isValidUri(uri, this.#d.uriRule, 'exact');
  }

  /** Payload passthru mode works only when both sides announce it (advanced payload_passthru_mode). */
  #passes(call: InFlight, invocation: Id): boolean {
    const callee = call.callee.member;
    if (!callee.features.callee?.has('payload_passthru_mode')) {
      const detail = 'YIELD: payload_passthru_mode was not announced';
      this.#d.effects.abort(callee, ERRORS.protocolViolation, detail);
      return false;
    }
    if (call.state === 'abandoned') return true;
    if (call.caller.member.features.caller?.has('payload_passthru_mode')) return true;
    const why = refusal(ERRORS.featureNotSupported, 'the caller has no payload_passthru_mode');
    this.#calls.close(call);
    refuseCall(call.caller, call.request, why);
    callee.outlet.send(errorFor(callee, YIELD, invocation, why));
    return false;
  }

  /** An answer to nothing: too late, or never asked for. */
  #onStray(member: Member, invocation: Id): void {
    if (invocation <= member.lastInvocation) return this.#d.effects.count('late_answers');
    const detail = `there was no INVOCATION with request id ${invocation}`;
    this.#d.effects.abort(member, ERRORS.protocolViolation, detail);
  }

  /**
   * After a crash of the router: ends what it was in the middle of, so that nobody waits in vain. Call it before
   * anything else; `isPresent` says whether the member's session still is in the realm.
   */
  recover(isPresent: (member: Member) => boolean): void {
    mendCalls(this.#calls, this.registrar);
    for (const { member } of [...this.#calls.parties()]) {
      if (!isPresent(member)) this.leave(member);
    }
  }

  /** After `recover`: the request that was being handled when the router died. */
  interrupted(member: Member, request: Request): void {
    answerInterrupted(this.#calls, member, request);
  }
}
