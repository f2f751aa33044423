/** From where who may log in, and how: without a source a user gets nowhere. */
import { make } from '../text.js';
import { askForm, confirm } from './dialog.js';
import { Listing } from './listing.js';
import { jsonText, listOf } from './values.js';

const METHODS = [
  'password',
  'wamp-scram',
  'wampcra',
  'cryptosign',
  'ticket',
  'oauth2',
  'tls',
  'cookie',
  'anonymous',
  'trust',
];

const COLUMNS = [
  { title: 'User', kind: 'name', text: ({ username }) => username },
  { title: 'From', kind: 'name', text: ({ cidr }) => cidr },
  { title: 'Method', kind: 'plain', text: ({ authmethod }) => authmethod },
  { title: 'Meta', kind: 'text', text: ({ meta }) => jsonText(meta) },
];

export function sourcesView(client, realm) {
  const view = make('div', 'console-view');
  const listing = new Listing({
    title: 'Sources',
    none: 'There is no source, so nobody may log in.',
    columns: COLUMNS,
    load: (kwargs) => client.call('bondy.source.list', [realm], kwargs),
    create: { label: 'New source', run: () => addSource(client, realm) },
    actions: (source) => [
      { label: 'Delete', isDangerous: true, run: () => removeSource(client, realm, source) },
    ],
  });
  view.append(listing.element);
  return view;
}

function addSource(client, realm) {
  return askForm({
    title: 'New source',
    action: 'Add',
    fields: [
      { name: 'usernames', label: 'Users', hint: 'all, anonymous, or names, separated by commas.' },
      { name: 'authmethod', label: 'Method', kind: 'choice', options: METHODS },
      {
        name: 'cidr',
        label: 'From',
        placeholder: '10.0.0.0/8',
        hint: 'Empty: every IPv4 address.',
      },
    ],
    submit: ({ usernames, authmethod, cidr }) => {
      const names = listOf(usernames);
      const who = names.length === 1 && names[0] === 'all' ? 'all' : names;
      const from = cidr.trim() === '' ? {} : { cidr: cidr.trim() };
      return client.call('bondy.source.add', [realm, { usernames: who, authmethod, ...from }]);
    },
  });
}

function removeSource(client, realm, { username, cidr, authmethod }) {
  return confirm({
    title: 'Delete this source?',
    text: `${username} may not log in by ${authmethod} from ${cidr} by this source any more.`,
    action: 'Delete source',
    submit: () => client.call('bondy.source.delete', [realm, username, cidr, authmethod]),
  });
}
