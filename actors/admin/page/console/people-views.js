/** The users of a realm and their groups. */
import { make } from '../text.js';
import { askForm, confirm } from './dialog.js';
import { Listing } from './listing.js';
import { jsonText, listOf, namesText, objectOf } from './values.js';

const GROUPS = { name: 'groups', label: 'Groups', hint: 'Names, separated by commas.' };
const KEYS = {
  name: 'authorized_keys',
  label: 'Authorized keys',
  kind: 'area',
  hint: 'Ed25519 public keys for cryptosign, in hexadecimal, one in a line.',
};
const META = { name: 'meta', label: 'Meta', kind: 'area', hint: 'A JSON object, or nothing.' };

const USER_COLUMNS = [
  { title: 'User', kind: 'name', text: ({ username }) => username },
  {
    title: 'State',
    kind: 'state',
    text: ({ enabled }) => (enabled ? 'enabled' : 'disabled'),
    state: ({ enabled }) => (enabled ? 'good' : 'bad'),
  },
  { title: 'Groups', kind: 'text', text: ({ groups }) => namesText(groups) },
  { title: 'Aliases', kind: 'text', text: ({ aliases }) => namesText(aliases) },
  { title: 'Proves itself by', kind: 'plain', text: proofsOf },
  { title: 'Meta', kind: 'text', text: ({ meta }) => jsonText(meta) },
];

function proofsOf({ has_password: hasPassword, has_authorized_keys: hasKeys, sso_realm_uri: sso }) {
  const proofs = [...(hasPassword ? ['password'] : []), ...(hasKeys ? ['keys'] : [])];
  return sso === undefined ? namesText(proofs) : `${sso}`;
}

export function usersView(client, realm) {
  return viewOf({
    title: 'Users',
    none: 'The realm has no users.',
    columns: USER_COLUMNS,
    load: (kwargs) => client.call('bondy.user.list', [realm], kwargs),
    create: { label: 'New user', run: () => addUser(client, realm) },
    actions: (user) => userActions(client, realm, user),
  });
}

function addUser(client, realm) {
  return askForm({
    title: 'New user',
    action: 'Add',
    fields: [
      { name: 'username', label: 'Name' },
      {
        name: 'password',
        label: 'Password',
        kind: 'password',
        autocomplete: 'new-password',
        hint: 'Empty: the user has none.',
      },
      KEYS,
      GROUPS,
      META,
    ],
    submit: ({ username, password, authorized_keys: keys, groups, meta }) => {
      const secret = password === '' ? {} : { password };
      const proofs = keys.trim() === '' ? secret : { ...secret, authorized_keys: listOf(keys) };
      const user = { username: username.trim(), groups: listOf(groups), ...proofs };
      return client.call('bondy.user.add', [realm, { ...user, meta: objectOf('meta', meta) }]);
    },
  });
}

function userActions(client, realm, user) {
  const { username, enabled } = user;
  return [
    { label: 'Edit', run: () => editUser(client, realm, user) },
    { label: 'Aliases', run: () => editAliases(client, realm, user) },
    { label: 'Keys', run: () => editKeys(client, realm, user) },
    { label: 'Password', run: () => setPassword(client, realm, username) },
    enabled
      ? { label: 'Disable', isDangerous: true, run: () => disable(client, realm, username) }
      : { label: 'Enable', run: () => enable(client, realm, username) },
    { label: 'Delete', isDangerous: true, run: () => removeUser(client, realm, username) },
  ];
}

function editUser(client, realm, { username, groups, meta }) {
  return askForm({
    title: `Edit ${username}`,
    action: 'Save',
    fields: [
      { ...GROUPS, value: groups.join(', ') },
      { ...META, value: JSON.stringify(meta) },
    ],
    submit: (values) => {
      const change = { groups: listOf(values.groups), meta: objectOf('meta', values.meta) };
      return client.call('bondy.user.update', [realm, username, change]);
    },
  });
}

function editAliases(client, realm, { username, aliases }) {
  return askForm({
    title: `Aliases of ${username}`,
    text: 'Other names by which the user may log in.',
    action: 'Save',
    fields: [
      {
        name: 'alias',
        label: 'Aliases',
        hint: 'Names, separated by commas.',
        value: aliases.join(', '),
      },
    ],
    submit: async ({ alias }) => {
      const wanted = listOf(alias);
      for (const name of wanted.filter((each) => !aliases.includes(each)))
        await client.call('bondy.user.add_alias', [realm, username, name]);
      for (const name of aliases.filter((each) => !wanted.includes(each)))
        await client.call('bondy.user.remove_alias', [realm, username, name]);
    },
  });
}

function editKeys(client, realm, { username, authorized_keys: keys }) {
  return askForm({
    title: `Authorized keys of ${username}`,
    text: 'Sessions that the user has open are closed when a key is taken away.',
    action: 'Save',
    fields: [{ ...KEYS, value: keys.join('\n') }],
    submit: ({ authorized_keys: text }) =>
      client.call('bondy.user.update', [realm, username, { authorized_keys: listOf(text) }]),
  });
}

function setPassword(client, realm, username) {
  return askForm({
    title: `New password of ${username}`,
    text: 'Sessions that the user has open are closed.',
    action: 'Set password',
    fields: [
      {
        name: 'new_password',
        label: 'Password',
        kind: 'password',
        autocomplete: 'new-password',
      },
    ],
    submit: ({ new_password: password }) =>
      client.call('bondy.user.change_password', [realm, username, password]),
  });
}

async function enable(client, realm, username) {
  await client.call('bondy.user.enable', [realm, username]);
  return true;
}

function disable(client, realm, username) {
  return confirm({
    title: `Disable ${username}?`,
    text: 'The sessions of the user are closed, and it cannot open others.',
    action: 'Disable user',
    submit: () => client.call('bondy.user.disable', [realm, username]),
  });
}

function removeUser(client, realm, username) {
  return confirm({
    title: `Delete ${username}?`,
    text: 'Its aliases, keys, sources, grants and tickets are deleted with it; its sessions end.',
    action: 'Delete user',
    submit: () => client.call('bondy.user.delete', [realm, username]),
  });
}

const GROUP_COLUMNS = [
  { title: 'Group', kind: 'name', text: ({ name }) => name },
  { title: 'Is in', kind: 'text', text: ({ groups }) => namesText(groups) },
  { title: 'Meta', kind: 'text', text: ({ meta }) => jsonText(meta) },
];

/** There without a row, and for good. */
const ANONYMOUS = 'anonymous';

export function groupsView(client, realm) {
  return viewOf({
    title: 'Groups',
    none: 'The realm has no groups.',
    columns: GROUP_COLUMNS,
    load: (kwargs) => client.call('bondy.group.list', [realm], kwargs),
    create: { label: 'New group', run: () => addGroup(client, realm) },
    actions: (group) => (group.name === ANONYMOUS ? [] : groupActions(client, realm, group)),
  });
}

function addGroup(client, realm) {
  return askForm({
    title: 'New group',
    action: 'Add',
    fields: [{ name: 'name', label: 'Name' }, { ...GROUPS, label: 'Is in' }, META],
    submit: ({ name, groups, meta }) => {
      const group = { name: name.trim(), groups: listOf(groups), meta: objectOf('meta', meta) };
      return client.call('bondy.group.add', [realm, group]);
    },
  });
}

function groupActions(client, realm, { name, groups, meta }) {
  const edit = () =>
    askForm({
      title: `Edit ${name}`,
      action: 'Save',
      fields: [
        { ...GROUPS, label: 'Is in', value: groups.join(', ') },
        { ...META, value: JSON.stringify(meta) },
      ],
      submit: (values) => {
        const change = { groups: listOf(values.groups), meta: objectOf('meta', values.meta) };
        return client.call('bondy.group.update', [realm, name, change]);
      },
    });
  const remove = () =>
    confirm({
      title: `Delete ${name}?`,
      text: 'Nobody is in it any more then, and what was granted to it is not granted.',
      action: 'Delete group',
      submit: () => client.call('bondy.group.delete', [realm, name]),
    });
  return [
    { label: 'Edit', run: edit },
    { label: 'Delete', isDangerous: true, run: remove },
  ];
}

function viewOf(spec) {
  const view = make('div', 'console-view');
  view.append(new Listing(spec).element);
  return view;
}
