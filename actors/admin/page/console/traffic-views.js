/** What is going on in a realm: its sessions, the procedures and the topics they are there for. */
import { make } from '../text.js';
import { confirm, tell } from './dialog.js';
import { Listing } from './listing.js';
import { timeText } from './values.js';

const SESSION_COLUMNS = [
  { title: 'Session', kind: 'name', text: ({ session }) => String(session) },
  { title: 'User', kind: 'name', text: ({ authid }) => authid },
  { title: 'Role', kind: 'text', text: ({ authrole }) => authrole },
  { title: 'Method', kind: 'plain', text: ({ authmethod }) => authmethod },
  {
    title: 'Transport',
    kind: 'text',
    text: ({ transport: { type, tls, listener } }) => `${type}${tls ? ', TLS' : ''}, ${listener}`,
  },
  { title: 'From', kind: 'text', text: ({ transport }) => transport.peer },
  { title: 'Node', kind: 'text', text: ({ x_node: node }) => node ?? '' },
  { title: 'Since', kind: 'plain', text: ({ x_joined: joined }) => timeText(joined) },
];

export function sessionsView(client, realm) {
  return viewOf({
    title: 'Sessions',
    none: 'Nobody is here.',
    columns: SESSION_COLUMNS,
    load: (kwargs) => client.call('bondy.session.details', [realm], kwargs),
    actions: (session) => [
      { label: 'Kill', isDangerous: true, run: () => kill(client, realm, session) },
    ],
  });
}

function kill(client, realm, { session, authid }) {
  return confirm({
    title: `Kill the session of ${authid}?`,
    text: `Session ${session} is closed at once. Its client may come back.`,
    action: 'Kill session',
    fields: [{ name: 'message', label: 'Message to the client' }],
    submit: ({ message }) =>
      client.call('bondy.session.kill', [realm, session], message === '' ? {} : { message }),
  });
}

const PATTERN_COLUMNS = [
  { title: 'Match', kind: 'plain', text: ({ match }) => match },
  { title: 'Since', kind: 'plain', text: ({ created }) => timeText(created) },
  { title: 'Id', kind: 'plain', text: ({ id }) => String(id) },
];

export function proceduresView(client, realm) {
  return viewOf({
    title: 'Procedures',
    none: 'No procedure is registered.',
    columns: [
      { title: 'Procedure', kind: 'name', text: ({ uri }) => uri },
      { title: 'Invoke', kind: 'plain', text: ({ invoke }) => invoke },
      ...PATTERN_COLUMNS,
    ],
    load: (kwargs) => client.call('bondy.registration.list', [realm], kwargs),
    actions: ({ uri, match }) =>
      match === 'exact' ? [{ label: 'Callees', run: () => tellCallees(client, realm, uri) }] : [],
  });
}

async function tellCallees(client, realm, procedure) {
  const { value } = await client.call('bondy.registration.callee.list', [realm, procedure]);
  const lines = value.map(({ session_id: session }) => `Session ${session}`);
  tell(`Callees of ${procedure}`, lines.length > 0 ? lines : ['None any more.']);
  return false;
}

export function topicsView(client, realm) {
  return viewOf({
    title: 'Topics',
    none: 'Nobody has subscribed to anything.',
    columns: [{ title: 'Topic', kind: 'name', text: ({ uri }) => uri }, ...PATTERN_COLUMNS],
    load: (kwargs) => client.call('bondy.subscription.list', [realm], kwargs),
    actions: () => [],
  });
}

function viewOf(spec) {
  const view = make('div', 'console-view');
  view.append(new Listing(spec).element);
  return view;
}
