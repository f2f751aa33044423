/**
 * A WAMP session's life (basic/sessions.md): what each message means in each state, every protocol error of the
 * session layer, and the order of request ids. It decides; session.actor.ts performs. The way from HELLO to WELCOME
 * has stages of its own: establishment.ts.
 *
 *   closed --HELLO--> establishing --WELCOME--> established --GOODBYE--> closed (the transport may be used again)
 *      any --violation, abort--> ended          established --our GOODBYE--> closing --GOODBYE, timeout--> ended
 */
import { Violation } from '../../runtime/wamp/codec.ts';
import {
  ABORT,
  AUTHENTICATE,
  CALL,
  CANCEL,
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
  YIELD,
} from '../../runtime/wamp/message.ts';
import type { Dict, Hello, Id, Message, Payload } from '../../runtime/wamp/message.ts';
import { CLOSE, ERRORS } from '../../runtime/wamp/uris.ts';
import type { Authentication, Verdict } from '../security/api.ts';
import type { Applied } from '../store/api.ts';
import type { SessionDependencies, SessionTimer } from './effects.ts';
import { establish, Establishment } from './establishment.ts';
import type { Stage, Step } from './establishment.ts';

type State = 'closed' | 'establishing' | 'established' | 'closing' | 'ended';

const MAX_ID = 2 ** 53;

export class Session {
  #state: State = 'closed';
  /** While it is `establishing`. */
  #establishment: Establishment | undefined;
  #lastRequest: Id = 0;
  readonly #d: SessionDependencies;

  constructor(dependencies: SessionDependencies) {
    this.#d = dependencies;
  }

  get state(): State | Stage {
    return this.#establishment?.stage ?? this.#state;
  }

  get awaitsHello(): boolean {
    return this.#state === 'closed';
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
    const establishment = this.#establishment;
    if (establishment?.stage === 'challenging' && message.type === AUTHENTICATE) {
      return this.#proceed(establishment, establishment.answer(message));
    }
    const expected = establishment?.expected ?? 'HELLO';
    this.violation(`received message type ${message.type} where ${expected} was expected`);
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
    } else if (timer === 'authenticate' && this.#establishment) {
      this.#proceed(this.#establishment, this.#establishment.timedOut());
    } else if (timer === 'goodbye' && this.#state === 'closing') {
      this.#end('the peer did not answer GOODBYE');
    }
  }

  /** The transport is gone. */
  closed(): void {
    if (this.#state === 'ended') return;
    this.#leave();
    this.#state = 'ended';
    this.#establishment = undefined;
    this.#d.effects.schedule(undefined, 0);
  }

  /** After `settle`. That of an attempt that is over, or for a session that is, is for nobody. */
  decided(attempt: Authentication, verdict: () => Verdict): void {
    const establishment = this.#establishment;
    if (establishment) this.#proceed(establishment, establishment.decided(attempt, verdict));
  }

  /** After `catchUp`. */
  caughtUp(how: Applied): void {
    const establishment = this.#establishment;
    if (establishment) this.#proceed(establishment, establishment.caughtUp(how));
  }

  #onHello(hello: Hello): void {
    const establishment = establish(hello, this.#d);
    if (establishment instanceof Violation) return this.violation(establishment.detail);
    if (!(establishment instanceof Establishment)) {
      return this.abort(establishment.reason, establishment.detail);
    }
    this.#state = 'establishing';
    this.#establishment = establishment;
    this.#proceed(establishment, establishment.begin());
  }

  #proceed(establishment: Establishment, step: Step): void {
    if (step === 'waits') return;
    if (step !== 'welcomed') return this.abort(step.reason, step.detail);
    this.#state = 'established';
    this.#establishment = undefined;
    this.#lastRequest = 0;
    this.#d.effects.schedule(undefined, 0);
    establishment.join();
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

  #onGoodbye(): void {
    this.#leave();
    this.#state = 'closed';
    this.#d.effects.send({ type: GOODBYE, details: EMPTY, reason: CLOSE.goodbyeAndOut });
    this.open();
  }

  #leave(): void {
    if (this.#state === 'established') this.#d.effects.leave();
  }

  #end(detail: string): void {
    this.#state = 'ended';
    this.#establishment = undefined;
    this.#d.effects.schedule(undefined, 0);
    this.#d.effects.close(detail);
  }
}
