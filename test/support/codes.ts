/** Message codes and URIs as the specification writes them, apart from the product's own lists. */

export const HELLO = 1;
export const WELCOME = 2;
export const ABORT = 3;
export const CHALLENGE = 4;
export const AUTHENTICATE = 5;
export const GOODBYE = 6;
export const ERROR = 8;
export const PUBLISH = 16;
export const PUBLISHED = 17;
export const SUBSCRIBE = 32;
export const SUBSCRIBED = 33;
export const UNSUBSCRIBE = 34;
export const UNSUBSCRIBED = 35;
export const EVENT = 36;
export const CALL = 48;
export const CANCEL = 49;
export const RESULT = 50;
export const REGISTER = 64;
export const REGISTERED = 65;
export const UNREGISTER = 66;
export const UNREGISTERED = 67;
export const INVOCATION = 68;
export const INTERRUPT = 69;
export const YIELD = 70;

export const MESSAGE_NAMES: Record<number, string> = {
  1: 'HELLO',
  2: 'WELCOME',
  3: 'ABORT',
  4: 'CHALLENGE',
  5: 'AUTHENTICATE',
  6: 'GOODBYE',
  8: 'ERROR',
  16: 'PUBLISH',
  17: 'PUBLISHED',
  32: 'SUBSCRIBE',
  33: 'SUBSCRIBED',
  34: 'UNSUBSCRIBE',
  35: 'UNSUBSCRIBED',
  36: 'EVENT',
  48: 'CALL',
  49: 'CANCEL',
  50: 'RESULT',
  64: 'REGISTER',
  65: 'REGISTERED',
  66: 'UNREGISTER',
  67: 'UNREGISTERED',
  68: 'INVOCATION',
  69: 'INTERRUPT',
  70: 'YIELD',
};

/** The codes by name, for tables. */
export const CODES: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(MESSAGE_NAMES).map(([code, name]) => [name, Number(code)]),
);

export const MAX_ID = 2 ** 53;

/** Every feature a client can announce (advanced profile), so that the router may use all of them. */
export const ALL_ROLES = {
  publisher: {
    features: {
      publisher_identification: true,
      publisher_exclusion: true,
      subscriber_blackwhite_listing: true,
      payload_passthru_mode: true,
    },
  },
  subscriber: {
    features: {
      publisher_identification: true,
      publication_trustlevels: true,
      pattern_based_subscription: true,
      subscription_revocation: true,
      sharded_subscription: true,
      payload_passthru_mode: true,
    },
  },
  caller: {
    features: {
      caller_identification: true,
      call_canceling: true,
      call_timeout: true,
      progressive_call_results: true,
      progressive_call_invocations: true,
      payload_passthru_mode: true,
    },
  },
  callee: {
    features: {
      caller_identification: true,
      call_canceling: true,
      call_timeout: true,
      call_trustlevels: true,
      call_reroute: true,
      progressive_call_results: true,
      progressive_call_invocations: true,
      pattern_based_registration: true,
      shared_registration: true,
      registration_revocation: true,
      sharded_registration: true,
      payload_passthru_mode: true,
    },
  },
};

/** The four roles without any feature: the basic profile. */
export const BASIC_ROLES = { publisher: {}, subscriber: {}, caller: {}, callee: {} };

/** All roles, with some features of one role taken away. */
export function rolesWithout(
  role: keyof typeof ALL_ROLES,
  ...features: readonly string[]
): Record<string, unknown> {
  const kept = Object.entries(ALL_ROLES[role].features).filter(([key]) => !features.includes(key));
  return { ...ALL_ROLES, [role]: { features: Object.fromEntries(kept) } };
}
