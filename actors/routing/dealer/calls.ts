/**
 * Calls that are not answered yet: one row per call, found by the caller's request id and by the callee's
 * invocation id. The rows hang on one `Party` per session in a table that outlives the router, so a router may
 * crash and every call is still answered exactly once.
 */
import type { Call, Dict, Id } from '../../../runtime/wamp/message.ts';
import { CALL } from '../../../runtime/wamp/message.ts';
import type { Member } from '../api.ts';
import type { Rows } from '../effects.ts';
import { Tally } from '../tally.ts';
import type { CallOptions } from './call-options.ts';
import { Deadlines } from './deadlines.ts';
import type { Callee, Registration } from './registrations.ts';

/** A session's part in calls. */
export interface Party {
  readonly member: Member;
  /** As caller, by CALL.Request: what it waits for. */
  readonly calls: Map<Id, InFlight>;
  /** As callee, by INVOCATION.Request: what it works on. */
  readonly invocations: Map<Id, InFlight>;
  /** The last request the dealer has taken on. */
  lastRequest: Id;
  /** The request being answered now, 0 for none: still set after a crash, it says who waits in vain. */
  answering: Id;
  answeringType: number;
  /** What that request registered, if it is a REGISTER that has got so far. */
  registering: Registration | undefined;
}

/**
 * `running`: the caller waits. `killing`: it asked for `kill` and waits for what the callee says.
 * `abandoned`: it has its answer or is gone, and the callee's slot is occupied until the callee answers.
 */
export type CallState = 'running' | 'killing' | 'abandoned';

export interface InFlight {
  readonly caller: Party;
  /** CALL.Request. */
  readonly request: Id;
  readonly callee: Callee;
  /** INVOCATION.Request. */
  readonly invocation: Id;
  readonly registration: Registration;
  /** As called; of a call from another node, where nobody asks, the registration's. */
  readonly procedure: string;
  state: CallState;
  /** The callee has the INVOCATION. Only after a crash is there a row without. */
  isSent: boolean;
  /** The caller asked for progressive results. */
  readonly wantsProgress: boolean;
  /** Ms between results; 0: no limit kept here. */
  readonly timeoutMs: number;
  deadline: number;
  /** Present while the caller may send further chunks (progressive call invocations). */
  stream: Stream | undefined;
  /** Present while the call may go to another callee (call re-routing). */
  retry: Retry | undefined;
  /** Of a call from another node: its caller takes payload passthru mode. Undefined: ask the caller. */
  readonly takesPassthru: boolean | undefined;
}

export interface Stream {
  readonly procedure: string;
  /** INVOCATION.Details of every chunk, without `progress`. */
  readonly details: Dict;
}

export interface Retry {
  /** With a payload of its own. */
  readonly message: Call;
  readonly options: CallOptions;
  /** Monotonic ms, also when the callee watches the time itself; 0: none. */
  readonly deadline: number;
  /** Callees that have declined. */
  readonly tried: Set<Callee>;
}

export class Calls {
  readonly #parties: Rows<Member, Party>;
  readonly deadlines = new Deadlines<InFlight>();
  readonly tally = new Tally();

  constructor(parties: Rows<Member, Party>) {
    this.#parties = parties;
  }

  parties(): Iterable<Party> {
    return this.#parties.values();
  }

  party(member: Member): Party {
    return this.#parties.get(member) ?? this.#newParty(member);
  }

  known(member: Member): Party | undefined {
    return this.#parties.get(member);
  }

  forget(member: Member): void {
    this.#parties.delete(member);
  }

  /** `deadline` 0: none. */
  open(call: InFlight, deadline: number): void {
    call.caller.calls.set(call.request, call);
    call.callee.party.invocations.set(call.invocation, call);
    call.callee.running++;
    if (deadline > 0) this.deadlines.set(call, deadline);
  }

  /** Nobody waits and nobody works any more. */
  close(call: InFlight): void {
    this.#detachCaller(call);
    call.callee.party.invocations.delete(call.invocation);
    call.callee.running--;
  }

  /**
   * Nobody waits any more. A callee that was told not to answer, or that counts no slots, is done with it; another
   * one answers later, so its slot is free only then. At most `concurrency` such rows per callee.
   */
  abandon(call: InFlight, wasTold: boolean): void {
    if (wasTold || call.callee.concurrency === 0) return this.close(call);
    this.#detachCaller(call);
    call.state = 'abandoned';
  }

  /** Counts the slots anew from the rows. */
  recount(): void {
    for (const party of this.#parties.values()) {
      for (const call of party.invocations.values()) call.callee.running = 0;
    }
    for (const party of this.#parties.values()) {
      for (const call of party.invocations.values()) call.callee.running++;
    }
  }

  #detachCaller(call: InFlight): void {
    if (call.state === 'abandoned') return;
    call.caller.calls.delete(call.request);
    if (call.deadline > 0) this.deadlines.clear(call);
  }

  #newParty(member: Member): Party {
    const party: Party = {
      member,
      calls: new Map(),
      invocations: new Map(),
      lastRequest: 0,
      answering: 0,
      answeringType: CALL,
      registering: undefined,
    };
    this.#parties.set(member, party);
    return party;
  }
}
