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
import { CALL } from '../../../runtime/wamp/message.ts';
import { isValidUri } from '../../../runtime/wamp/uri.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { ContinuedCall, Member, Request } from '../api.ts';
import type { Rows } from '../effects.ts';
import type { MetaProcedures } from '../meta.ts';
import { answerMeta, metaTable } from '../meta.ts';
import { BadOption, OptionReader } from '../options.ts';
import { NOT_AUTHORIZED, refusal } from '../refusals.ts';
import { interrupt, refuseCall, stopCall, takeOn } from './answers.ts';
import { readCallOptions, unannounced } from './call-options.ts';
import type { InFlight, Party } from './calls.ts';
import { Calls } from './calls.ts';
import { Dispatcher } from './dispatcher.ts';
import { answerInterrupted, mendCalls } from './recovery.ts';
import type { RegistrarDependencies } from './registrar.ts';
import { Registrar } from './registrar.ts';
import { registrationProcedures } from './registration-meta.ts';
import type { Registration } from './registrations.ts';
import { Registrations } from './registrations.ts';
import { Replies } from './replies.ts';

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
  readonly #replies: Replies;
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
    this.#replies = new Replies({
      ...dependencies,
      calls: this.#calls,
      dispatcher: this.#dispatcher,
    });
  }

  /** Monotonic ms at which `expire` is due; undefined: no call has a deadline. */
  get nextDeadline(): number | undefined {
    return this.#calls.deadlines.next();
  }

  /** Hands over what was counted since the last time. */
  report(): void {
    this.#calls.tally.handOver((counter, by) => this.#d.effects.count(counter, by));
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
    if ('continues' in message) {
      return this.#dispatcher.continueCall(party, message);
    }
    takeOn(party, CALL, message.request);
    this.#calls.tally.calls++;
    this.#onCall(party, message, now);
    party.answering = 0;
  }

  #onCall(party: Party, message: Call, now: number): void {
    const options = readCallOptions(message.options);
    if (options instanceof BadOption) {
      const why = refusal(ERRORS.invalidArgument, options.detail);
      return refuseCall(this.#calls, party, message.request, why);
    }
    const feature = unannounced(party.member, options);
    if (feature) {
      const detail = `CALL: ${feature} was not announced`;
      return this.#d.effects.abort(party.member, ERRORS.protocolViolation, detail);
    }
    const { procedure } = message;
    if (this.#d.authorizer?.mayI(party.member, 'call', procedure, 'exact') === false) {
      this.#d.effects.count('requests_not_authorized');
      return refuseCall(this.#calls, party, message.request, NOT_AUTHORIZED);
    }
    const registration = this.registrations.match(procedure);
    if (!registration) return this.#onUnmatched(party, message);
    if (registration.match !== 'exact') {
      // A client's pattern does not match what is no URI.
      if (!this.#isUri(procedure)) return this.#onUnmatched(party, message);
    }
    this.#dispatcher.start(party, message, options, registration, now);
  }

  #onUnmatched(party: Party, message: Call): void {
    const { procedure, request } = message;
    const own = this.#d.procedures?.get(procedure) ?? this.#procedures.get(procedure);
    if (own) {
      if (answerMeta(party.member, message, own)) this.#calls.tally.results++;
      else this.#calls.tally.errors++;
      return;
    }
    const isUri = this.#isUri(procedure);
    refuseCall(
      this.#calls,
      party,
      request,
      isUri
        ? refusal(ERRORS.noSuchProcedure, 'no such procedure is registered')
        : refusal(ERRORS.invalidUri, 'the procedure is not a valid URI'),
    );
  }

  yield(member: Member, message: Yield, now: number): void {
    this.#replies.yield(member, message, now);
  }

  error(member: Member, message: ErrorMessage, now: number): void {
    this.#replies.error(member, message, now);
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
    refuseCall(
      this.#calls,
      call.caller,
      call.request,
      refusal(ERRORS.canceled, 'canceled by the caller'),
    );
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
    refuseCall(
      this.#calls,
      call.caller,
      call.request,
      refusal(ERRORS.canceled, 'the callee has left'),
    );
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
    const { config, uriRule } = this.#d;
    return uri.length <= config.maxUriLength && isValidUri(uri, uriRule, 'exact');
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
