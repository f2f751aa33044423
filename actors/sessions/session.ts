/**
 * A WAMP session's life (basic/sessions.md): what each message means in each state, every protocol error of the
 * session layer, and the order of request ids. It decides; session.actor.ts performs.
 *
 *   closed --HELLO--> challenging --AUTHENTICATE--> (catching up, with a token) --> established --GOODBYE--> closed (the transport may be used again)
 *                          (deciding, after HELLO or AUTHENTICATE, while a verdict takes time)
 *      any --violation, abort--> ended          established --our GOODBYE--> closing --GOODBYE, timeout--> ended
 */
import type { SendResult, TransportInfo } from '../../runtime/net/connection.ts';
import { Violation } from '../../runtime/wamp/codec.ts';
import {
  ABORT,
  AUTHENTICATE,
  CALL,
  CANCEL,
  CHALLENGE,
  EMPTY,
  ERROR,
  GOODBYE,
  HELLO,
  INVOCATION,
  NO_PAYLOAD,
  PUBLISH,
  REGISTER,
  SUBSCRIBE,
  UNREGISTER,
  UNSUBSCRIBE,
  WELCOME,
  YIELD,
} from '../../runtime/wamp/message.ts';
import type {
  Dict,
  Hello,
  Id,
  Message,
  Payload,
  RouterMessage,
} from '../../runtime/wamp/message.ts';
import { isValidUri } from '../../runtime/wamp/uri.ts';
import { CLOSE, ERRORS } from '../../runtime/wamp/uris.ts';
import type { Realm } from '../realms/api.ts';
import type { Request } from '../routing/api.ts';
import type {
  Authentication,
  Authenticator,
  PendingVerdict,
  Principal,
  Verdict,
} from '../security/api.ts';
import type { Applied, CausalClock } from '../store/api.ts';
import type { Continuity, SessionMessage } from './api.ts';
import type { SessionsConfig } from './config.ts';
import { readHello, TOKEN_KEY } from './hello.ts';
import type { Introduction } from './hello.ts';
import { welcomeDetails } from './welcome.ts';

export type SessionTimer = Extract<SessionMessage, { kind: 'timer' }>['timer'];

/** What the session asks of its shell, in this order of events. */
export interface SessionEffects {
  send(message: RouterMessage): SendResult;
  /** Become a member of the realm. */
  join(realm: Realm, id: Id, principal: Principal, introduction: Introduction): void;
  /** No longer a member: nothing may be sent by the router after this. */
  leave(): void;
  /** To the router, in the order received. */
  forward(request: Request): void;
  /** One timer at a time; a new one replaces it. Undefined: none. */
  schedule(timer: SessionTimer | undefined, afterMs: number): void;
  /** `decided` is to be called with what comes of it; until then nothing more is read. */
  settle(pending: PendingVerdict, attempt: Authentication): void;
  /** `caughtUp` is to be called when the store has seen this, or has not in time. */
  catchUp(clock: CausalClock): void;
  /** Send what is queued, then close the transport; the session has ended. */
  close(detail: string): void;
  count(counter: string): void;
}

export interface SessionDependencies {
  readonly config: SessionsConfig;
  readonly agent: string;
  readonly transport: TransportInfo;
  readonly authenticator: Authenticator;
  lookup(realm: string): Realm | undefined;
  /** Undefined: this node is alone, so whatever was seen is here. */
  readonly continuity?: Pick<Continuity, 'read'> | undefined;
  /** A fresh id of global scope. */
  newId(): Id;
  readonly effects: SessionEffects;
}

type State =
  'closed' | 'challenging' | 'deciding' | 'catching_up' | 'established' | 'closing' | 'ended';

const MAX_ID = 2 ** 53;
const FULL = 'the realm has as many sessions as it may have';

const EXPECTED = {
  closed: 'HELLO',
  challenging: 'AUTHENTICATE',
  deciding: 'nothing but the answer of this node',
  catching_up: 'nothing but the WELCOME of this node',
} as const;

export class Session {
  #state: State = 'closed';
  #realm: Realm | undefined;
  #id: Id = 0;
  #introduction: Introduction | undefined;
  #authentication: Authentication | undefined;
  /** Who waits for WELCOME. */
  #principal: Principal | undefined;
  #lastRequest: Id = 0;
  readonly #d: SessionDependencies;

  constructor(dependencies: SessionDependencies) {
    this.#d = dependencies;
  }

  get state(): State {
    return this.#state;
  }

  get awaitsHello(): boolean {
    return this.#state === 'closed';
  }

  get id(): Id {
    return this.#id;
  }

  /** The transport is up. */
  open(): void {
    this.#d.effects.schedule('hello', this.#d.config.helloTimeoutMs);
  }

  receive(message: Message | Violation): void {
    if (this.#state === 'established') return this.#onEstablished(message);
    if (this.#state === 'ended') return;
    if (this.#state === 'closing') return this.#onClosing(message);
    if (message instanceof Violation) return this.violation(message.detail);
    if (message.type === ABORT) return this.#end('aborted by the peer');
    if (this.#state === 'closed' && message.type === HELLO) return this.#onHello(message);
    if (this.#state === 'challenging' && message.type === AUTHENTICATE) {
      return this.#onVerdict(this.#answer(message.signature, message.extra));
    }
    this.violation(
      `received message type ${message.type} where ${EXPECTED[this.#state]} was expected`,
    );
  }

  /** The peer broke the protocol: ABORT, disposal, close. */
  violation(detail: string): void {
    this.#d.effects.count('protocol_violations');
    this.abort(ERRORS.protocolViolation, detail);
  }

  abort(reason: string, detail: string, payload: Payload = NO_PAYLOAD): void {
    if (this.#state === 'ended') return;
    const mayAnswer = this.#state !== 'closing';
    this.#leave();
    if (mayAnswer) {
      this.#d.effects.send({ type: ABORT, details: { message: detail }, reason, payload });
      this.#d.effects.count('sessions_aborted');
    }
    this.#end(detail);
  }

  /** Ends the session from this side; the peer has a while to answer. */
  goodbye(reason: string, details: Dict): void {
    if (this.#state === 'established') {
      this.#leave();
      this.#state = 'closing';
      this.#d.effects.send({ type: GOODBYE, details, reason });
      this.#d.effects.schedule('goodbye', this.#d.config.goodbyeTimeoutMs);
    } else if (this.#state !== 'closing' && this.#state !== 'ended') {
      this.abort(reason, 'the session was closed before it was open');
    }
  }

  onTimer(timer: SessionTimer): void {
    if (timer === 'hello' && this.#state === 'closed') {
      this.#d.effects.count('hello_timeouts');
      this.abort(ERRORS.protocolViolation, `no HELLO within ${this.#d.config.helloTimeoutMs} ms`);
    } else if (timer === 'authenticate' && this.#state === 'challenging') {
      this.abort(ERRORS.authenticationFailed, 'no AUTHENTICATE in time');
    } else if (timer === 'authenticate' && this.#state === 'deciding') {
      this.#d.effects.count('authentications_late');
      this.abort(ERRORS.unavailable, 'who you are could not be found out in time; try again');
    } else if (timer === 'goodbye' && this.#state === 'closing') {
      this.#end('the peer did not answer GOODBYE');
    }
  }

  /** The transport is gone. */
  closed(): void {
    if (this.#state === 'ended') return;
    this.#leave();
    this.#state = 'ended';
    this.#d.effects.schedule(undefined, 0);
  }

  #onEstablished(message: Message | Violation): void {
    if (message instanceof Violation) return this.violation(message.detail);
    switch (message.type) {
      case CALL:
        if (this.#isNextRequest(message.request)) return this.#d.effects.forward(message);
        // Under the watermark it may continue a progressive call; the dealer knows which.
        if (message.request > this.#lastRequest) return this.#onWrongRequestId(message.request);
        return this.#d.effects.forward({ ...message, continues: true });
      case PUBLISH:
      case SUBSCRIBE:
      case UNSUBSCRIBE:
      case REGISTER:
      case UNREGISTER:
        return this.#isNextRequest(message.request)
          ? this.#d.effects.forward(message)
          : this.#onWrongRequestId(message.request);
      case YIELD:
      case CANCEL:
        return this.#d.effects.forward(message);
      case ERROR:
        if (message.requestType === INVOCATION) return this.#d.effects.forward(message);
        return this.violation(`ERROR: request type ${message.requestType} is not INVOCATION`);
      case GOODBYE:
        return this.#onGoodbye();
      case ABORT:
        this.#leave();
        return this.#end('aborted by the peer');
      default:
        return this.violation(
          `message type ${message.type} is not for a router in an open session`,
        );
    }
  }

  #onClosing(message: Message | Violation): void {
    if (message instanceof Violation) return this.#end(message.detail);
    if (message.type === GOODBYE || message.type === ABORT) this.#end('the session was closed');
  }

  /** Ids of session scope count 1, 2, 3 … over all requests and wrap after 2^53 (basic/building_blocks.md §IDs). */
  #isNextRequest(request: Id): boolean {
    const next = this.#lastRequest === MAX_ID ? 1 : this.#lastRequest + 1;
    if (request !== next) return false;
    this.#lastRequest = next;
    return true;
  }

  #onWrongRequestId(request: Id): void {
    this.violation(`request id ${request} follows ${this.#lastRequest}; ids must be sequential`);
  }

  #onHello(hello: Hello): void {
    const introduction = readHello(hello.details);
    if (introduction instanceof Violation) return this.violation(introduction.detail);
    if (!isValidUri(hello.realm, 'loose', 'exact')) {
      return this.abort(ERRORS.invalidUri, 'the realm is not a valid URI');
    }
    const realm = this.#d.lookup(hello.realm);
    let id = this.#d.newId();
    while (realm?.members.has(id)) id = this.#d.newId();
    const attempt = realm && this.#d.authenticator.attempt(realm.uri, this.#d.transport, id);
    if (!realm || !attempt) return this.abort(ERRORS.noSuchRealm, 'there is no such realm');
    if (realm.members.size >= realm.config.maxSessions) {
      return this.abort(ERRORS.limitExceeded, FULL);
    }
    this.#realm = realm;
    this.#id = id;
    this.#introduction = introduction;
    this.#authentication = attempt;
    this.#onVerdict(attempt.begin(introduction));
  }

  #answer(signature: string, extra: Dict): Verdict {
    if (this.#authentication) return this.#authentication.answer(signature, extra);
    return { kind: 'refused', reason: ERRORS.protocolViolation, detail: 'nothing was asked' };
  }

  #onVerdict(verdict: Verdict): void {
    switch (verdict.kind) {
      case 'challenge':
        this.#state = 'challenging';
        this.#d.effects.schedule('authenticate', this.#d.config.authenticateTimeoutMs);
        this.#d.effects.send({ type: CHALLENGE, method: verdict.method, extra: verdict.extra });
        return;
      case 'welcome':
        return this.#accept(verdict.principal);
      case 'refused':
        this.#d.effects.count('authentications_refused');
        return this.abort(verdict.reason, verdict.detail);
      case 'pending':
        return this.#onPending(verdict);
    }
  }

  #onPending(pending: PendingVerdict): void {
    const attempt = this.#authentication;
    if (!attempt) throw new Error('a verdict is pending, and nobody asked for one');
    // Deciding again: the time is that of the whole answer.
    if (this.#state !== 'deciding') {
      this.#state = 'deciding';
      this.#d.effects.schedule('authenticate', this.#d.config.authenticateTimeoutMs);
    }
    this.#d.effects.settle(pending, attempt);
  }

  /** After `settle`. That of an attempt that is over, or for a session that is, is for nobody. */
  decided(attempt: Authentication, verdict: () => Verdict): void {
    if (this.#state !== 'deciding' || this.#authentication !== attempt) return;
    this.#onVerdict(verdict());
  }

  /** It may come in; before that, what it has seen elsewhere must be here. */
  #accept(principal: Principal): void {
    const { continuity, effects } = this.#d;
    const token = this.#introduction?.token;
    this.#authentication = undefined;
    if (!this.#mayStillEnter()) return;
    if (token === undefined || !continuity) return this.#welcome(principal);
    const clock = continuity.read(this.#realm!.uri, token);
    if (!clock) {
      effects.count('session_tokens_refused');
      return this.abort(ERRORS.invalidArgument, `${TOKEN_KEY} is not of this cluster and realm`);
    }
    this.#state = 'catching_up';
    this.#principal = principal;
    effects.schedule(undefined, 0);
    effects.catchUp(clock);
  }

  /** After `catchUp`. */
  caughtUp(how: Applied): void {
    const principal = this.#principal;
    if (this.#state !== 'catching_up' || !principal) return;
    this.#principal = undefined;
    if (how === 'late') {
      this.#d.effects.count('session_tokens_late');
      const detail = 'this node has not seen yet what this session has; try again, or another node';
      return this.abort(ERRORS.unavailable, detail);
    }
    if (!this.#mayStillEnter()) return;
    this.#welcome(principal, { [TOKEN_KEY]: true });
  }

  /** Whoever took time to enter finds the realm as it is now. */
  #mayStillEnter(): boolean {
    const realm = this.#realm!;
    if (this.#d.lookup(realm.uri) !== realm) {
      this.abort(ERRORS.noSuchRealm, 'the realm was closed');
      return false;
    }
    if (realm.members.size < realm.config.maxSessions) return true;
    this.abort(ERRORS.limitExceeded, FULL);
    return false;
  }

  #welcome(principal: Principal, more: Dict = EMPTY): void {
    const realm = this.#realm;
    const introduction = this.#introduction;
    if (!realm || !introduction) throw new Error('welcome without a HELLO');
    this.#introduction = undefined;
    const { effects, agent } = this.#d;
    const details = { ...welcomeDetails(agent, realm, principal), ...more };
    if (effects.send({ type: WELCOME, session: this.#id, details }) === 'too_large') {
      return this.abort(ERRORS.payloadSizeExceeded, 'you accept no message as long as WELCOME');
    }
    this.#state = 'established';
    this.#lastRequest = 0;
    effects.schedule(undefined, 0);
    effects.join(realm, this.#id, principal, introduction);
  }

  #onGoodbye(): void {
    this.#leave();
    this.#state = 'closed';
    this.#d.effects.send({ type: GOODBYE, details: EMPTY, reason: CLOSE.goodbyeAndOut });
    this.open();
  }

  #leave(): void {
    if (this.#state === 'established') this.#d.effects.leave();
    this.#realm = undefined;
  }

  #end(detail: string): void {
    this.#state = 'ended';
    this.#d.effects.schedule(undefined, 0);
    this.#d.effects.close(detail);
  }
}
