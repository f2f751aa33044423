/** The tickets of a realm that open sessions: whose they are, until when, and their end. */
import { make } from '../text.js';
import { confirm } from './dialog.js';
import { Listing } from './listing.js';
import { timeText } from './values.js';

const COLUMNS = [
  { title: 'User', kind: 'name', text: ({ authid }) => authid },
  { title: 'Kind', kind: 'plain', text: ({ kind }) => kind },
  { title: 'Client', kind: 'text', text: ({ scope }) => scope.client_id ?? '–' },
  { title: 'Device', kind: 'text', text: ({ scope }) => scope.device_id ?? '–' },
  { title: 'Issued', kind: 'plain', text: ({ issued_at: seconds }) => dateText(seconds) },
  { title: 'Expires', kind: 'plain', text: ({ expires_at: seconds }) => dateText(seconds) },
  { title: 'Id', kind: 'text', text: ({ id }) => id },
];

function dateText(seconds) {
  return timeText(new Date(seconds * 1_000).toISOString());
}

export function ticketsView(client, realm) {
  const view = make('div', 'console-view');
  const listing = new Listing({
    title: 'Tickets',
    none: 'Nobody has a ticket.',
    columns: COLUMNS,
    load: (kwargs) => client.call('bondy.ticket.list', [realm], kwargs),
    actions: (ticket) => [
      { label: 'Revoke', isDangerous: true, run: () => revoke(client, realm, ticket) },
      { label: 'Revoke all', isDangerous: true, run: () => revokeAll(client, realm, ticket) },
    ],
  });
  view.append(listing.element);
  return view;
}

function revoke(client, realm, { authid, id }) {
  return confirm({
    title: `Revoke this ticket of ${authid}?`,
    text: 'The sessions that it has opened are closed, and it opens no others.',
    action: 'Revoke ticket',
    submit: () => client.call('bondy.ticket.revoke_listed', [realm, authid, id]),
  });
}

function revokeAll(client, realm, { authid }) {
  return confirm({
    title: `Revoke all tickets of ${authid}?`,
    text: 'The sessions that they have opened are closed. The user may ask for others.',
    action: 'Revoke tickets',
    submit: () => client.call('bondy.ticket.revoke_all', [realm, authid]),
  });
}
