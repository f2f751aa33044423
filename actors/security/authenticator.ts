/**
 * Who may enter a realm (advanced/authentication.md): the client's methods are tried in its own order, those this
 * realm does not offer are skipped.
 */
import type { TransportInfo } from '../../runtime/net/connection.ts';
import { EMPTY } from '../../runtime/wamp/message.ts';
import type { Dict } from '../../runtime/wamp/message.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { Authentication, Authenticator, Principal, Verdict } from './api.ts';

/** What the methods of this file need to know of a realm. */
export interface RealmCredentials {
  readonly authmethods: readonly ('anonymous' | 'ticket')[];
  readonly anonymousRole: string;
  readonly tickets: readonly {
    readonly authid: string;
    readonly ticket: string;
    readonly authrole: string;
  }[];
}

export interface AuthenticatorDependencies {
  realm(uri: string): RealmCredentials | undefined;
  /** Constant-time comparison. */
  equal(given: string, known: string): boolean;
}

const PROVIDER = 'static';
/** Compared against when the authid is unknown, so that both take the same work. */
const NOBODY = { authid: '', ticket: '\u0000', authrole: '' };

export class StaticAuthenticator implements Authenticator {
  readonly #d: AuthenticatorDependencies;

  constructor(dependencies: AuthenticatorDependencies) {
    this.#d = dependencies;
  }

  attempt(realm: string, _transport: TransportInfo, sessionId: number): Authentication | undefined {
    const credentials = this.#d.realm(realm);
    return credentials && new Attempt(credentials, this.#d.equal, sessionId);
  }
}

class Attempt implements Authentication {
  readonly #realm: RealmCredentials;
  readonly #equal: (given: string, known: string) => boolean;
  readonly #sessionId: number;
  #authid: string | undefined;

  constructor(
    realm: RealmCredentials,
    equal: (given: string, known: string) => boolean,
    sessionId: number,
  ) {
    this.#realm = realm;
    this.#equal = equal;
    this.#sessionId = sessionId;
  }

  begin(hello: Parameters<Authentication['begin']>[0]): Verdict {
    const method = hello.authmethods.find((wanted) => offers(this.#realm, wanted));
    switch (method) {
      case 'anonymous':
        return welcome(anonymous(this.#realm, this.#sessionId));
      case 'ticket':
        if (hello.authid === undefined) {
          return refused(ERRORS.noSuchPrincipal, 'ticket authentication needs an authid');
        }
        this.#authid = hello.authid;
        return { kind: 'challenge', method, extra: EMPTY };
      default:
        return refused(
          ERRORS.noMatchingAuthMethod,
          `this realm offers ${this.#realm.authmethods.join(', ') || 'none'}`,
        );
    }
  }

  answer(signature: string, _extra: Dict): Verdict {
    const known = this.#realm.tickets.find((ticket) => ticket.authid === this.#authid) ?? NOBODY;
    const isRight = this.#equal(signature, known.ticket);
    if (!isRight || known === NOBODY) {
      return refused(ERRORS.authenticationFailed, 'the ticket is not valid');
    }
    return welcome({
      authid: known.authid,
      authrole: known.authrole,
      authmethod: 'ticket',
      authprovider: PROVIDER,
      authextra: EMPTY,
    });
  }
}

function offers(realm: RealmCredentials, method: string): boolean {
  return realm.authmethods.some((offered) => offered === method);
}

function anonymous(realm: RealmCredentials, sessionId: number): Principal {
  return {
    authid: `anonymous-${sessionId}`,
    authrole: realm.anonymousRole,
    authmethod: 'anonymous',
    authprovider: PROVIDER,
    authextra: EMPTY,
  };
}

function welcome(principal: Principal): Verdict {
  return { kind: 'welcome', principal };
}

function refused(reason: string, detail: string): Verdict {
  return { kind: 'refused', reason, detail };
}
