/**
 * Realms with users: which method, for whom, and who it is that comes in. What the policy says is asked twice, before the
 * challenge and after the proof: in between a user may have been disabled or have got another password.
 */
import type { Dict } from '../../runtime/wamp/message.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { Principal } from './api.ts';
import type { Entrance, Entry, Hello, Proven, Refused, Visit } from './entrance.ts';
import { needsAuthid, NOT_PROVEN, noneInCommon, refused } from './entrance.ts';
import type { Claim } from './methods/method.ts';
import type { MethodFactory } from './methods/factory.ts';
import { ANONYMOUS, choose, isAnonymous, lists } from './negotiation.ts';
import type { Chosen, MethodName } from './negotiation.ts';
import { fold, whyNoGroupName } from './policy/names.ts';
import type { EffectiveRealm, EffectiveUser, PolicyPort } from './policy-port.ts';

export interface PolicyEntranceTools {
  readonly policy: Pick<PolicyPort, 'realm' | 'user' | 'methodsFrom'>;
  readonly methods: MethodFactory;
  allowsAnonymous(): boolean;
}

const PROVIDER = 'com.leapsight.bondy.rbac';

export class PolicyEntrance implements Entrance {
  readonly #realm: EffectiveRealm;
  readonly #tools: PolicyEntranceTools;

  constructor(realm: EffectiveRealm, tools: PolicyEntranceTools) {
    this.#realm = realm;
    this.#tools = tools;
  }

  open(visit: Visit): Entry | Refused {
    const { uri, authmethods, allowConnections, securityEnabled } = this.#realm;
    const { hello, transport } = visit;
    if (!allowConnections) return CLOSED;
    if (!securityEnabled && !isAnonymous(hello.authid)) return NO_USERS;
    const authid = hello.authid ?? ofCertificate(visit);
    const found = authid === undefined ? undefined : this.#tools.policy.user(uri, authid);
    const user = found?.enabled === true ? found : undefined;
    const methodsFrom = (username: string): readonly string[] =>
      this.#tools.policy.methodsFrom(uri, username, transport.peer.address);
    const chosen = choose({
      wanted: hello.authmethods,
      authid: hello.authid,
      user,
      ofRealm: authmethods,
      forAnonymous: methodsFrom(ANONYMOUS),
      forUser: methodsFrom(user?.username ?? authid ?? ''),
      allowAnonymous: this.#tools.allowsAnonymous(),
      transport,
      isEquipped: (method) => this.#tools.methods.has(method, this.#realm),
    });
    if (!chosen) return noneInCommon(authmethods);
    return this.#entry(visit, chosen, authid, user);
  }

  #entry(
    { hello, transport, sessionId }: Visit,
    chosen: Chosen,
    authid: string | undefined,
    user: EffectiveUser | undefined,
  ): Entry | Refused {
    const { method: name, spelling } = chosen;
    const needsName = name !== 'anonymous' && name !== 'oauth2';
    if (needsName && (authid === undefined || authid === ANONYMOUS)) return needsAuthid(spelling);
    const { uri, password } = this.#realm;
    const claim: Claim = {
      realm: uri,
      authid: authid ?? '',
      user,
      password,
      keeper: this.#keeper(user),
      authextra: hello.authextra,
      sessionId,
      transport,
    };
    const who = user?.username ?? authid;
    const { address } = transport.peer;
    return {
      kind: 'entry',
      spelling,
      method: this.#tools.methods.make(chosen, claim, this.#realm, hello.authid),
      guesser: name === 'anonymous' ? undefined : { realm: uri, address, authid: who },
      admit: (proof) => {
        if (name === 'anonymous') return this.#anonymous(sessionId);
        return proof.vouched && name === 'oauth2'
          ? this.#vouchedFor(proof, hello, address)
          : this.#user(name, proof, hello, user!, address);
      },
    };
  }

  #keeper(user: EffectiveUser | undefined): EffectiveRealm | undefined {
    const { ssoRealmUri } = user ?? {};
    return ssoRealmUri === undefined ? this.#realm : this.#tools.policy.realm(ssoRealmUri);
  }

  #anonymous(sessionId: number): Principal | Refused {
    if (!this.#isStillOpen() || !this.#tools.allowsAnonymous()) return CLOSED;
    return {
      authid: `${ANONYMOUS}-${sessionId}`,
      authrole: ANONYMOUS,
      authmethod: 'anonymous',
      authprovider: PROVIDER,
      authextra: {},
      subject: { username: undefined, groups: undefined },
    };
  }

  #user(
    authmethod: MethodName,
    { authextra = {}, vouched, ticket }: Proven,
    hello: Hello,
    before: EffectiveUser,
    address: string,
  ): Principal | Refused {
    if (!this.#isStillOpen()) return CLOSED;
    const now = this.#tools.policy.user(this.#realm.uri, before.username);
    if (!now || !now.enabled || !hasSameCredentials(before, now)) return NOT_PROVEN;
    if (!this.#isAllowed(authmethod, now.username, address)) return NOT_PROVEN;
    const groups = vouched?.groups ?? now.groups;
    const chosen = chooseGroups(hello.authroles, groups);
    if (chosen === 'not_of_user') return NO_SUCH_ROLE;
    return {
      authid: now.username,
      ...roles(chosen ?? vouched?.groups),
      authmethod,
      authprovider: PROVIDER,
      authextra: { ...authextra, ...several(chosen) },
      subject: { username: now.username, groups: chosen ?? vouched?.groups },
      ...(ticket && { ticket }),
    };
  }

  #vouchedFor(
    { authextra = {}, vouched }: Proven,
    hello: Hello,
    address: string,
  ): Principal | Refused {
    if (!this.#isStillOpen()) return CLOSED;
    const { authid, groups: named } = vouched!;
    if (whyNoGroupName(authid) !== undefined) return NOT_PROVEN;
    const user = this.#tools.policy.user(this.#realm.uri, authid);
    const username = user?.username ?? fold(authid);
    if (user?.enabled === false || !this.#isAllowed('oauth2', username, address)) return NOT_PROVEN;
    const groups = named.map(fold).filter((name) => whyNoGroupName(name) === undefined);
    const chosen = chooseGroups(hello.authroles, groups);
    if (chosen === 'not_of_user') return NO_SUCH_ROLE;
    return {
      authid: username,
      ...roles(chosen ?? groups),
      authmethod: 'oauth2',
      authprovider: PROVIDER,
      authextra: { ...authextra, ...several(chosen) },
      subject: { username, groups: chosen ?? groups, isVouchedFor: true },
    };
  }

  #isAllowed(method: MethodName, username: string, address: string): boolean {
    return lists(this.#tools.policy.methodsFrom(this.#realm.uri, username, address), method);
  }

  #isStillOpen(): boolean {
    return this.#tools.policy.realm(this.#realm.uri)?.allowConnections === true;
  }
}

const CLOSED = refused(ERRORS.authenticationFailed, 'this realm takes no connections');
const NO_USERS = refused(
  ERRORS.authenticationFailed,
  'the security of this realm is disabled: enter without an authid',
);
const NO_SUCH_ROLE = refused(ERRORS.noSuchRole, 'you may not act in this role');

/** The client need not say what its certificate says. */
function ofCertificate({ hello, transport }: Visit): string | undefined {
  return hello.authmethods.includes('tls') ? transport.certificate?.commonName : undefined;
}

function hasSameCredentials(before: EffectiveUser, now: EffectiveUser): boolean {
  const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
    one.length === other.length && one.every((each) => other.includes(each));
  return (
    before.passwordAt === now.passwordAt && isSameList(before.authorizedKeys, now.authorizedKeys)
  );
}

/** Undefined: all of them. */
function chooseGroups(
  wanted: readonly string[] | undefined,
  groups: readonly string[],
): readonly string[] | undefined | 'not_of_user' {
  if (wanted === undefined) return undefined;
  const own = new Map(groups.map((group) => [fold(group), group]));
  const chosen = wanted.map((each) => own.get(fold(each)));
  return chosen.every((each) => each !== undefined) ? chosen : 'not_of_user';
}

/** One is said as it is; for several or all of them Bondy has a word. */
function roles(chosen: readonly string[] | undefined): { readonly authrole: string } {
  return { authrole: chosen?.length === 1 ? chosen[0]! : 'default' };
}

function several(chosen: readonly string[] | undefined): Dict {
  return chosen && chosen.length > 1 ? { x_authroles: chosen } : {};
}
