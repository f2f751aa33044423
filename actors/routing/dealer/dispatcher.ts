/**
 * From a CALL to an INVOCATION: choosing the callee, the deadline, further chunks, and another callee when the
 * first declines (WAMP advanced shared_registration, call_timeout, progressive_call_invocations, call_rerouting).
 */
import type { RandomSource } from '../../../runtime/kernel/actor.ts';
import type { SendResult } from '../../../runtime/net/connection.ts';
import type { Call, Id, Invocation } from '../../../runtime/wamp/message.ts';
import { CALL, EMPTY, INVOCATION, retain } from '../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Authorizer } from '../../security/api.ts';
import type { Member } from '../api.ts';
import type { DealerConfig } from '../config.ts';
import type { RoutingEffects } from '../effects.ts';
import { OptionReader } from '../options.ts';
import type { Refusal } from '../refusals.ts';
import { NOT_AUTHORIZED, refusal, sendFailure } from '../refusals.ts';
import { refuseCall, stopCall } from './answers.ts';
import type { CallOptions } from './call-options.ts';
import { announces, invocationDetails, missingFeature } from './call-options.ts';
import type { Calls, InFlight, Party, Retry } from './calls.ts';
import type { InvokePolicy } from './invoke-policies.ts';
import { chooseCallee } from './invoke-policies.ts';
import type { Callee, Registration, RemoteCallee } from './registrations.ts';

export interface DispatcherDependencies {
  readonly calls: Calls;
  readonly effects: RoutingEffects;
  readonly random: RandomSource;
  readonly config: DealerConfig;
  readonly authorizer?: Pick<Authorizer, 'mayI' | 'mayDisclose'> | undefined;
  /** Callees here before callees elsewhere. */
  readonly preferLocal?: boolean | undefined;
  /** REGISTERED comes before any INVOCATION. */
  announce(registration: Registration, callee: Callee): void;
}

const MAX_ID = 2 ** 53;

/** Bounds what a caller may have copied: calls that may be re-routed, and bytes of each. */
const MAX_RETRIES = 1_024;
const MAX_RETRY_BYTES = 64 * 1024;

const NOBODY: ReadonlySet<Callee> = new Set();

export class Dispatcher {
  readonly #d: DispatcherDependencies;

  constructor(dependencies: DispatcherDependencies) {
    this.#d = dependencies;
  }

  /** A new call for this registration. */
  start(
    caller: Party,
    message: Call,
    options: CallOptions,
    registration: Registration,
    now: number,
  ): void {
    const why = this.#refuses(caller, message, options, registration);
    if (why) return refuseCall(this.#d.calls, caller, message.request, why);
    const timeoutMs = this.#timeoutOf(options);
    const deadline = timeoutMs > 0 ? now + timeoutMs : 0;
    this.#send(caller, message, options, registration, timeoutMs, deadline, undefined);
  }

  /** The callee declined: the next one by policy gets the call; the deadline stays. */
  reroute(declined: InFlight, retry: Retry, now: number): void {
    const { caller, registration, timeoutMs } = declined;
    const { message, options, tried, deadline } = retry;
    tried.add(declined.callee);
    caller.answeringType = CALL;
    caller.answering = message.request;
    this.#d.calls.close(declined);
    this.#d.effects.count('calls_rerouted');
    if (deadline > 0 && deadline <= now) {
      const why = refusal(ERRORS.timeout, `no answer within ${timeoutMs} ms`);
      this.#d.effects.count('calls_timed_out');
      refuseCall(this.#d.calls, caller, message.request, why);
    } else {
      this.#send(caller, message, options, registration, timeoutMs, deadline, tried);
    }
    caller.answering = 0;
  }

  /** A CALL with a known id: a chunk of an open progressive call, or one that comes too late. */
  continueCall(caller: Party, message: Call): void {
    const call = caller.calls.get(message.request);
    if (!call || call.state === 'killing') return this.#d.effects.count('late_chunks');
    const { stream } = call;
    if (!stream || stream.procedure !== message.procedure) {
      const detail = `CALL: request ${message.request} is not an open progressive call of this procedure`;
      return this.#d.effects.abort(caller.member, ERRORS.protocolViolation, detail);
    }
    // Judged like every CALL: the right to the first chunk may have been taken back since.
    if (this.#d.authorizer?.mayI(caller.member, 'call', stream.procedure, 'exact') === false) {
      this.#d.effects.count('requests_not_authorized');
      return this.#stop(call, NOT_AUTHORIZED);
    }
    const read = new OptionReader(message.options);
    const hasMore = read.boolean('progress') ?? false;
    if (read.mistake) {
      return this.#stop(call, refusal(ERRORS.invalidArgument, read.mistake.detail));
    }
    const { outlet } = call.callee.member;
    if (outlet.isCongested) {
      this.#d.effects.count('congested_callees_passed_over');
      return this.#stop(call, refusal(ERRORS.unavailable, 'the callee does not keep up'));
    }
    if (!hasMore) call.stream = undefined;
    call.retry = undefined; // a second callee would not have the first chunks
    const details = hasMore ? { ...stream.details, progress: true } : stream.details;
    const sent = outlet.send({
      type: INVOCATION,
      request: call.invocation,
      registration: call.registration.id,
      details,
      payload: message.payload,
    });
    if (sent === 'closed') this.#stop(call, refusal(ERRORS.canceled, 'the callee has left'));
    const why = sendFailure(sent, 'the chunk');
    if (why) this.#stop(call, why);
  }

  #stop(call: InFlight, why: Refusal): void {
    stopCall(this.#d.calls, call, why);
  }

  #refuses(
    caller: Party,
    message: Call,
    options: CallOptions,
    registration: Registration,
  ): Refusal | undefined {
    const { authorizer, config } = this.#d;
    if (caller.calls.size >= config.maxCallsPerSession) {
      return refusal(ERRORS.limitExceeded, 'too many calls of this session are unanswered');
    }
    const { discloseMe, runmode, routingKey } = options;
    if (discloseMe && authorizer?.mayDisclose(caller.member, 'call', message.procedure) === false) {
      return refusal(ERRORS.discloseMeDisallowed, 'disclose_me is not allowed here');
    }
    if (runmode === 'all') {
      return refusal(ERRORS.featureNotSupported, 'runmode all is not supported, use partition');
    }
    if (routingKey === undefined && policyFor(registration, options) === 'jump_consistent_hash') {
      return refusal(ERRORS.invalidArgument, 'this call needs the option rkey');
    }
    return undefined;
  }

  #timeoutOf({ timeoutMs }: CallOptions): number {
    const { callTimeoutMs, maxCallTimeoutMs } = this.#d.config;
    const wanted = timeoutMs ?? callTimeoutMs;
    if (maxCallTimeoutMs === 0) return wanted;
    return wanted === 0 ? maxCallTimeoutMs : Math.min(wanted, maxCallTimeoutMs);
  }

  /** Sends the invocation to the first callee that takes it, or answers the call. `tried`: it is a second try. */
  #send(
    caller: Party,
    message: Call,
    options: CallOptions,
    registration: Registration,
    timeoutMs: number,
    deadline: number,
    tried: Set<Callee> | undefined,
  ): void {
    const isRetry = tried !== undefined;
    let gone = tried;
    let wasLost = false;
    for (;;) {
      const callee = this.#choose(registration, options, gone ?? NOBODY);
      if (!callee) {
        return refuseCall(
          this.#d.calls,
          caller,
          message.request,
          whyNobody(registration, options, isRetry, wasLost && !isRetry),
        );
      }
      const isWatched = timeoutMs > 0 && callee.forwardTimeout;
      const details = invocationDetails(
        caller.member,
        callee,
        registration,
        message.procedure,
        options,
        isWatched ? timeoutMs : 0,
      );
      const previous = callee.member.lastInvocation;
      const call: InFlight = {
        caller,
        request: message.request,
        callee,
        invocation: nextInvocation(callee.member),
        registration,
        procedure: message.procedure,
        state: 'running',
        isSent: false,
        wantsProgress: options.receiveProgress,
        timeoutMs,
        deadline: 0,
        stream: options.progress ? { procedure: message.procedure, details } : undefined,
        retry: undefined,
        takesPassthru: undefined,
      };
      if (callee.pending > 0) this.#d.announce(registration, callee);
      call.retry = retryOf(call, message, options, deadline, tried);
      this.#d.calls.open(call, isWatched ? 0 : deadline);
      const invocation: Invocation = {
        type: INVOCATION,
        request: call.invocation,
        registration: registration.id,
        details: options.progress ? { ...details, progress: true } : details,
        payload: message.payload,
      };
      const { remote, member } = callee;
      const sent = remote ? invokeFar(remote, invocation, caller) : member.outlet.send(invocation);
      if (sent === 'sent') {
        call.isSent = true;
        return;
      }
      this.#d.calls.close(call);
      callee.member.lastInvocation = previous; // nobody has seen it
      const why = sendFailure(sent, 'the call');
      if (why) return refuseCall(this.#d.calls, caller, message.request, why);
      gone = (gone ?? new Set()).add(callee);
      wasLost ||= remote === undefined;
    }
  }

  /** Callees that may be reached come first; then those whose node is in doubt; never those whose node is down. */

  #choose(
    registration: Registration,
    options: CallOptions,
    gone: ReadonlySet<Callee>,
  ): Callee | undefined {
    if (!registration.hasRemote) return this.#pick(registration, options, gone, ANYWHERE);
    const near = this.#d.preferLocal && this.#pick(registration, options, gone, HERE);
    return (
      near ||
      (this.#pick(registration, options, gone, UP) ??
        this.#pick(registration, options, gone, DOUBTED))
    );
  }

  #pick(
    registration: Registration,
    options: CallOptions,
    gone: ReadonlySet<Callee>,
    isIn: (callee: Callee) => boolean,
  ): Callee | undefined {
    const { callees } = registration;
    if (callees.length === 1) {
      const [only] = callees;
      return isIn(only) && this.#accepts(only, options, gone) ? only : undefined;
    }
    if (callees.length === 0) return undefined; // deleted while a call was re-routed
    const policy = policyFor(registration, options);
    return chooseCallee(
      registration,
      policy,
      options.routingKey ?? '',
      this.#d.random,
      (callee) => isIn(callee) && this.#accepts(callee, options, gone),
    );
  }

  #accepts(callee: Callee, options: CallOptions, gone: ReadonlySet<Callee>): boolean {
    if (callee.concurrency > 0 && callee.running >= callee.concurrency) return false;
    if (options.progress || options.passthru) {
      if (missingFeature(callee, options) !== undefined) return false;
    }
    if (gone.size > 0 && gone.has(callee)) return false;
    if (!callee.member.outlet.isCongested) return true;
    this.#d.effects.count('congested_callees_passed_over');
    return false;
  }
}

const ANYWHERE = (): boolean => true;
const HERE = ({ remote }: Callee): boolean => !remote;
const UP = ({ remote }: Callee): boolean => !remote || remote.peer.state === 'up';
const DOUBTED = ({ remote }: Callee): boolean => remote?.peer.state === 'doubted';

/** A node that cannot be reached is passed over like a callee that has just left. */
function invokeFar({ proxy }: RemoteCallee, invocation: Invocation, caller: Party): SendResult {
  const relayed = proxy.outlet.invoke(invocation, caller.member);
  return relayed === 'unreachable' ? 'closed' : relayed;
}

/** CALL.runmode partition is a consistent hash of its rkey over the callees, whatever the registration's policy. */
function policyFor(registration: Registration, { runmode }: CallOptions): InvokePolicy {
  return runmode === 'partition' ? 'jump_consistent_hash' : registration.invoke;
}

function whyNobody(
  { callees }: Registration,
  options: CallOptions,
  isRetry: boolean,
  wasLost: boolean,
): Refusal {
  if (isRetry) return refusal(ERRORS.noAvailableCallee, 'every callee has declined');
  const missing = callees.map((callee) => missingFeature(callee, options));
  if (missing.length > 0 && missing.every((feature) => feature !== undefined)) {
    return refusal(ERRORS.featureNotSupported, `no callee has announced ${missing[0]}`);
  }
  if (wasLost) return refusal(ERRORS.canceled, 'the callee has left');
  return refusal(ERRORS.unavailable, 'every callee has as many calls as it can take');
}

/** Kept only where it can be used: the payload has to be copied for it. */
function retryOf(
  { caller, callee, registration, stream }: InFlight,
  message: Call,
  options: CallOptions,
  deadline: number,
  tried: Set<Callee> | undefined,
): Retry | undefined {
  if (tried) return { message, options, deadline, tried };
  if (registration.callees.length < 2 || stream) return undefined;
  // A far callee may be gone when the call comes to its node, whatever it announced.
  if (!callee.remote && !announces(callee, 'call_reroute')) return undefined;
  const { payload } = message;
  // Without one it is not re-routed, and its caller hears what the callee said.
  if (caller.calls.size >= MAX_RETRIES || payload.end - payload.start > MAX_RETRY_BYTES) {
    return undefined;
  }
  const copy = { ...message, options: EMPTY, payload: retain(payload) };
  return { message: copy, options, deadline, tried: new Set() };
}

/** INVOCATION.Request counts per callee from 1 (basic/building_blocks.md §IDs). */
export function nextInvocation(callee: Member): Id {
  callee.lastInvocation = callee.lastInvocation === MAX_ID ? 1 : callee.lastInvocation + 1;
  return callee.lastInvocation;
}
