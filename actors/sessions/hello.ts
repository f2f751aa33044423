/** Reads HELLO.Details (WAMP basic/sessions.md §Client: Role and Feature Announcement). */
import { Violation } from '../../runtime/wamp/codec.ts';
import { EMPTY } from '../../runtime/wamp/message.ts';
import type { Dict, Value } from '../../runtime/wamp/message.ts';
import type { PeerFeatures } from '../routing/api.ts';
import { MAX_TOKEN } from './api.ts';

export interface Introduction {
  readonly features: PeerFeatures;
  readonly authmethods: readonly string[];
  readonly authid: string | undefined;
  readonly authextra: Dict;
  /** Which of its groups it wants to act as; undefined: all of them. */
  readonly authroles: readonly string[] | undefined;
  /** What the session has seen on other nodes. */
  readonly token: string | undefined;
}

/** Implementation-specific keys begin with an underscore (basic/message_format.md §Extensibility). */
export const TOKEN_KEY = '_bondy_session_token';

/** Words of `authrole` that choose none of the groups. */
const ALL_GROUPS: ReadonlySet<string> = new Set(['', 'all', 'default']);

/** Groups chosen at once. */
const MAX_AUTHROLES = 100;

const ROLES = ['publisher', 'subscriber', 'caller', 'callee'] as const;

/** The last ones read: a memo of decoded HELLOs gives the same details again and again. */
let last: { readonly details: Dict; readonly introduction: Introduction | Violation } | undefined;

export function readHello(details: Dict): Introduction | Violation {
  if (last?.details !== details) last = { details, introduction: introductionIn(details) };
  return last.introduction;
}

function introductionIn(details: Dict): Introduction | Violation {
  const features = readRoles(details['roles']);
  if (features instanceof Violation) return features;
  const authmethods = details['authmethods'] ?? null;
  if (authmethods !== null && !isStringList(authmethods)) {
    return new Violation('HELLO: authmethods must be a list of strings');
  }
  const authid = details['authid'] ?? null;
  if (authid !== null && typeof authid !== 'string') {
    return new Violation('HELLO: authid must be a string');
  }
  const authextra = details['authextra'] ?? null;
  if (authextra !== null && !isDict(authextra)) {
    return new Violation('HELLO: authextra must be a dict');
  }
  const authroles = readAuthroles(details);
  if (authroles instanceof Violation) return authroles;
  const token = details[TOKEN_KEY] ?? null;
  if (token !== null && (typeof token !== 'string' || token.length > MAX_TOKEN)) {
    return new Violation(`HELLO: ${TOKEN_KEY} must be a string of at most ${MAX_TOKEN} characters`);
  }
  return {
    features,
    authmethods: authmethods ?? ['anonymous'],
    authid: authid ?? undefined,
    authextra: authextra ?? EMPTY,
    authroles,
    token: token ?? undefined,
  };
}

/** `authrole`, or Bondy's `x_authroles` for several. */
function readAuthroles(details: Dict): readonly string[] | undefined | Violation {
  const several = details['x_authroles'] ?? null;
  if (several !== null) {
    if (isStringList(several) && several.length <= MAX_AUTHROLES) return several;
    return new Violation(`HELLO: x_authroles must be a list of at most ${MAX_AUTHROLES} strings`);
  }
  const one = details['authrole'] ?? null;
  if (one === null) return undefined;
  if (typeof one !== 'string') return new Violation('HELLO: authrole must be a string');
  return ALL_GROUPS.has(one) ? undefined : [one];
}

function readRoles(roles: Value | undefined): PeerFeatures | Violation {
  if (!isDict(roles)) return new Violation('HELLO: Details.roles must be a dict');
  const features: { -readonly [Role in keyof PeerFeatures]: PeerFeatures[Role] } = {
    publisher: undefined,
    subscriber: undefined,
    caller: undefined,
    callee: undefined,
  };
  let announced = 0;
  for (const role of ROLES) {
    const description = roles[role];
    if (description === undefined || description === null) continue;
    if (!isDict(description)) return new Violation(`HELLO: role ${role} must be a dict`);
    const set = readFeatures(description['features']);
    if (!set)
      return new Violation(
        `HELLO: features of ${role} must be a dict of at most ${MAX_FEATURES} booleans`,
      );
    features[role] = set;
    announced += 1;
  }
  if (announced === 0) {
    return new Violation('HELLO: announce at least one of publisher, subscriber, caller, callee');
  }
  return features;
}

// Most sessions of one kind of client announce the same features: share the sets between them.
const NONE: ReadonlySet<string> = new Set();
const shared = new Map<string, ReadonlySet<string>>();
const SHARED_SETS = 256;

/** The protocol knows about a dozen per role; each is kept as long as the session. */
const MAX_FEATURES = 100;

function readFeatures(features: Value | undefined): ReadonlySet<string> | undefined {
  if (features === undefined || features === null) return NONE;
  if (!isDict(features)) return undefined;
  let count = 0;
  let key = ''; // with the lengths, or two clients' names could read the same
  for (const name of Object.keys(features)) {
    const value = features[name];
    if (value === false || value === null || value === undefined) continue;
    if (value !== true || ++count > MAX_FEATURES) return undefined;
    key += `${name.length} ${name} `;
  }
  const known = shared.get(key);
  if (known) return known;
  const set = new Set(Object.keys(features).filter((name) => features[name] === true));
  if (shared.size < SHARED_SETS && key.length < 1024) shared.set(key, set);
  return set;
}

function isStringList(value: Value): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

export function isDict(value: Value | undefined): value is Dict {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}
