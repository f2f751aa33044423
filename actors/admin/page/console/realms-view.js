/** The realms of the node, and what is done with a whole one. */
import { make } from '../text.js';
import { askForm, confirm } from './dialog.js';
import { listOf } from './values.js';
import { Listing } from './listing.js';
import { placeOf } from './place.js';

const COLUMNS = [
  { title: 'Realm', kind: 'name', text: ({ uri }) => uri, link: ({ uri }) => placeOf(uri) },
  {
    title: 'Security',
    kind: 'state',
    text: ({ security_status: status }) => status,
    state: ({ security_status: status }) => (status === 'enabled' ? 'good' : 'bad'),
  },
  {
    title: 'Connections',
    kind: 'plain',
    text: ({ is_prototype: isPrototype, allow_connections: isOpen }) =>
      isPrototype ? 'prototype' : isOpen ? 'allowed' : 'not allowed',
  },
  { title: 'Methods', kind: 'text', text: ({ authmethods }) => authmethods.join(', ') },
  { title: 'Description', kind: 'text', text: ({ description }) => description },
];

const METHODS =
  'How users may log in, for example wamp-scram, ticket. Empty: those of the prototype or the configuration.';

export function realmsView(client) {
  const view = make('div', 'console-view');
  const listing = new Listing({
    title: 'Realms',
    none: 'There is no realm yet.',
    columns: COLUMNS,
    load: (kwargs) => client.call('bondy.realm.list', [], kwargs),
    create: { label: 'New realm', run: () => createRealm(client) },
    actions: (realm) => actionsOf(client, realm),
  });
  view.append(listing.element);
  return view;
}

function createRealm(client) {
  return askForm({
    title: 'New realm',
    action: 'Create',
    fields: [
      { name: 'uri', label: 'URI', placeholder: 'com.example.realm' },
      { name: 'description', label: 'Description' },
      {
        name: 'authmethods',
        label: 'Methods',
        hint: METHODS,
      },
    ],
    submit: ({ uri, description, authmethods }) => {
      const methods = listOf(authmethods);
      const more = methods.length > 0 ? { authmethods: methods } : {};
      return client.call('bondy.realm.create', [{ uri: uri.trim(), description, ...more }]);
    },
  });
}

function actionsOf(client, realm) {
  const { uri, security_status: status, is_configured: isConfigured } = realm;
  if (isConfigured) return []; // by bondy.conf, while the node runs
  return [
    { label: 'Edit', run: () => editRealm(client, realm) },
    { label: 'Limits', run: () => editLimits(client, realm) },
    status === 'enabled'
      ? { label: 'Disable security', isDangerous: true, run: () => disable(client, uri) }
      : { label: 'Enable security', run: () => enable(client, uri) },
    { label: 'Delete', isDangerous: true, run: () => remove(client, uri) },
  ];
}

function editRealm(client, { uri, description, authmethods, allow_connections: isOpen }) {
  return askForm({
    title: `Edit ${uri}`,
    action: 'Save',
    fields: [
      { name: 'description', label: 'Description', value: description },
      { name: 'authmethods', label: 'Methods', value: authmethods.join(', '), hint: METHODS },
      { name: 'allow_connections', label: 'Sessions may be opened', kind: 'check', value: isOpen },
    ],
    submit: (values) => {
      const methods = listOf(values.authmethods);
      const change = { ...values, authmethods: methods.length > 0 ? methods : null };
      return client.call('bondy.realm.update', [uri, change]);
    },
  });
}

const OWN_LIMITS = {
  max_sessions: 'Sessions',
  max_subscriptions_per_session: 'Subscriptions of a session',
  max_message_bytes: 'Bytes of a message',
  max_rate: 'Requests of a session in a second',
};

/** What is left as it was may be inherited, and is not written down. */
function editLimits(client, { uri, limits }) {
  const fields = Object.entries(OWN_LIMITS).map(([name, label]) => {
    return { name: `limits.${name}`, label, value: String(limits[name] ?? '') };
  });
  return askForm({
    title: `Limits of ${uri}`,
    text: 'Empty: those of its prototype or of the configuration.',
    action: 'Save',
    fields,
    submit: (values) => {
      const changed = fields.filter(({ name, value }) => values[name] !== value);
      const entries = changed.map(({ name }) => [name.split('.')[1], numberOf(values[name])]);
      return client.call('bondy.realm.update', [uri, { limits: Object.fromEntries(entries) }]);
    },
  });
}

/** What is no number the node refuses, in its words. */
function numberOf(text) {
  if (text.trim() === '') return null;
  return /^\d{1,15}$/.test(text.trim()) ? Number(text) : text;
}

async function enable(client, uri) {
  await client.call('bondy.realm.security.enable', [uri]);
  return true;
}

function disable(client, uri) {
  return confirm({
    title: `Disable security of ${uri}?`,
    text: 'Everybody who gets into the realm may do everything in it then.',
    action: 'Disable security',
    typed: uri,
    submit: () => client.call('bondy.realm.security.disable', [uri]),
  });
}

function remove(client, uri) {
  return confirm({
    title: `Delete ${uri}?`,
    text: 'Its users, groups, sources and grants are deleted with it, and its sessions are closed.',
    action: 'Delete realm',
    typed: uri,
    fields: [{ name: 'force', label: 'Even if it has users', kind: 'check' }],
    submit: ({ force }) => client.call('bondy.realm.delete', [uri], force ? { force } : {}),
  });
}
