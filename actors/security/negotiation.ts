/**
 * Which method is taken (WAMP advanced/authentication.md): the client's order decides among those that the realm offers;
 * those that are unknown here are skipped.
 *
 * Methods that the sources do not allow this user from its address, or for which it has nothing, come last, and are not
 * left out: whether there is a user of this name, what it has and whence it may come must not be seen from a method that
 * is refused. They are gone through and fail at the end. A user that does not exist has everything.
 */
import type { TransportInfo } from '../../runtime/net/connection.ts';
import type { EffectiveUser } from './policy-port.ts';

/** `cookie` and the OpenID methods are of HTTP. */
export const METHODS = [
  'anonymous',
  'trust',
  'password',
  'ticket',
  'wampcra',
  'wamp-scram',
  'cryptosign',
  'oauth2',
  'tls',
] as const;
export type MethodName = (typeof METHODS)[number];

/** As the client wrote it; CHALLENGE says it the same way. */
export interface Chosen {
  readonly method: MethodName;
  readonly spelling: string;
}

/** Crossbar and Autobahn say `scram`. */
export function methodOf(spelling: string): MethodName | undefined {
  if (spelling === 'scram') return 'wamp-scram';
  return METHODS.find((method) => method === spelling);
}

export interface Offer {
  /** The client's, in its order. */
  readonly wanted: readonly string[];
  readonly authid: string | undefined;
  readonly user: EffectiveUser | undefined;
  readonly ofRealm: readonly string[];
  /** Those of the realm that sources allow `anonymous` and this user. */
  readonly forAnonymous: readonly string[];
  readonly forUser: readonly string[];
  readonly allowAnonymous: boolean;
  readonly transport: TransportInfo;
  /** Methods this node has what it takes for: an issuer of tokens, of tickets. */
  readonly isEquipped: (method: MethodName) => boolean;
}

/** More are not looked at. */
const MAX_WANTED = 64;

/** Undefined: none in common. */
export function choose(offer: Offer): Chosen | undefined {
  const possible: Chosen[] = [];
  for (const spelling of offer.wanted.slice(0, MAX_WANTED)) {
    const method = methodOf(spelling);
    if (method === undefined || !isOffered(offer, method)) continue;
    possible.push({ method, spelling });
  }
  const isHopeful = ({ method }: Chosen): boolean =>
    method === 'anonymous' || (lists(offer.forUser, method) && has(offer.user, method));
  return possible.find(isHopeful) ?? possible[0];
}

export function isAnonymous(authid: string | undefined): boolean {
  return authid === undefined || authid === ANONYMOUS;
}

export const ANONYMOUS = 'anonymous';

function isOffered(offer: Offer, method: MethodName): boolean {
  if (!offer.isEquipped(method)) return false;
  if (method === 'anonymous') {
    const isNobody = isAnonymous(offer.authid);
    return offer.allowAnonymous && isNobody && lists(offer.forAnonymous, method);
  }
  if (method === 'tls' && !offer.transport.certificate) return false;
  return lists(offer.ofRealm, method);
}

/** Is it among these, in either spelling? */
export function lists(methods: readonly string[], method: MethodName): boolean {
  return methods.some((each) => methodOf(each) === method);
}

function has(user: EffectiveUser | undefined, method: MethodName): boolean {
  if (!user) return true;
  const { password, authorizedKeys } = user;
  switch (method) {
    case 'password':
      return password !== undefined;
    case 'wampcra':
      return password !== undefined && password.cra !== null;
    case 'wamp-scram':
      return password !== undefined && password.scram !== null;
    case 'cryptosign':
      return authorizedKeys.length > 0;
    case 'ticket':
      // Tickets are issued to who has entered in another way.
      return password !== undefined || authorizedKeys.length > 0;
    case 'anonymous':
    case 'trust':
    case 'oauth2':
    case 'tls':
      return true;
  }
}
