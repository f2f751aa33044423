/** A realm's router and the admin API: calls that the API answers, and what it asks of the router itself. */
import type { Context } from '../../runtime/kernel/actor.ts';
import type { Outlet, SendResult, TransportInfo } from '../../runtime/net/connection.ts';
import type { Codec } from '../../runtime/wamp/codec.ts';
import { Unencodable } from '../../runtime/wamp/codec.ts';
import type { Id, RouterMessage } from '../../runtime/wamp/message.ts';
import { CALL, EMPTY, ERROR, RESULT } from '../../runtime/wamp/message.ts';
import type { ApiOutcome, Caller, ManagementMessage } from '../management/api.ts';
import { apiError, MANAGEMENT } from '../management/api.ts';
import type { AskedByManagement, Member, RouterInput } from './api.ts';
import type { Dealer } from './dealer/dealer.ts';
import type { ManagedCall } from './dealer/managed-calls.ts';
import { ManagedCalls } from './dealer/managed-calls.ts';
import type { RoutingEffects, Rows } from './effects.ts';

/** What a router needs to know of the admin API. */
export interface ManagementLink {
  nameOf(uri: string): string | undefined;
  callerOf(member: Member): Caller;
  /** Long enough for a backup. */
  readonly timeoutMs: number;
}

export interface ManagingParts {
  /** Undefined: there is none. */
  readonly link: ManagementLink | undefined;
  readonly context: Context<RouterInput>;
  readonly rows: Rows<Id, ManagedCall>;
  /** Who asks, until it is answered. */
  readonly asked: Rows<Member, AskedByManagement>;
  readonly effects: Pick<RoutingEffects, 'count'>;
  readonly codec: Codec;
  isMember(member: Member): boolean;
}

export class Managing {
  /** For the dealer. */
  readonly calls: ManagedCalls | undefined;
  readonly #codec: Codec;
  readonly #asked: Rows<Member, AskedByManagement>;

  constructor({ link, context, rows, asked, effects, codec, isMember }: ManagingParts) {
    this.#codec = codec;
    this.#asked = asked;
    this.calls =
      link &&
      new ManagedCalls({
        rows,
        effects,
        isMember,
        nameOf: (uri) => link.nameOf(uri),
        ask: (id, call, member) => {
          const api = context.whereis(MANAGEMENT);
          if (!api) return false;
          const request = { ...call, caller: link.callerOf(member) };
          context.call<ManagementMessage, ApiOutcome>(
            api,
            (reply) => ({ kind: 'call', call: request, reply }) as const,
            link.timeoutMs,
            (outcome) => ({ kind: 'managed', id, outcome }) as const,
          );
          return true;
        },
      });
  }

  isAsker(member: Member): boolean {
    return this.#asked.has(member);
  }

  asked(input: AskedByManagement, dealer: Dealer): void {
    const asker = askerOf(input, this.#codec, (outcome) => {
      if (this.#asked.delete(asker)) input.answer(outcome);
    });
    this.#asked.set(asker, input);
    const { procedure, args, kwargs } = input;
    const payload = this.#codec.payload(args, kwargs);
    dealer.askOwn(asker, { type: CALL, request: 1, options: EMPTY, procedure, payload });
  }

  /** What the router before this one was asked it does not answer any more. */
  recover(): void {
    for (const asker of [...this.#asked.keys()]) {
      const asked = this.#asked.get(asker);
      this.#asked.delete(asker);
      asked?.answer(INTERRUPTED);
    }
  }
}

const INTERRUPTED: ApiOutcome = {
  kind: 'error',
  error: apiError('unavailable', 'the router of the realm failed meanwhile: try again'),
};

const NOBODY = {
  authid: '',
  authrole: '',
  authmethod: 'internal',
  authprovider: '',
  authextra: EMPTY,
  trustlevel: undefined,
  features: { publisher: undefined, subscriber: undefined, caller: undefined, callee: undefined },
  session: undefined,
  joinedAt: 0,
};

const INSIDE: TransportInfo = {
  kind: 'in_process',
  batched: false,
  tls: false,
  peer: { address: '', port: 0 },
  listener: 'management',
};

/** No session has the id 0. */
function askerOf(
  { session }: AskedByManagement,
  codec: Codec,
  answer: (outcome: ApiOutcome) => void,
): Member {
  const outlet = new AnswerOutlet(codec, answer);
  return { ...NOBODY, id: session ?? 0, transport: INSIDE, outlet, lastInvocation: 0 };
}

/** The other end of a call of the node's own. */
class AnswerOutlet implements Outlet {
  readonly codec: Codec;
  readonly backlog = 0;
  readonly isCongested = false;
  readonly #answer: (outcome: ApiOutcome) => void;

  constructor(codec: Codec, answer: (outcome: ApiOutcome) => void) {
    this.codec = codec;
    this.#answer = answer;
  }

  send(message: RouterMessage): SendResult {
    if (message.type !== RESULT && message.type !== ERROR) return 'closed';
    const read = this.codec.read(message.payload);
    if (read instanceof Unencodable) return 'unencodable';
    if (message.type === RESULT) this.#answer({ kind: 'result', ...read });
    else {
      const { error: uri } = message;
      const [detail] = read.args;
      const text = typeof detail === 'string' ? detail : uri;
      const code = uri.slice(uri.lastIndexOf('.') + 1);
      this.#answer({ kind: 'error', error: { uri, code, message: text, description: text } });
    }
    return 'sent';
  }

  sendShared(): SendResult {
    return 'closed';
  }
}
