/** `bondy realm|user|group|grant|source|ticket|session|registration|subscription …`, over the routes of the admin API. */
import type { Verb } from './verb.ts';
import { flag, listVerb, verb } from './verb.ts';

export interface Noun {
  readonly name: string;
  readonly description: string;
  readonly verbs: readonly Verb[];
}

const REALMS = '/realms';
const REALM = '/realms/{realm}';
const META = flag('--meta <json>', 'meta', 'json', 'anything about it, as a JSON object');
const FORCE = flag('--force', 'force', 'yes', 'although there are users in it');

const REALM_FLAGS = [
  flag('--description <text>', 'description', 'text', 'for people'),
  flag('--authmethod <method>', 'authmethods', 'list', 'how it may be entered'),
  flag('--prototype <uri>', 'prototype_uri', 'text', 'the realm it inherits from'),
  flag('--sso-realm <uri>', 'sso_realm_uri', 'text', 'the realm that keeps the credentials'),
];

const realm: Noun = {
  name: 'realm',
  description: 'look at realms and change them',
  verbs: [
    listVerb([], REALMS, 'show all realms', [
      'uri',
      'security_status',
      'allow_connections',
      'authmethods',
      'description',
    ]),
    verb('get', ['realm'], 'GET', REALM, 'show a realm as it is in force'),
    verb('add', ['realm'], 'POST', REALMS, 'create a realm', {
      hasBody: true,
      fields: { uri: 'realm' },
      flags: REALM_FLAGS,
    }),
    verb('update', ['realm'], 'PUT', REALM, 'change what is given', {
      hasBody: true,
      flags: REALM_FLAGS,
    }),
    verb('delete', ['realm'], 'DELETE', REALM, 'delete a realm and all in it', { flags: [FORCE] }),
    verb(
      'enable-security',
      ['realm'],
      'PUT',
      `${REALM}/security_enabled`,
      'deny what is not granted',
    ),
    verb(
      'disable-security',
      ['realm'],
      'DELETE',
      `${REALM}/security_enabled`,
      'let everybody in the realm do everything',
    ),
  ],
};

const USERS = `${REALM}/users`;
const USER = `${USERS}/{username}`;
const NEW_PASSWORD = (field: string) => [
  flag('--new-password-file <file>', field, 'secret', 'the new password; - for standard input'),
  flag('--new-password', field, 'prompt', 'ask for the new password at the terminal'),
];
const USER_FLAGS = [
  flag('--group <name>', 'groups', 'list', 'the groups it is in'),
  flag('--key <hex>', 'authorized_keys', 'list', 'Ed25519 public keys for cryptosign'),
  ...NEW_PASSWORD('password'),
  META,
];

const user: Noun = {
  name: 'user',
  description: 'look at users of a realm and change them',
  verbs: [
    listVerb(['realm'], USERS, 'show the users of a realm', [
      'username',
      'enabled',
      'groups',
      'has_password',
      'has_authorized_keys',
      'aliases',
    ]),
    verb('get', ['realm', 'username'], 'GET', USER, 'show a user'),
    verb('add', ['realm', 'username'], 'POST', USERS, 'add a user', {
      hasBody: true,
      fields: { username: 'username' },
      flags: [...USER_FLAGS, flag('--alias <name>', 'aliases', 'list', 'other names to log in')],
    }),
    verb('update', ['realm', 'username'], 'PUT', USER, 'change what is given', {
      hasBody: true,
      flags: USER_FLAGS,
    }),
    verb('delete', ['realm', 'username'], 'DELETE', USER, 'delete a user; its sessions end'),
    verb('enable', ['realm', 'username'], 'PUT', `${USER}/enabled`, 'let a user in again'),
    verb('disable', ['realm', 'username'], 'DELETE', `${USER}/enabled`, 'keep a user out'),
    verb('passwd', ['realm', 'username'], 'POST', `${USER}/change_password`, 'set a password', {
      hasBody: true,
      flags: [
        ...NEW_PASSWORD('new_password'),
        flag(
          '--old-password-file <file>',
          'old_password',
          'secret',
          'the one it has, to be checked',
        ),
      ],
    }),
    verb(
      'join',
      ['realm', 'username', 'group'],
      'PUT',
      `${USER}/groups/{group}`,
      'put into a group',
    ),
    verb(
      'leave',
      ['realm', 'username', 'group'],
      'DELETE',
      `${USER}/groups/{group}`,
      'take out of one',
    ),
    verb('grants', ['realm', 'username'], 'GET', `${USER}/grants`, 'show what it is granted', {
      columns: ['roles', 'permissions', 'resource'],
    }),
    verb(
      'explain',
      ['realm', 'authid'],
      'GET',
      `${REALM}/rbac/explain`,
      'show why it may or may not',
      {
        fields: { authid: 'authid' },
        flags: [
          flag('--permission <uri>', 'permission', 'text', 'wamp.call, wamp.publish, …'),
          flag('--resource <uri>', 'resource', 'text', 'of the procedure or topic'),
          flag('--match <kind>', 'match', 'text', 'exact, prefix or wildcard'),
        ],
      },
    ),
  ],
};

const GROUPS = `${REALM}/groups`;
const GROUP = `${GROUPS}/{name}`;
const GROUP_FLAGS = [flag('--parent <name>', 'groups', 'list', 'groups it is in'), META];

const group: Noun = {
  name: 'group',
  description: 'look at groups of a realm and change them',
  verbs: [
    listVerb(['realm'], GROUPS, 'show the groups of a realm', ['name', 'groups', 'meta']),
    verb('get', ['realm', 'name'], 'GET', GROUP, 'show a group'),
    verb('add', ['realm', 'name'], 'POST', GROUPS, 'add a group', {
      hasBody: true,
      fields: { name: 'name' },
      flags: GROUP_FLAGS,
    }),
    verb('update', ['realm', 'name'], 'PUT', GROUP, 'change what is given', {
      hasBody: true,
      flags: GROUP_FLAGS,
    }),
    verb('delete', ['realm', 'name'], 'DELETE', GROUP, 'delete a group'),
  ],
};

const GRANTS = `${REALM}/grants`;
const GRANT_FLAGS = [
  flag('--permission <uri>', 'permissions', 'list', 'wamp.call, wamp.register, …'),
  flag('--role <name>', 'roles', 'list', 'users and groups'),
  flag('--uri <uri>', 'uri', 'text', 'of procedures or topics; any: not tied to one'),
  flag('--match <kind>', 'match', 'text', 'exact, prefix or wildcard'),
];

const grant: Noun = {
  name: 'grant',
  description: 'look at what is granted in a realm and change it',
  verbs: [
    listVerb(['realm'], GRANTS, 'show all grants', ['roles', 'permissions', 'resource']),
    verb('add', ['realm'], 'POST', GRANTS, 'grant', { hasBody: true, flags: GRANT_FLAGS }),
    verb('delete', ['realm'], 'PUT', GRANTS, 'revoke', { hasBody: true, flags: GRANT_FLAGS }),
  ],
};

const SOURCES = `${REALM}/sources`;

const source: Noun = {
  name: 'source',
  description: 'look at who may enter a realm from where, and change it',
  verbs: [
    listVerb(['realm'], SOURCES, 'show all sources', ['username', 'authmethod', 'cidr', 'meta']),
    verb('get', ['realm', 'username'], 'GET', `${USER}/sources`, "show a user's own", {
      columns: ['username', 'authmethod', 'cidr', 'meta'],
    }),
    verb('add', ['realm'], 'POST', SOURCES, 'let users enter from a network', {
      hasBody: true,
      columns: ['username', 'authmethod', 'cidr', 'meta'],
      flags: [
        flag('--username <name>', 'usernames', 'list', 'users, or anonymous'),
        flag('--all', 'usernames', 'yes', 'all users'),
        flag('--method <method>', 'authmethod', 'text', 'how they may enter'),
        flag('--cidr <network>', 'cidr', 'text', 'from where'),
        META,
      ],
    }),
    verb('delete', ['realm', 'username', 'cidr'], 'DELETE', `${USER}/sources`, 'take it back', {
      fields: { cidr: 'cidr' },
      flags: [flag('--method <method>', 'authmethod', 'text', 'only this one')],
    }),
  ],
};

const TICKET = [
  flag('--ticket-file <file>', 'ticket', 'secret', 'the ticket; - for standard input'),
];

const ticket: Noun = {
  name: 'ticket',
  description: 'issue, check and revoke tickets',
  verbs: [
    listVerb(['realm'], `${REALM}/tickets`, 'show the tickets that open sessions', [
      'id',
      'authid',
      'kind',
      'client=scope.client_id',
      'device=scope.device_id',
      'issued=issued_at',
      'expires=expires_at',
    ]),
    verb('issue', [], 'POST', '/tickets', 'issue a ticket for who logs in (--user)', {
      hasBody: true,
      flags: [
        flag('--expires-in <seconds>', 'expiry_time_secs', 'integer', 'how long it is valid'),
        flag('--client-id <id>', 'client_id', 'text', 'of a client that is to use it'),
        flag('--device-id <id>', 'device_id', 'text', 'of its device'),
        flag('--local', 'allow_sso', 'no', 'for this realm only'),
      ],
    }),
    verb('verify', ['realm'], 'POST', `${REALM}/tickets/verify`, 'show the claims of a ticket', {
      hasBody: true,
      flags: TICKET,
    }),
    verb('revoke', ['realm'], 'POST', `${REALM}/tickets/revoke`, 'revoke a ticket', {
      hasBody: true,
      flags: TICKET,
    }),
    verb('revoke-all', ['realm', 'username'], 'DELETE', `${USER}/tickets`, 'revoke all of a user'),
    verb(
      'delete',
      ['realm', 'username', 'id'],
      'DELETE',
      `${USER}/tickets/{id}`,
      'revoke one of the list',
    ),
  ],
};

const SESSIONS = `${REALM}/sessions`;

const session: Noun = {
  name: 'session',
  description: 'look at sessions of a realm and close them',
  verbs: [
    listVerb(['realm'], `${REALM}/sessions_details`, 'show the sessions on all nodes', [
      'session',
      'authid',
      'role=authrole',
      'method=authmethod',
      'transport=transport.type',
      'peer=transport.peer',
      'node=x_node',
      'since=x_joined',
    ]),
    verb('get', ['realm', 'session'], 'GET', `${SESSIONS}/{session}`, 'show a session'),
    verb('delete', ['realm', 'session'], 'DELETE', `${SESSIONS}/{session}`, 'close a session', {
      flags: [
        flag('--reason <uri>', 'reason', 'text', 'told to the client'),
        flag('--message <text>', 'message', 'text', 'told to the client'),
      ],
    }),
  ],
};

function registry(name: 'registration' | 'subscription', columns: readonly string[]): Noun {
  const path = `${REALM}/${name}s`;
  return {
    name,
    description: `look at ${name}s of a realm`,
    verbs: [
      listVerb(['realm'], path, `show the ${name}s on all nodes`, columns),
      verb('get', ['realm', 'id'], 'GET', `${path}/{id}`, `show a ${name}`),
    ],
  };
}

export const NOUNS: readonly Noun[] = [
  ...[realm, user, group, grant, source, ticket, session],
  registry('registration', ['id', 'uri', 'match', 'invoke', 'since=created']),
  registry('subscription', ['id', 'uri', 'match', 'since=created']),
];
