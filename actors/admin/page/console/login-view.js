/** Who are you? A name and a password, or a token. */
import { make } from '../text.js';
import { Form } from './form.js';

/** `why`: what ended the login before, if one did. */
export function loginView(client, why, onLogin) {
  const card = make('section', 'card login', undefined, { 'aria-labelledby': 'login-title' });
  const head = make('div', 'card-head');
  head.append(make('h2', '', 'Log in', { id: 'login-title' }));
  card.append(head);
  if (why) card.append(make('p', 'login-why', why, { role: 'status' }));
  card.append(
    make(
      'p',
      'faint login-text',
      'With a user of the master realm, or with a token (a ticket, or the operator’s of this node). ' +
        'The login ends with this page.',
    ),
  );
  const byPassword = new Form({
    action: 'Log in',
    fields: [
      { name: 'username', label: 'User', autocomplete: 'username' },
      { name: 'password', label: 'Password', kind: 'password', autocomplete: 'current-password' },
    ],
    async submit({ username, password }) {
      byPassword.clear('password');
      await client.logInAs(username.trim(), password);
      onLogin(username.trim());
    },
  });
  const byToken = new Form({
    action: 'Log in with token',
    fields: [{ name: 'token', label: 'Token', kind: 'password' }],
    async submit({ token }) {
      byToken.clear('token');
      await client.logInWith(token.trim());
      onLogin('token');
    },
  });
  card.append(byPassword.element, byToken.element);
  return { element: card, focus: () => byPassword.focus() };
}
