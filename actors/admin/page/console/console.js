/** The console: administers realms with the operations of the admin API, for whoever has logged in. */
import { make, setText } from '../text.js';
import { explainView, grantsView } from './access-views.js';
import { Client } from './client.js';
import { closeAll } from './dialog.js';
import { loginView } from './login-view.js';
import { groupsView, usersView } from './people-views.js';
import { placeOf, readPlace, SECTIONS } from './place.js';
import { realmsView } from './realms-view.js';
import { sourcesView } from './sources-view.js';
import { ticketsView } from './tickets-view.js';
import { proceduresView, sessionsView, topicsView } from './traffic-views.js';

/** A login that nobody uses is ended. */
const IDLE_MS = 15 * 60_000;

const VIEWS = {
  sessions: { title: 'Sessions', make: sessionsView },
  users: { title: 'Users', make: usersView },
  groups: { title: 'Groups', make: groupsView },
  sources: { title: 'Sources', make: sourcesView },
  grants: { title: 'Grants', make: grantsView },
  tickets: { title: 'Tickets', make: ticketsView },
  procedures: { title: 'Procedures', make: proceduresView },
  topics: { title: 'Topics', make: topicsView },
  explain: { title: 'Why denied?', make: explainView },
};

export class Console {
  #element;
  #client = new Client((message) => this.#end(`You are not logged in any more. ${message}`));
  #who = '';
  #why = '';
  #shown;
  #idle;

  constructor(element) {
    this.#element = element;
    for (const kind of ['pointerdown', 'keydown']) {
      document.addEventListener(kind, () => this.#stayAwake(), { passive: true });
    }
    // A page that was left may be kept by the browser, to be shown again to whoever goes back.
    window.addEventListener('pagehide', () => {
      if (this.#client.isLoggedIn) this.#end('The page was left.');
    });
  }

  /** Draws what the address says; true: it is about the console. */
  show(hash) {
    const place = readPlace(hash);
    if (place === undefined) {
      closeAll();
      return false;
    }
    const key = this.#client.isLoggedIn ? placeOf(place.realm, place.section) : 'login';
    if (key === this.#shown) return true;
    closeAll(); // they were about another place
    this.#shown = key;
    if (key === 'login') this.#showLogin();
    else this.#element.replaceChildren(this.#bar(place), this.#view(place));
    // On a narrow screen the sections are wider than it is.
    const here = this.#element.querySelector('.views [aria-current=page]');
    here?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    return true;
  }

  #showLogin() {
    const { element, focus } = loginView(this.#client, this.#why, (who) => {
      this.#who = who;
      this.#why = '';
      this.#stayAwake();
      this.show(location.hash);
    });
    this.#element.replaceChildren(element);
    focus();
  }

  #end(why) {
    clearTimeout(this.#idle);
    this.#client.logOut();
    this.#who = '';
    this.#why = why;
    // Nothing that was shown to somebody is left for whoever comes next.
    this.#shown = undefined;
    closeAll();
    this.#element.replaceChildren();
    this.show(location.hash);
  }

  #stayAwake() {
    clearTimeout(this.#idle);
    if (!this.#client.isLoggedIn) return;
    this.#idle = setTimeout(() => this.#end('The login was not used, and has ended.'), IDLE_MS);
  }

  #view({ realm, section }) {
    if (realm === undefined) return realmsView(this.#client);
    return VIEWS[section].make(this.#client, realm);
  }

  #bar(place) {
    const bar = make('div', 'console-bar');
    bar.append(this.#crumbs(place));
    if (place.realm !== undefined) bar.append(this.#sections(place));
    const who = make('span', 'console-who');
    const out = make('button', 'button', 'Log out', { type: 'button' });
    out.addEventListener('click', () => this.#end('You have logged out.'));
    setText(who, this.#who);
    bar.append(who, out);
    return bar;
  }

  #crumbs({ realm }) {
    const crumbs = make('nav', 'crumbs', undefined, { 'aria-label': 'Realm' });
    crumbs.append(make('a', '', 'Realms', { href: placeOf() }));
    if (realm !== undefined) crumbs.append(make('span', 'crumb-realm', realm, { title: realm }));
    return crumbs;
  }

  #sections({ realm, section }) {
    const nav = make('nav', 'views', undefined, { 'aria-label': 'Sections' });
    for (const name of SECTIONS) {
      const link = make('a', '', VIEWS[name].title, { href: placeOf(realm, name) });
      if (name === section) link.setAttribute('aria-current', 'page');
      nav.append(link);
    }
    return nav;
  }
}
