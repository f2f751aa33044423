/**
 * Calls that end before their callee has answered: CANCEL (WAMP advanced rpc_call_canceling), a caller or callee that has
 * left, a node that cannot be reached, a timeout. Each leaves its caller with one answer.
 */
import type { Cancel } from '../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Authorizer } from '../../security/api.ts';
import type { Member } from '../api.ts';
import type { RoutingEffects } from '../effects.ts';
import { OptionReader } from '../options.ts';
import { refusal } from '../refusals.ts';
import { interrupt, refuseCall, stopCall } from './answers.ts';
import type { Calls, InFlight } from './calls.ts';

/** CANCEL names no default in the specification: the caller gets its answer at once, and the callee may stop. */
const DEFAULT_CANCEL_MODE = 'killnowait';

const CANCEL_MODES = ['skip', 'kill', 'killnowait'] as const;

export class Endings {
  readonly #calls: Calls;
  readonly #effects: Pick<RoutingEffects, 'count'>;
  readonly #authorizer: Pick<Authorizer, 'mayI'> | undefined;

  constructor(
    calls: Calls,
    effects: Pick<RoutingEffects, 'count'>,
    authorizer?: Pick<Authorizer, 'mayI'>,
  ) {
    this.#calls = calls;
    this.#effects = effects;
    this.#authorizer = authorizer;
  }

  cancel(member: Member, message: Cancel): void {
    const call = this.#calls.party(member).calls.get(message.request);
    if (!call) return this.#effects.count('late_cancels');
    // CANCEL has no answer of its own: the call goes on.
    if (this.#authorizer?.mayI(member, 'cancel', call.procedure, 'exact') === false) {
      return this.#effects.count('requests_not_authorized');
    }
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
    this.#refuse(call, 'canceled by the caller');
  }

  /** A session is over, with what it called and what it was called for. */
  left(member: Member): void {
    const party = this.#calls.known(member);
    if (!party) return;
    for (const call of [...party.calls.values()]) this.#callerLeft(call);
    for (const call of [...party.invocations.values()]) {
      this.#calleeGone(call, 'the callee has left');
    }
    this.#calls.forget(member);
  }

  /** The node of a callee counts as dead: its calls are answered at once. */
  unreachable(callee: Member): void {
    for (const call of [...(this.#calls.known(callee)?.invocations.values() ?? [])]) {
      this.#calleeGone(call, 'the callee’s node cannot be reached');
    }
  }

  /** Ends every call whose time is up. Returns when the next one is due. */
  expire(now: number): number | undefined {
    const { deadlines } = this.#calls;
    for (let call = deadlines.takeDue(now); call; call = deadlines.takeDue(now)) {
      this.#stop(call, ERRORS.timeout, `no answer within ${call.timeoutMs} ms`);
      this.#effects.count('calls_timed_out');
    }
    return deadlines.next();
  }

  #callerLeft(call: InFlight): void {
    const isOwn = call.callee.member === call.caller.member;
    const wasTold = !isOwn && interrupt(call, 'killnowait');
    this.#calls.abandon(call, wasTold);
  }

  #calleeGone(call: InFlight, detail: string): void {
    this.#calls.close(call);
    if (call.state !== 'abandoned') this.#refuse(call, detail);
  }

  #refuse(call: InFlight, detail: string): void {
    refuseCall(this.#calls, call.caller, call.request, refusal(ERRORS.canceled, detail));
  }

  #stop(call: InFlight, error: string, detail: string): void {
    stopCall(this.#calls, call, refusal(error, detail));
  }
}
