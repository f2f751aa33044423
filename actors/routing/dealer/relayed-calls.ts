/**
 * Calls of other nodes' callers to callees of this one. The origin has chosen the callee, made INVOCATION.Details, and
 * keeps time; here the call is a row like any other, whose caller is a proxy.
 */
import type { Id, Invocation } from '../../../runtime/wamp/message.ts';
import { CALL, INVOCATION } from '../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Member } from '../api.ts';
import type { RoutingEffects } from '../effects.ts';
import { refusal, sendFailure } from '../refusals.ts';
import { interrupt, refuseCall, stopCall, takeOn } from './answers.ts';
import type { Calls, InFlight, Party } from './calls.ts';
import { nextInvocation } from './dispatcher.ts';
import type { Callee, Registration, Registrations } from './registrations.ts';

export interface RelayedCallDependencies {
  readonly registrations: Registrations;
  readonly calls: Calls;
  readonly effects: RoutingEffects;
  /** REGISTERED comes before any INVOCATION. */
  announce(registration: Registration, callee: Callee): void;
}

export interface RelayedCall {
  /** The proxy. */
  readonly caller: Member;
  readonly callee: Id;
  readonly takesPassthru: boolean;
  readonly message: Invocation;
}

export class RelayedCalls {
  readonly #d: RelayedCallDependencies;

  constructor(dependencies: RelayedCallDependencies) {
    this.#d = dependencies;
  }

  /** Answers why the callee will not have it, so that another may. Undefined: it is taken, and answered later. */
  start({ caller, callee: session, takesPassthru, message }: RelayedCall): string | undefined {
    const { calls, effects, registrations } = this.#d;
    const party = calls.party(caller);
    if (message.request <= party.lastRequest) return this.#again(party, message.request);
    const registration = registrations.get(message.registration);
    const callee = registration?.callees.find(
      ({ member, remote }) => member.id === session && !remote,
    );
    if (!registration || !callee) return 'the callee has left';
    if (callee.concurrency > 0 && callee.running >= callee.concurrency) {
      return 'the callee has as many calls as it can take';
    }
    const { member } = callee;
    if (member.outlet.isCongested) {
      effects.count('congested_callees_passed_over');
      return 'the callee does not keep up';
    }
    takeOn(party, CALL, message.request);
    if (callee.pending > 0) this.#d.announce(registration, callee);
    const previous = member.lastInvocation;
    const call: InFlight = {
      caller: party,
      request: message.request,
      callee,
      invocation: nextInvocation(member),
      registration,
      procedure: registration.uri,
      state: 'running',
      isSent: false,
      wantsProgress: true, // whether the caller does, its own node knows
      timeoutMs: 0,
      deadline: 0,
      stream: undefined,
      retry: undefined,
      takesPassthru,
    };
    calls.open(call, 0);
    const sent = member.outlet.send({
      type: INVOCATION,
      request: call.invocation,
      registration: message.registration,
      details: message.details,
      payload: message.payload,
    });
    if (sent === 'sent') call.isSent = true;
    else {
      calls.close(call);
      member.lastInvocation = previous; // nobody has seen it
    }
    const why = sendFailure(sent, 'the call');
    if (why) refuseCall(calls, party, message.request, why);
    party.answering = 0;
    return sent === 'closed' ? 'the callee has left' : undefined;
  }

  /**
   * It came already, or a later one overtook it while nobody took it in. One that is over is refused in both cases: the
   * origin ignores that when it has the answer, and else nobody would ever answer it.
   */
  #again(party: Party, request: Id): string | undefined {
    this.#d.effects.count('relay_duplicates');
    return party.calls.has(request) ? undefined : 'the call came late';
  }

  /** A further chunk of a progressive call. */
  continue(caller: Member, { request, details, payload }: Invocation): void {
    const { calls, effects } = this.#d;
    const call = calls.known(caller)?.calls.get(request);
    if (!call || call.state === 'killing') return effects.count('late_chunks');
    const { outlet } = call.callee.member;
    if (outlet.isCongested) {
      effects.count('congested_callees_passed_over');
      const why = refusal(ERRORS.unavailable, 'the callee does not keep up');
      return stopCall(calls, call, why);
    }
    const { invocation, registration } = call;
    const sent = outlet.send({
      type: INVOCATION,
      request: invocation,
      registration: registration.id,
      details,
      payload,
    });
    const left = sent === 'closed' ? refusal(ERRORS.canceled, 'the callee has left') : undefined;
    const why = left ?? sendFailure(sent, 'the chunk');
    if (why) stopCall(calls, call, why);
  }

  /** `killnowait`: the caller has its answer already. */
  interrupt(caller: Member, request: Id, mode: 'kill' | 'killnowait'): void {
    const { calls, effects } = this.#d;
    const call = calls.known(caller)?.calls.get(request);
    if (!call) return effects.count('late_cancels');
    if (mode === 'kill') {
      if (call.state === 'killing' || interrupt(call, 'kill')) call.state = 'killing';
      return; // a callee that cannot be told answers when it is done
    }
    this.#abandon(call);
  }

  /** Nobody there waits any more. */
  drop(caller: Member): void {
    const party = this.#d.calls.known(caller);
    for (const call of [...(party?.calls.values() ?? [])]) this.#abandon(call);
    this.#d.calls.forget(caller);
  }

  #abandon(call: InFlight): void {
    this.#d.calls.abandon(call, interrupt(call, 'killnowait'));
  }
}
