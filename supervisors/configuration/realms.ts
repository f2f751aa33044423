/** Keys of the realms this node opens. */
import type { RealmConfig } from '../../actors/realms/config.ts';
import { REALM_DEFAULTS } from '../../actors/realms/config.ts';
import { each, key } from '../../runtime/config/schema.ts';
import type { Values } from '../../runtime/config/schema.ts';
import type { Conflict } from '../../runtime/config/check.ts';
import { integer, oneOf, onOff, text } from '../../runtime/config/scalar-types.ts';
import { secret } from '../../runtime/config/secret.ts';
import { list, optional } from '../../runtime/config/type.ts';

const realmUri = text({
  name: 'realm URI',
  pattern: /^[^\s.#]+(\.[^\s.#]+)*$/,
  advice: 'Write words with dots between them, without spaces and #, for example com.example.shop.',
  max: 255,
});

const identifier = text({ name: 'name', pattern: /^\S(.*\S)?$/, max: 255 });

export const realmKeys = each('realms.$realm', (prefix) => ({
  uri: key({
    name: `${prefix}.uri`,
    type: optional(realmUri),
    default: undefined,
    doc: 'What clients say in HELLO. Without it the name in the key is the URI.',
  }),
  authmethods: key({
    name: `${prefix}.authmethods`,
    type: list(oneOf(['anonymous', 'ticket'])),
    default: [],
    doc:
      'How clients may enter; the client chooses among them. `anonymous` lets everybody in who reaches a ' +
      'listener. A realm needs at least one.',
  }),
  anonymousRole: key({
    name: `${prefix}.anonymous_role`,
    type: identifier,
    default: REALM_DEFAULTS.anonymousRole,
    doc: 'The `authrole` of anonymous sessions.',
  }),
  uriRule: key({
    name: `${prefix}.uri_strictness`,
    type: oneOf(['loose', 'strict']),
    default: REALM_DEFAULTS.uriRule,
    doc:
      '`strict` allows lower case letters, digits and _ in the components of topics and procedures; `loose` ' +
      'everything but spaces, dots and #.',
  }),
  maxSessions: key({
    name: `${prefix}.max_sessions`,
    type: integer({ min: 1, max: 10_000_000 }),
    default: REALM_DEFAULTS.maxSessions,
    doc: 'Sessions at most; the next HELLO is refused. Low: clients are locked out. High: memory.',
  }),
  allowDisclosure: key({
    name: `${prefix}.allow_disclosure`,
    type: onOff,
    default: REALM_DEFAULTS.allowDisclosure,
    doc: 'May callers and publishers have their identity disclosed with `disclose_me`?',
  }),
  users: each(`${prefix}.users.$user`, (user) => ({
    authid: key({
      name: `${user}.authid`,
      type: optional(identifier),
      default: undefined,
      doc: 'The `authid` the client gives. Without it the name in the key.',
    }),
    ticket: key({
      name: `${user}.ticket`,
      type: optional(secret),
      default: undefined,
      doc: 'What the client answers to a `ticket` challenge. Better as `@file:PATH`, or with the key `ticket_file`.',
    }),
    authrole: key({
      name: `${user}.authrole`,
      type: identifier,
      default: 'user',
      doc: 'The `authrole` of sessions that enter with this ticket.',
    }),
  })),
}));

type RealmValues = Values<typeof realmKeys>;
type WrittenRealm = RealmValues[number];

/**
 * What `npm start` opens: realm1 for everybody. Only while nobody but this machine can reach it, and no bootstrap file says
 * what there is instead.
 */
export const OPEN_REALM: RealmConfig = {
  ...REALM_DEFAULTS,
  uri: 'realm1',
  authmethods: ['anonymous'],
};

export function realmConfigs(realms: RealmValues, isBootstrapped = false): readonly RealmConfig[] {
  return realms.length === 0 && !isBootstrapped ? [OPEN_REALM] : realms.map(realmConfig);
}

function realmConfig({ name, users, ...realm }: WrittenRealm): RealmConfig {
  return {
    ...realm,
    uri: realm.uri ?? name,
    tickets: users.map((user) => ({
      authid: user.authid ?? user.name,
      ticket: user.ticket?.reveal() ?? '',
      authrole: user.authrole,
    })),
  };
}

export function realmConflicts(realms: RealmValues): readonly Conflict[] {
  return [
    ...realms.flatMap(conflictsWithin),
    ...repeats(realms, ({ uri, name }) => uri ?? name).map(({ name, uri }) => ({
      keys: [`realms.${name}.uri`],
      problem: `another realm has the URI ${uri ?? name} too`,
      advice: 'Give each realm a URI of its own.',
    })),
  ];
}

function conflictsWithin({ name, authmethods, users }: WrittenRealm): readonly Conflict[] {
  const prefix = `realms.${name}`;
  const conflicts: Conflict[] = [];
  if (authmethods.length === 0) {
    const problem = 'nobody could enter this realm';
    const advice = `Set ${prefix}.authmethods = ticket, or anonymous if everybody may enter.`;
    conflicts.push({ keys: [`${prefix}.authmethods`], problem, advice });
  }
  if (authmethods.includes('ticket') && users.length === 0) {
    const problem = 'ticket is offered, and there is no user with one';
    const advice = `Set ${prefix}.users.NAME.ticket = @file:PATH, or remove ticket.`;
    conflicts.push({ keys: [`${prefix}.authmethods`], problem, advice });
  }
  for (const user of users.filter(({ ticket }) => ticket === undefined)) {
    const written = `${prefix}.users.${user.name}`;
    const advice = `Set ${written}.ticket = @file:PATH, or remove the user.`;
    conflicts.push({ keys: [`${written}.ticket`], problem: 'this user has no ticket', advice });
  }
  for (const user of repeats(users, (user) => user.authid ?? user.name)) {
    const problem = 'another user of the realm has this authid too';
    const advice = 'Give each user an authid of its own.';
    conflicts.push({ keys: [`${prefix}.users.${user.name}.authid`], problem, advice });
  }
  return conflicts;
}

/** Those whose value an earlier one has already. */
function repeats<T>(items: readonly T[], valueOf: (item: T) => string): readonly T[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const value = valueOf(item);
    const isRepeated = seen.has(value);
    seen.add(value);
    return isRepeated;
  });
}
