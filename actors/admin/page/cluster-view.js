/** The cluster on the page: totals, and a card for members, links, store, broadcast and registry. */
import {
  CHANNEL_COLUMNS,
  EXCHANGE_COLUMNS,
  MEMBER_COLUMNS,
  OWNER_COLUMNS,
  PARTITION_COLUMNS,
  TREE_COLUMNS,
} from './cluster-columns.js';
import { Table } from './table.js';
import { bytes, count, make, setText, words } from './text.js';

const TOTALS = [
  ['members', 'Members up'],
  ['links', 'Links'],
  ['queued', 'Queued'],
  ['out', 'Out per second'],
  ['in', 'In per second'],
];

export class ClusterView {
  #totals = new Map();
  #notes = new Map();
  #tables = new Map();
  #element;

  constructor(element) {
    this.#element = element;
    element.append(this.#makeTotals());
    const cards = make('div', 'cluster-cards');
    cards.append(
      this.#card('members', 'Members', ['members', MEMBER_COLUMNS]),
      this.#card('links', 'Links', ['channels', CHANNEL_COLUMNS]),
      this.#card(
        'store',
        'Store',
        ['exchanges', EXCHANGE_COLUMNS],
        ['partitions', PARTITION_COLUMNS],
      ),
      this.#card('broadcast', 'Broadcast', ['trees', TREE_COLUMNS]),
      this.#card('registry', 'Registrations and subscriptions', ['owners', OWNER_COLUMNS]),
    );
    element.append(cards);
  }

  show(model) {
    const { status } = model;
    this.#element.dataset.feed = 'live';
    this.#showTotals(model.totals());
    this.#tables.get('members').show(model.members(), 'Nobody is known yet.');
    this.#tables.get('channels').show(model.channels(), 'No link to another node.');
    this.#tables.get('partitions').show(status.store.partitions, '');
    this.#tables.get('exchanges').show(model.exchanges(), 'No exchange with another node yet.');
    this.#tables
      .get('trees')
      .show(status.broadcast?.trees ?? [], 'No tree: payloads go to each member.');
    this.#tables.get('owners').show(model.owners(), 'Nothing is known now.');
    for (const [card, text] of Object.entries(notesOf(status, model.totals()))) {
      setText(this.#notes.get(card), text);
    }
  }

  /** What was known stays, and is not taken for what is. */
  stale() {
    this.#element.dataset.feed = 'stale';
  }

  #showTotals(totals) {
    const set = (name, text, isNotable = false) => {
      const value = this.#totals.get(name);
      setText(value, text);
      value.classList.toggle('notable', isNotable);
    };
    set('members', `${count(totals.up)} of ${count(totals.members)}`, totals.up < totals.members);
    set('links', count(totals.links));
    set('queued', bytes(totals.queuedBytes));
    set('out', bytes(totals.sentBytes));
    set('in', bytes(totals.receivedBytes));
  }

  #makeTotals() {
    const list = make('dl', 'totals');
    for (const [name, label] of TOTALS) {
      const value = make('dd', '', '–', { id: `cluster-${name}` });
      const box = make('div');
      box.append(make('dt', '', label), value);
      list.append(box);
      this.#totals.set(name, value);
    }
    return list;
  }

  #card(name, title, ...tables) {
    const id = `cluster-${name}-title`;
    const card = make('section', 'card', undefined, { id: `card-${name}`, 'aria-labelledby': id });
    const head = make('div', 'card-head');
    const note = make('span', 'faint card-note');
    head.append(make('h2', '', title, { id }), note);
    card.append(head);
    this.#notes.set(name, note);
    for (const [key, columns] of tables) {
      const table = new Table(tables.length > 1 ? `${title}: ${key}` : title, columns);
      this.#tables.set(key, table);
      card.append(table.element);
    }
    return card;
  }
}

/** One line about each card, which says what is wrong first. */
function notesOf({ node, members, links, dialling, broadcast, store, registry }, totals) {
  const overLimit = (list, total) => (total > list.length ? `${count(list.length)} of ` : '');
  return {
    members: `${node.cluster} · ${words(node.strategy)} · ${overLimit(members.list, members.total)}${count(members.total)} known`,
    links: `${count(links.total)} up or opening · ${count(dialling?.length ?? 0)} dialled`,
    store: store.health.ok
      ? `${store.engine} · ${counted(totals.rows, 'row')} · ${totals.ready} of ${store.partitions.length} partitions ready`
      : store.health.why.join('; '),
    broadcast: broadcast === null ? 'does not answer now' : broadcastNote(broadcast),
    registry: registry === null ? 'does not answer now' : '',
  };
}

function counted(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

function broadcastNote({ mode, neighbours, roots, missing, waiting, backlog }) {
  const way = mode === 'direct' ? 'direct to each member' : `trees of ${counted(roots, 'root')}`;
  return `${way} · ${counted(neighbours.length, 'neighbour')} · ${count(missing)} missing · ${count(waiting + backlog)} waiting`;
}
