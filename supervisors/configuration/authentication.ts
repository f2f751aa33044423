/** Keys of authentication: passwords and what they cost, and what guessing is slowed down by. */
import { AUTHENTICATION_DEFAULTS as DEFAULTS } from '../../actors/security/config.ts';
import type { AuthenticationConfig } from '../../actors/security/config.ts';
import type { Conflict } from '../../runtime/config/check.ts';
import { key } from '../../runtime/config/schema.ts';
import type { Values } from '../../runtime/config/schema.ts';
import { duration, integer, oneOf, onOff } from '../../runtime/config/scalar-types.ts';

const length = integer({ min: 3, max: 256 });

export const authenticationKeys = {
  allowAnonymous: key({
    name: 'security.allow_anonymous_user',
    type: onOff,
    default: DEFAULTS.allowAnonymous,
    isReloadable: true,
    doc:
      'May anybody enter a realm anonymously, where the realm and its sources allow it? Realms of this file say for ' +
      'themselves whom they let in.',
  }),
  minLength: key({
    name: 'security.password.min_length',
    type: length,
    default: DEFAULTS.password.minLength,
    isReloadable: true,
    doc: 'Characters of a new password at least. Low: passwords that are guessed.',
  }),
  maxLength: key({
    name: 'security.password.max_length',
    type: length,
    default: DEFAULTS.password.maxLength,
    isReloadable: true,
    doc: 'Characters of a password at most. Longer ones are refused without a look at them.',
  }),
  protocol: key({
    name: 'security.password.protocol',
    type: oneOf(['auto', 'cra', 'scram']),
    default: DEFAULTS.defaults.protocol,
    doc:
      'What is kept of a new password beside its argon2id hash, in realms that do not say it themselves. `auto`: what the ' +
      "realm's methods need. `cra`: the key of WAMP-CRA too, which is as good as the password. `scram`: the keys of " +
      'WAMP-SCRAM too, and never that key, so nobody can use `wampcra`. The same on all nodes. Bondy has `cra`.',
  }),
  iterations: key({
    name: 'security.password.pbkdf2.iterations',
    type: integer({ min: 4096, max: 1_000_000 }),
    default: DEFAULTS.defaults.password.iterations,
    doc:
      'Iterations of PBKDF2 for the verifiers of WAMP-CRA and WAMP-SCRAM of new passwords, in realms that do not say it ' +
      'themselves. Low: cheap to guess for who has a backup. High: clients compute as long at each login. The same on all ' +
      'nodes.',
  }),
  scramKdf: key({
    name: 'security.password.scram.kdf',
    type: oneOf(['pbkdf2', 'argon2id13']),
    default: DEFAULTS.defaults.password.scramKdf,
    doc:
      'How the keys of WAMP-SCRAM are derived from new passwords, in realms that do not say it themselves. Few clients have ' +
      '`argon2id13`. The same on all nodes.',
  }),
  upgrades: key({
    name: 'security.password.protocol.upgrade.enabled',
    type: onOff,
    default: DEFAULTS.password.upgrades,
    isReloadable: true,
    doc:
      'When a client reveals its password (`password`), what is stored of it is derived anew if its realm asks for other ' +
      'protocols or costs by now.',
  }),
  concurrency: key({
    name: 'security.password.hashing.concurrency',
    type: integer({ min: 1, max: 64 }),
    default: DEFAULTS.derivation.concurrency,
    isReloadable: true,
    doc:
      'Passwords hashed at a time. Low: logins wait. High: the disk waits for them, since both use the same threads ' +
      '(UV_THREADPOOL_SIZE, 4).',
  }),
  maxWaiting: key({
    name: 'security.password.hashing.max_waiting',
    type: integer({ min: 0, max: 100_000 }),
    default: DEFAULTS.derivation.maxWaiting,
    isReloadable: true,
    doc:
      'Passwords that wait to be hashed; the next is refused with `wamp.error.unavailable`. Low: refused in a rush. ' +
      'High: whoever comes last waits longer than clients do.',
  }),
  lockoutEnabled: key({
    name: 'security.lockout.enabled',
    type: onOff,
    default: DEFAULTS.lockout.enabled,
    isReloadable: true,
    doc: 'Must who fails too often wait before the next attempt? Off only where something in front does it.',
  }),
  maxPerAddress: key({
    name: 'security.lockout.max_failures_per_address',
    type: integer({ min: 1, max: 1_000_000 }),
    default: DEFAULTS.lockout.maxPerAddress,
    isReloadable: true,
    doc:
      'Failures of one address in one realm before it must wait; an IPv6 address counts as its /64. Low: people who mistype ' +
      'wait. High: more guesses. Behind a proxy set `proxy_protocol` or `forwarded_header`, or all clients are one address.',
  }),
  maxPerUser: key({
    name: 'security.lockout.max_failures_per_user',
    type: integer({ min: 1, max: 1_000_000 }),
    default: DEFAULTS.lockout.maxPerUser,
    isReloadable: true,
    doc:
      'Failures for one user name from anywhere before it must wait. Low: others keep a user out. High: many addresses ' +
      'together guess more.',
  }),
  firstWaitMs: key({
    name: 'security.lockout.first_wait',
    type: duration({ min: 10, max: 3_600_000 }),
    default: DEFAULTS.lockout.firstWaitMs,
    isReloadable: true,
    doc: 'The first wait. It doubles with each further failure.',
  }),
  maxWaitMs: key({
    name: 'security.lockout.max_wait',
    type: duration({ min: 10, max: 86_400_000 }),
    default: DEFAULTS.lockout.maxWaitMs,
    isReloadable: true,
    doc: 'The longest wait; for so long at a time others can keep a user out.',
  }),
  forgetAfterMs: key({
    name: 'security.lockout.forget_after',
    type: duration({ min: 10, max: 7 * 86_400_000 }),
    default: DEFAULTS.lockout.forgetAfterMs,
    isReloadable: true,
    doc: 'Without a failure for so long, all are forgotten.',
  }),
  maxEntries: key({
    name: 'security.lockout.max_entries',
    type: integer({ min: 100, max: 10_000_000 }),
    default: DEFAULTS.lockout.maxEntries,
    isReloadable: true,
    doc: 'Addresses and names remembered, some 200 bytes each; the longest quiet is forgotten. Per node.',
  }),
};

type AuthenticationValues = Values<typeof authenticationKeys>;

export function authenticationConfig(values: AuthenticationValues): AuthenticationConfig {
  const { allowAnonymous, minLength, maxLength, upgrades, concurrency, maxWaiting } = values;
  const { protocol, iterations, scramKdf } = values;
  const { lockoutEnabled, maxPerAddress, maxPerUser } = values;
  const { firstWaitMs, maxWaitMs, forgetAfterMs, maxEntries } = values;
  return {
    allowAnonymous,
    password: { minLength, maxLength, upgrades },
    defaults: {
      ...DEFAULTS.defaults,
      protocol,
      password: { ...DEFAULTS.defaults.password, iterations, scramKdf },
    },
    derivation: { concurrency, maxWaiting },
    lockout: {
      enabled: lockoutEnabled,
      maxPerAddress,
      maxPerUser,
      firstWaitMs,
      maxWaitMs,
      forgetAfterMs,
      maxEntries,
    },
  };
}

export function authenticationConflicts(values: AuthenticationValues): readonly Conflict[] {
  const conflicts: Conflict[] = [];
  if (values.minLength > values.maxLength) {
    conflicts.push({
      keys: ['security.password.min_length', 'security.password.max_length'],
      problem: 'no password could be long enough and short enough',
      advice: 'Make min_length at most max_length.',
    });
  }
  if (values.forgetAfterMs < values.maxWaitMs) {
    conflicts.push({
      keys: ['security.lockout.forget_after', 'security.lockout.max_wait'],
      problem: 'failures would be forgotten before the wait is over',
      advice: 'Make forget_after at least max_wait.',
    });
  }
  return conflicts;
}
