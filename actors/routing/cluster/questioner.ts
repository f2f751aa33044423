/** Asks the other nodes what only they know, answers what they ask, and answers the caller once, whoever is silent. */
import type { Codec } from '../../../runtime/wamp/codec.ts';
import { Unencodable } from '../../../runtime/wamp/codec.ts';
import type {
  Call,
  Dict,
  ErrorMessage,
  Id,
  Result,
  SerializerId,
  Value,
} from '../../../runtime/wamp/message.ts';
import { CALL, EMPTY, ERROR, RESULT } from '../../../runtime/wamp/message.ts';
import type { RelayMessage } from '../../relay/api.ts';
import type { Member } from '../api.ts';
import type { RoutingEffects, Rows } from '../effects.ts';
import type { MetaProcedures, MetaReply } from '../meta.ts';
import { replyTo } from '../meta.ts';
import type { Peers } from './peers.ts';
import type { ClusterPort } from './port.ts';
import { callerProxy } from './proxies.ts';
import type { ProxyParts } from './proxies.ts';
import type { Question } from './questions.ts';
import { isAsked, isEnough, merge, replyOf } from './questions.ts';

export interface QuestionerParts {
  readonly port: ClusterPort;
  readonly peers: Peers;
  readonly proxies: ProxyParts;
  readonly rows: Rows<Id, Question>;
  readonly requests: { last: number };
  readonly codecs: Readonly<Record<SerializerId, Codec>>;
  readonly effects: Pick<RoutingEffects, 'count'>;
  /** What this node itself answers. */
  readonly procedures: () => MetaProcedures;
  isMember(member: Member): boolean;
  /** `giveUp` is to be called then. */
  giveUpLater(question: Id): void;
}

export class Questioner {
  readonly #p: QuestionerParts;

  constructor(parts: QuestionerParts) {
    this.#p = parts;
  }

  /** After a crash: their timers are gone. */
  recover(): void {
    for (const { id } of [...this.#p.rows.values()]) this.giveUp(id);
  }

  /** True: the call is answered when the others have. */
  ask(caller: Member, call: Call): boolean {
    const { peers, port, rows, requests } = this.#p;
    if (!isAsked(call.procedure)) return false;
    const others = [...peers.all()].filter(({ state }) => state !== 'down');
    if (others.length === 0 || rows.size >= port.config.maxQuestions) return false;
    const read = caller.outlet.codec.read(call.payload);
    if (read instanceof Unencodable) return false; // refused as on one node
    const own = this.#p.procedures().get(call.procedure)!(read.args, read.kwargs, caller);
    if (isEnough(call.procedure, own)) {
      replyTo(caller, call.request, own);
      return true;
    }
    const id = ++requests.last;
    const question: Question = {
      id,
      caller,
      request: call.request,
      procedure: call.procedure,
      open: new Set(),
      replies: [own],
      isPartial: others.length < peers.count,
    };
    rows.set(id, question);
    const message = { ...call, request: id, options: EMPTY };
    const { realm } = port;
    const asker = { id: caller.id, authid: caller.authid, authrole: caller.authrole };
    for (const { node, key } of others) {
      const sent = port.relay.try(node, { kind: 'question', realm, caller: asker, message });
      if (sent === 'sent') question.open.add(key);
      else question.isPartial = true;
    }
    if (question.open.size === 0) this.#answer(question);
    else this.#p.giveUpLater(id);
    return true;
  }

  /** Another node's caller asks. */
  onQuestion(from: string, { realm, caller, message }: Ask): void {
    const { port, codecs, proxies, procedures } = this.#p;
    const procedure = isAsked(message.procedure) ? procedures().get(message.procedure) : undefined;
    const read = codecs[message.payload.format].read(message.payload);
    if (!procedure || read instanceof Unencodable) return this.#p.effects.count('relay_strays');
    const asker: Member = {
      ...callerProxy(proxies, port.self, caller.id),
      ...caller,
      lastInvocation: 0,
    };
    const reply = procedure(read.args, read.kwargs, asker);
    const answer = this.#messageOf(message.request, reply);
    port.relay.send(from, { kind: 'reply', realm, message: answer });
  }

  onReply(node: string, message: Result | ErrorMessage): void {
    const question = this.#p.rows.get(message.request);
    if (!question?.open.delete(node)) return this.#p.effects.count('late_answers');
    const read = this.#p.codecs[message.payload.format].read(message.payload);
    if (read instanceof Unencodable) question.isPartial = true;
    else {
      const error = message.type === ERROR ? message.error : undefined;
      question.replies.push(replyOf(error, read.args, read.kwargs));
    }
    if (question.open.size === 0) this.#answer(question);
  }

  nodeDown(node: string): void {
    for (const question of [...this.#p.rows.values()]) {
      if (!question.open.delete(node)) continue;
      question.isPartial = true;
      if (question.open.size === 0) this.#answer(question);
    }
  }

  /** Time is up: what is known is the answer. */
  giveUp(id: Id): void {
    const question = this.#p.rows.get(id);
    if (!question) return;
    question.isPartial = true;
    this.#p.effects.count('questions_given_up');
    this.#answer(question);
  }

  #answer(question: Question): void {
    const { caller, request, id } = question;
    this.#p.rows.delete(id);
    if (this.#p.isMember(caller)) replyTo(caller, request, merge(question));
  }

  #messageOf(request: Id, reply: MetaReply): Result | ErrorMessage {
    if ('error' in reply) {
      const { error, detail } = reply;
      const payload = this.#payload(detail === undefined ? [] : [detail]);
      return { type: ERROR, requestType: CALL, request, details: EMPTY, error, payload };
    }
    const payload = this.#payload(reply.args ?? [], reply.kwargs);
    return { type: RESULT, request, details: EMPTY, payload };
  }

  #payload(args: readonly Value[], kwargs?: Dict) {
    return this.#p.codecs.cbor.payload(args, kwargs);
  }
}

type Ask = Extract<RelayMessage, { kind: 'question' }>;
