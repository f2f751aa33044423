/**
 * Calls that the node's admin API answers, which takes time. Their rows outlive the router: each is answered once, by the
 * API, or by the next router when this one died and nobody would hear the answer.
 */
import type { CallOutcome } from '../../../runtime/kernel/actor.ts';
import { Unencodable } from '../../../runtime/wamp/codec.ts';
import type { Call, Id } from '../../../runtime/wamp/message.ts';
import { CALL, EMPTY, ERROR } from '../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { ApiCall, ApiOutcome } from '../../management/api.ts';
import { errorPayload } from '../../management/api.ts';
import type { Member } from '../api.ts';
import type { RoutingEffects, Rows } from '../effects.ts';
import type { Refusal } from '../refusals.ts';
import { errorFor, INTERRUPTED, refusal } from '../refusals.ts';
import { replyTo } from '../meta.ts';

/** A row. */
export interface ManagedCall {
  readonly id: Id;
  readonly caller: Member;
  /** CALL.Request. */
  readonly request: Id;
}

export interface ManagedCallParts {
  readonly rows: Rows<Id, ManagedCall>;
  readonly effects: Pick<RoutingEffects, 'count'>;
  /** The name in the table of operations; undefined: not an operation. */
  nameOf(uri: string): string | undefined;
  /** The outcome comes to `answered`. False: nobody is there. */
  ask(id: Id, call: Omit<ApiCall, 'caller'>, caller: Member): boolean;
  isMember(member: Member): boolean;
}

const MAX_OPEN = 10_000;
const BUSY = refusal(ERRORS.unavailable, 'too many calls of the admin API are open');
const RESTARTING = refusal(ERRORS.unavailable, 'the admin API is being restarted');
const TIMEOUT = refusal(ERRORS.timeout, 'it is not known whether it was done');
const FAILED = refusal(ERRORS.internal, 'the admin API failed while it handled this');

export class ManagedCalls {
  readonly #p: ManagedCallParts;
  #last: Id = 0;

  constructor(parts: ManagedCallParts) {
    this.#p = parts;
  }

  nameOf(uri: string): string | undefined {
    return this.#p.nameOf(uri);
  }

  /** Answers why not; undefined: it is answered later. */
  start(caller: Member, { request, payload }: Call, uri: string): Refusal | undefined {
    const { rows } = this.#p;
    if (rows.size >= MAX_OPEN) return BUSY;
    const read = caller.outlet.codec.read(payload);
    if (read instanceof Unencodable) return refusal(ERRORS.invalidArgument, read.detail);
    while (rows.has(++this.#last)); // those of a router before this one
    const id = this.#last;
    rows.set(id, { id, caller, request });
    const { args, kwargs } = read;
    if (this.#p.ask(id, { uri, args, kwargs }, caller)) return undefined;
    rows.delete(id);
    return RESTARTING;
  }

  answered(id: Id, outcome: CallOutcome<ApiOutcome>): void {
    const call = this.#p.rows.get(id);
    if (!call) return this.#p.effects.count('late_answers');
    this.#p.rows.delete(id);
    if (!this.#p.isMember(call.caller)) return;
    switch (outcome.kind) {
      case 'reply':
        return this.#reply(call, outcome.value);
      case 'timeout':
        return this.#refuse(call, TIMEOUT);
      case 'down':
        return this.#refuse(call, FAILED);
    }
  }

  /** After a crash. `isMarked`: the dealer answers it, because it was being handled. */
  recover(isMarked: (caller: Member, request: Id) => boolean): void {
    for (const call of [...this.#p.rows.values()]) {
      this.#p.rows.delete(call.id);
      const { caller, request } = call;
      if (this.#p.isMember(caller) && !isMarked(caller, request)) this.#refuse(call, INTERRUPTED);
    }
  }

  #reply({ caller, request }: ManagedCall, outcome: ApiOutcome): void {
    if (outcome.kind === 'result') {
      const { args, kwargs } = outcome;
      return void replyTo(caller, request, { args, ...(kwargs && { kwargs }) });
    }
    const { args, kwargs } = errorPayload(outcome.error);
    const payload = caller.outlet.codec.payload(args, kwargs);
    const error = outcome.error.uri;
    caller.outlet.send({ type: ERROR, requestType: CALL, request, details: EMPTY, error, payload });
  }

  #refuse({ caller, request }: ManagedCall, why: Refusal): void {
    caller.outlet.send(errorFor(caller, CALL, request, why));
  }
}
