/**
 * Who makes a request: the operator of this machine by the token, or a user of the master realm by password or ticket. They
 * enter as sessions do, by the same authenticator, so that methods, sources, lockout and audit are the same.
 */
import type { TransportInfo } from '../../../runtime/net/connection.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Caller } from '../../management/api.ts';
import type { Authenticator, PolicyPort, Principal, Verdict } from '../../security/api.ts';
import type { Credentials } from './credentials.ts';
import { claimedAuthid } from './credentials.ts';
import { KnownLogins } from './known-logins.ts';
import type { KnownLoginsConfig } from './known-logins.ts';

interface Granted {
  readonly kind: 'granted';
  readonly caller: Caller;
  /** Of an answer that goes on: false once what let the caller in was taken back. */
  mayStay(): boolean;
}

export type LoginOutcome =
  | Granted
  | { readonly kind: 'refused'; readonly status: 401 | 403 | 503; readonly message: string };

export interface LoginPorts {
  readonly masterRealm: string;
  readonly authenticator: Authenticator;
  readonly policy: Pick<PolicyPort, 'user' | 'methodsFrom' | 'allows'>;
  /** False: a session that had entered like this would have to leave. */
  mayStay(principal: Principal): boolean;
  /** Constant-time; false where there is no token. */
  isOperatorToken(token: string): boolean;
  /** Keyed with a secret of this process. */
  digest(text: string): string;
  now(): number;
  /** Runs it in a turn of whoever logs in; false: it will not. */
  later(task: () => void): boolean;
}

/** What was proven, and by which password. */
interface Proven {
  readonly granted: Granted;
  readonly username: string;
  readonly passwordAt: number;
}

type Answer = (outcome: LoginOutcome) => void;

export class Login {
  readonly #ports: LoginPorts;
  readonly #known: KnownLogins<Proven>;
  /** Those that are being checked. A burst of requests with one password is one guess. */
  readonly #waiting = new Map<string, Answer[]>();

  constructor(ports: LoginPorts, known: KnownLoginsConfig) {
    this.#ports = ports;
    this.#known = new KnownLogins(known);
  }

  /** Answers once, perhaps later. */
  check(credentials: Credentials, address: string, answer: Answer): void {
    switch (credentials.kind) {
      case 'none':
        return answer(refused(401, 'This needs a login.'));
      case 'malformed':
        return answer(refused(401, 'The Authorization header cannot be read.'));
      case 'basic':
        return this.#password(credentials, address, answer);
      case 'bearer':
        return this.#bearer(credentials.token, address, answer);
    }
  }

  /** Is it granted to whoever logged in? Asked anew each time: grants go at once. */
  may({ realm, username, groups, isVouchedFor, isAuthorized }: Caller, procedure: string): boolean {
    if (isAuthorized === true) return true;
    const subject = { username, groups, isVouchedFor };
    return this.#ports.policy.allows(realm, subject, 'wamp.call', procedure, 'exact');
  }

  #password(
    { username, password }: Extract<Credentials, { kind: 'basic' }>,
    address: string,
    answer: Answer,
  ): void {
    const { digest, now } = this.#ports;
    const key = digest(JSON.stringify([address, username, password]));
    const known = this.#known.get(key, now());
    if (known !== undefined) {
      if (this.#isStillTrue(known, address)) return answer(known.granted);
      this.#known.forget(key);
    }
    const others = this.#waiting.get(key);
    if (others) return void others.push(answer);
    const waiting = [answer];
    this.#waiting.set(key, waiting);
    this.#enter('password', username, password, address, (outcome) => {
      this.#waiting.delete(key);
      if (outcome.kind === 'granted') this.#remember(key, outcome);
      for (const each of waiting) each(outcome);
    });
  }

  #bearer(token: string, address: string, answer: Answer): void {
    const { masterRealm, isOperatorToken } = this.#ports;
    if (isOperatorToken(token)) return answer(operator(masterRealm));
    const authid = claimedAuthid(token);
    if (authid === undefined) {
      const message =
        'This is neither a ticket nor the operator token of this node, which is new at each start.';
      return answer(refused(401, message));
    }
    this.#enter('ticket', authid, token, address, answer);
  }

  #enter(
    method: 'password' | 'ticket',
    authid: string,
    secret: string,
    address: string,
    answer: Answer,
  ): void {
    const attempt = this.#ports.authenticator.attempt(
      this.#ports.masterRealm,
      transportOf(address),
      NO_SESSION,
    );
    if (!attempt) return answer(refused(503, 'The master realm is not there yet: try again.'));
    const asked = attempt.begin({ authmethods: [method], authid, authextra: {} });
    this.#settle(asked, answer, () => attempt.answer(secret, {}));
  }

  #settle(verdict: Verdict, answer: Answer, respond?: () => Verdict): void {
    switch (verdict.kind) {
      case 'challenge':
        if (!respond) throw new Error('a method asked twice');
        return this.#settle(respond(), answer);
      case 'pending':
        return verdict.settle((settled) => {
          const isTaken = this.#ports.later(() => this.#settle(settled(), answer));
          if (!isTaken) answer(refused(503, 'Too much is asked of this node now: try again.'));
        });
      case 'welcome':
        return answer(this.#granted(verdict.principal));
      case 'refused': {
        const { reason, detail } = verdict;
        if (reason === ERRORS.unavailable) return answer(refused(503, detail));
        return answer(refused(401, 'These credentials are not valid here now.'));
      }
    }
  }

  #granted(principal: Principal): LoginOutcome {
    const { subject, authmethod, ticket } = principal;
    // A master realm without access rules would make everybody an administrator.
    if (subject === undefined) return refused(403, 'The master realm has no users.');
    const { username, groups, isVouchedFor } = subject;
    const { masterRealm: realm, policy, mayStay } = this.#ports;
    const who = { realm, username, groups, isVouchedFor, authmethod };
    const passwordAt = () => username && policy.user(realm, username)?.passwordAt;
    const before = passwordAt();
    return {
      kind: 'granted',
      caller: { ...who, ticket: ticket?.scope, isMaster: true },
      mayStay: () => passwordAt() === before && mayStay(principal),
    };
  }

  #remember(key: string, granted: Granted): void {
    const { username } = granted.caller;
    const user = username && this.#ports.policy.user(this.#ports.masterRealm, username);
    if (!user) return;
    const { passwordAt } = user;
    this.#known.put(key, { granted, username: user.username, passwordAt }, this.#ports.now());
  }

  /** Everything but the password itself, which has not changed. */
  #isStillTrue({ username, passwordAt }: Proven, address: string): boolean {
    const { policy, masterRealm } = this.#ports;
    const user = policy.user(masterRealm, username);
    return (
      user !== undefined &&
      user.enabled &&
      user.password !== undefined &&
      user.passwordAt === passwordAt &&
      policy.methodsFrom(masterRealm, username, address).includes('password')
    );
  }
}

/** Of the audit log: requests have no sessions. */
const NO_SESSION = 0;

/** Who can read the data directory could as well stop the process, so everything is allowed. */
function operator(realm: string): Granted {
  const caller = { realm, username: undefined, isMaster: true, isAuthorized: true };
  return { kind: 'granted', caller, mayStay: () => true };
}

function transportOf(address: string): TransportInfo {
  return {
    kind: 'in_process',
    batched: false,
    tls: false,
    peer: { address, port: 0 },
    listener: 'admin_api.http',
  };
}

function refused(status: 401 | 403 | 503, message: string): LoginOutcome {
  return { kind: 'refused', status, message };
}
