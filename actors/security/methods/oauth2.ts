/**
 * Bearer tokens of another issuer (Bondy's `oauth2`; RFC 6750, 7519, 9068): the realm's `info.oauth2` names the issuer, its
 * keys, and the claims that are read. No user of the realm is needed: the issuer vouches for it.
 */
import type { TokenChecker, TokenIssuer } from '../../../runtime/crypto/json-web-token.ts';
import { MAX_TOKEN, TOKEN_ALGORITHMS } from '../../../runtime/crypto/json-web-token.ts';
import type { Dict, Value } from '../../../runtime/wamp/message.ts';
import type { Method, Step, Vouched } from './method.ts';
import { FAILED } from './method.ts';

export interface OAuth2Settings extends TokenIssuer {
  /** Whose text is the authid. */
  readonly authidClaim: string;
  /** Whose text or texts are the groups; undefined: none. */
  readonly roleClaim: string | undefined;
}

/** Groups of a token; the rest is not read. */
const MAX_GROUPS = 100;
const MAX_NAME = 254;

/** From `info.oauth2` of a realm; undefined: not there, or not usable. */
export function readOAuth2(info: Dict): OAuth2Settings | undefined {
  const written = info['oauth2'];
  if (!isDict(written)) return undefined;
  const { issuer, audience, jwks_uri: uri, jwks, authid_claim, role_claim, algorithms } = written;
  const audiences = typeof audience === 'string' ? [audience] : texts(audience);
  const keys =
    typeof uri === 'string' && uri.startsWith('https://')
      ? { uri }
      : isDict(jwks)
        ? { jwks }
        : undefined;
  if (typeof issuer !== 'string' || audiences.length === 0 || !keys) return undefined;
  const wanted = texts(algorithms).filter((name) => TOKEN_ALGORITHMS.includes(name));
  return {
    issuer,
    audience: audiences,
    keys,
    algorithms: algorithms === undefined || algorithms === null ? TOKEN_ALGORITHMS : wanted,
    authidClaim: typeof authid_claim === 'string' ? authid_claim : 'sub',
    roleClaim: typeof role_claim === 'string' ? role_claim : undefined,
  };
}

export class OAuth2 implements Method {
  readonly #settings: OAuth2Settings;
  /** As HELLO says; undefined: whoever the token is about. */
  readonly #authid: string | undefined;
  readonly #checker: TokenChecker;
  readonly #report: (what: string) => void;

  constructor(
    settings: OAuth2Settings,
    authid: string | undefined,
    checker: TokenChecker,
    report: (what: string) => void,
  ) {
    this.#settings = settings;
    this.#authid = authid;
    this.#checker = checker;
    this.#report = report;
  }

  begin(): Step {
    return { kind: 'challenge', extra: {} };
  }

  answer(token: string): Step {
    if (token.length > MAX_TOKEN) return FAILED;
    return {
      kind: 'pending',
      settle: (deliver) =>
        this.#checker.check(this.#settings, token, (checked) =>
          deliver(() => {
            switch (checked.kind) {
              case 'valid':
                return this.#step(checked.claims);
              case 'invalid':
                return FAILED;
              case 'unavailable':
                this.#report('token_checks_failed');
                return { kind: 'unavailable', detail: 'tokens cannot be checked now' };
            }
          }),
        ),
    };
  }

  #step(claims: Readonly<Record<string, unknown>>): Step {
    const vouched = readVouched(claims, this.#settings);
    if (!vouched || (this.#authid !== undefined && this.#authid !== vouched.authid)) return FAILED;
    return { kind: 'proven', vouched };
  }
}

function readVouched(
  claims: Readonly<Record<string, unknown>>,
  { authidClaim, roleClaim }: OAuth2Settings,
): Vouched | undefined {
  const authid = own(claims, authidClaim);
  if (typeof authid !== 'string' || authid === '' || authid.length > MAX_NAME) return undefined;
  const roles = roleClaim === undefined ? undefined : own(claims, roleClaim);
  // `scope` of RFC 8693 is one text with spaces.
  const groups = typeof roles === 'string' ? roles.split(' ') : texts(roles);
  return {
    authid,
    groups: groups.filter((name) => name !== '' && name.length <= MAX_NAME).slice(0, MAX_GROUPS),
  };
}

function own(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function isDict(value: Value | undefined): value is Dict {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}
