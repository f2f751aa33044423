/**
 * How a session is established (basic/sessions.md §Session Establishment): from a HELLO that may be considered to the
 * WELCOME. Made for one HELLO and let go of with the WELCOME, so that an open session keeps nothing of it.
 *
 *   HELLO --> [deciding] --> challenging --AUTHENTICATE--> [deciding] --> [catching up] --> WELCOME
 *
 * Deciding: a verdict takes time. Catching up: the client brought a token of what it has seen on another node, and
 * that must be here first. Whoever took time to enter finds the realm as it is by then.
 */
import { Violation } from '../../runtime/wamp/codec.ts';
import { CHALLENGE, WELCOME } from '../../runtime/wamp/message.ts';
import type { Authenticate, Dict, Hello, Id } from '../../runtime/wamp/message.ts';
import { isValidUri } from '../../runtime/wamp/uri.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { Realm } from '../realms/api.ts';
import type { Authentication, PendingVerdict, Principal, Verdict } from '../security/api.ts';
import type { Applied } from '../store/api.ts';
import type { SessionDependencies } from './effects.ts';
import { readHello, TOKEN_KEY } from './hello.ts';
import type { Introduction } from './hello.ts';
import { welcomeDetails } from './welcome.ts';

export type Stage = 'introduced' | 'challenging' | 'deciding' | 'catching_up';

/** Why there will be no session: for ABORT. */
export interface Refusal {
  readonly reason: string;
  readonly detail: string;
}

/** What came of something: nothing yet, WELCOME was sent, or it is refused. */
export type Step = 'waits' | 'welcomed' | Refusal;

const FULL: Refusal = {
  reason: ERRORS.limitExceeded,
  detail: 'the realm has as many sessions as it may have',
};

const EXPECTED: Readonly<Record<Stage, string>> = {
  introduced: 'nothing but the answer of this node',
  challenging: 'AUTHENTICATE',
  deciding: 'nothing but the answer of this node',
  catching_up: 'nothing but the WELCOME of this node',
};

/** Considers a HELLO. What is returned is begun by `begin`. */
export function establish(
  hello: Hello,
  d: SessionDependencies,
): Establishment | Refusal | Violation {
  const introduction = readHello(hello.details);
  if (introduction instanceof Violation) return introduction;
  if (!isValidUri(hello.realm, 'loose', 'exact')) {
    return { reason: ERRORS.invalidUri, detail: 'the realm is not a valid URI' };
  }
  const realm = d.lookup(hello.realm);
  let id = d.newId();
  while (realm?.members.has(id)) id = d.newId();
  const attempt = realm && d.authenticator.attempt(realm.uri, d.transport, id);
  if (!realm || !attempt) {
    return { reason: ERRORS.noSuchRealm, detail: 'there is no such realm' };
  }
  if (realm.members.size >= realm.config.maxSessions) return FULL;
  return new Establishment(d, realm, id, introduction, attempt);
}

export class Establishment {
  readonly #d: SessionDependencies;
  readonly #realm: Realm;
  readonly #id: Id;
  readonly #introduction: Introduction;
  readonly #attempt: Authentication;
  #stage: Stage = 'introduced';
  /** Who it is, once that is known. */
  #principal: Principal | undefined;

  constructor(
    dependencies: SessionDependencies,
    realm: Realm,
    id: Id,
    introduction: Introduction,
    attempt: Authentication,
  ) {
    this.#d = dependencies;
    this.#realm = realm;
    this.#id = id;
    this.#introduction = introduction;
    this.#attempt = attempt;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** What may be received now, in words. */
  get expected(): string {
    return EXPECTED[this.#stage];
  }

  begin(): Step {
    return this.#onVerdict(this.#attempt.begin(this.#introduction));
  }

  answer({ signature, extra }: Authenticate): Step {
    return this.#onVerdict(this.#attempt.answer(signature, extra));
  }

  /** After the effect `settle`. A verdict that is no longer awaited is for nobody. */
  decided(attempt: Authentication, verdict: () => Verdict): Step {
    if (this.#stage !== 'deciding' || this.#attempt !== attempt) return 'waits';
    return this.#onVerdict(verdict());
  }

  /** After the effect `catchUp`. */
  caughtUp(how: Applied): Step {
    if (this.#stage !== 'catching_up') return 'waits';
    if (how === 'late') {
      this.#d.effects.count('session_tokens_late');
      const detail = 'this node has not seen yet what this session has; try again, or another node';
      return { reason: ERRORS.unavailable, detail };
    }
    return this.#whyNotEnter() ?? this.#welcome({ [TOKEN_KEY]: true });
  }

  timedOut(): Step {
    if (this.#stage === 'challenging') {
      return { reason: ERRORS.authenticationFailed, detail: 'no AUTHENTICATE in time' };
    }
    if (this.#stage !== 'deciding') return 'waits';
    this.#d.effects.count('authentications_late');
    const detail = 'who you are could not be found out in time; try again';
    return { reason: ERRORS.unavailable, detail };
  }

  /** After WELCOME. */
  join(): void {
    this.#d.effects.join(this.#realm, this.#id, this.#known(), this.#introduction);
  }

  #onVerdict(verdict: Verdict): Step {
    switch (verdict.kind) {
      case 'challenge':
        return this.#challenge(verdict.method, verdict.extra);
      case 'welcome':
        return this.#accept(verdict.principal);
      case 'refused':
        this.#d.effects.count('authentications_refused');
        return verdict;
      case 'pending':
        return this.#onPending(verdict);
    }
  }

  #challenge(method: string, extra: Dict): Step {
    this.#stage = 'challenging';
    this.#startTimer();
    this.#d.effects.send({ type: CHALLENGE, method, extra });
    return 'waits';
  }

  #onPending(pending: PendingVerdict): Step {
    // Deciding again: the time is that of the whole answer.
    if (this.#stage !== 'deciding') {
      this.#stage = 'deciding';
      this.#startTimer();
    }
    this.#d.effects.settle(pending, this.#attempt);
    return 'waits';
  }

  #startTimer(): void {
    this.#d.effects.schedule('authenticate', this.#d.config.authenticateTimeoutMs);
  }

  /** It may come in; before that, what it has seen elsewhere must be here. */
  #accept(principal: Principal): Step {
    const { continuity, effects } = this.#d;
    const { token } = this.#introduction;
    this.#principal = principal;
    const why = this.#whyNotEnter();
    if (why) return why;
    if (token === undefined || !continuity) return this.#welcome();
    const clock = continuity.read(this.#realm.uri, token);
    if (!clock) {
      effects.count('session_tokens_refused');
      const detail = `${TOKEN_KEY} is not of this cluster and realm`;
      return { reason: ERRORS.invalidArgument, detail };
    }
    this.#stage = 'catching_up';
    effects.schedule(undefined, 0);
    effects.catchUp(clock);
    return 'waits';
  }

  #whyNotEnter(): Refusal | undefined {
    const realm = this.#realm;
    if (this.#d.lookup(realm.uri) !== realm) {
      return { reason: ERRORS.noSuchRealm, detail: 'the realm was closed' };
    }
    return realm.members.size < realm.config.maxSessions ? undefined : FULL;
  }

  #welcome(more?: Dict): Step {
    const own = welcomeDetails(this.#d.agent, this.#realm, this.#known());
    const details = more ? { ...own, ...more } : own;
    if (this.#d.effects.send({ type: WELCOME, session: this.#id, details }) === 'too_large') {
      const detail = 'you accept no message as long as WELCOME';
      return { reason: ERRORS.payloadSizeExceeded, detail };
    }
    return 'welcomed';
  }

  #known(): Principal {
    if (!this.#principal) throw new Error('welcomed before anybody knew who it is');
    return this.#principal;
  }
}
