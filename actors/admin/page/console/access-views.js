/** What is granted in a realm, and why something is allowed or denied. */
import { make, setText } from '../text.js';
import { askForm, confirm } from './dialog.js';
import { Form } from './form.js';
import { Listing } from './listing.js';
import { PERMISSIONS } from './permissions.js';
import { resourceText, storyOf } from './story.js';
import { listOf, namesText } from './values.js';

const MATCHES = ['exact', 'prefix', 'wildcard'];

const GRANT_COLUMNS = [
  { title: 'Role', kind: 'name', text: ({ roles }) => namesText(roles) },
  { title: 'May', kind: 'text', text: ({ permissions }) => namesText(permissions) },
  { title: 'On', kind: 'name', text: ({ resource }) => resourceText(resource.uri, resource.match) },
];

export function grantsView(client, realm) {
  const view = make('div', 'console-view');
  const listing = new Listing({
    title: 'Grants',
    none: 'Nothing is granted, so nothing is allowed.',
    columns: GRANT_COLUMNS,
    load: (kwargs) => client.call('bondy.grant.list', [realm], kwargs),
    create: { label: 'New grant', run: () => grant(client, realm) },
    actions: (row) => [
      { label: 'Revoke', isDangerous: true, run: () => revoke(client, realm, row) },
    ],
  });
  view.append(listing.element);
  return view;
}

function grant(client, realm, { role = '', permission, resource = '', match } = {}) {
  return askForm({
    title: 'New grant',
    action: 'Grant',
    fields: [
      {
        name: 'roles',
        label: 'To',
        value: role,
        hint: 'all, or users and groups, separated by commas. user/NAME and group/NAME say which is meant.',
      },
      {
        name: 'permissions',
        label: 'Permissions',
        kind: 'many',
        options: PERMISSIONS,
        value: permission ? [permission] : [],
      },
      { name: 'uri', label: 'On', value: resource, hint: 'A URI, a part of one, or any.' },
      { name: 'match', label: 'Match', kind: 'choice', options: MATCHES, value: match },
    ],
    submit: (values) => {
      const roles = listOf(values.roles);
      const to = roles.length === 1 && roles[0] === 'all' ? 'all' : roles;
      const { permissions } = values;
      const on = resourceOf(values.uri.trim(), values.match);
      return client.call('bondy.grant.create', [realm, { permissions, roles: to, ...on }]);
    },
  });
}

function resourceOf(uri, match) {
  return uri === 'any' ? { uri } : { uri, match };
}

function revoke(client, realm, { roles, permissions, resource }) {
  const text = `${namesText(roles)} may not ${permissions.join(', ')} on ${resourceText(resource.uri, resource.match)} by this grant any more.`;
  const document = { permissions, roles, ...resourceOf(resource.uri, resource.match) };
  return confirm({
    title: 'Revoke this grant?',
    text,
    action: 'Revoke',
    submit: () => client.call('bondy.grant.revoke', [realm, document]),
  });
}

export function explainView(client, realm) {
  const view = make('div', 'console-view explain');
  const card = make('section', 'card', undefined, { 'aria-label': 'Why is this denied?' });
  const head = make('div', 'card-head');
  head.append(make('h2', '', 'Why is this denied?'));
  const answer = make('div', 'story', undefined, { role: 'status' });
  const form = new Form({
    action: 'Explain',
    fields: [
      { name: 'authid', label: 'User', value: 'anonymous', hint: 'Or anonymous.' },
      { name: 'permission', label: 'Wants to', kind: 'choice', options: PERMISSIONS },
      { name: 'resource', label: 'On', placeholder: 'com.example.procedure' },
      { name: 'match', label: 'Match', kind: 'choice', options: MATCHES },
    ],
    async submit(values) {
      answer.replaceChildren();
      const { authid, permission, match } = values;
      const asked = {
        realm,
        permission,
        match,
        authid: authid.trim(),
        resource: values.resource.trim(),
      };
      const args = [realm, asked.authid, permission, asked.resource, match];
      const { value } = await client.call('bondy.rbac.explain', args);
      show(answer, asked, value, () => grantWanted(client, asked));
    },
  });
  card.append(head, form.element);
  view.append(card, answer);
  return view;
}

function grantWanted(client, { realm, authid, permission, resource, match }) {
  const role = authid === 'anonymous' ? authid : `user/${authid}`;
  return grant(client, realm, { role, permission, resource, match });
}

function show(element, asked, explanation, grantIt) {
  const card = make('section', 'card', undefined, { 'aria-label': 'Answer' });
  const { allowed, reason } = explanation;
  const verdict = make('p', 'verdict', allowed ? 'Allowed' : 'Denied');
  verdict.dataset.verdict = allowed ? 'yes' : 'no';
  const list = make('ol', 'steps');
  for (const { verdict: how, text, detail } of storyOf(asked, explanation)) {
    const item = make('li', '', text);
    item.dataset.verdict = how;
    if (detail) item.append(make('span', 'faint step-detail', detail));
    list.append(item);
  }
  card.append(verdict, list);
  if (reason === 'no_grant') card.append(grantButton(grantIt, verdict));
  element.replaceChildren(card);
}

function grantButton(grantIt, verdict) {
  const button = make('button', 'button', 'Grant it', { type: 'button' });
  button.addEventListener('click', async () => {
    if (!(await grantIt())) return;
    button.hidden = true;
    setText(verdict, 'Granted now: ask again');
    verdict.dataset.verdict = 'none';
  });
  return button;
}
