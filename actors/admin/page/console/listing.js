/** A list of the node's in pages, searched on the node; each row with what can be done with it. */
import { count, make, setText } from '../text.js';
import { Problem } from './problem.js';

const PAGE = 50;
const TYPING_MS = 250;

export class Listing {
  element = make('section', 'card listing');
  #spec;
  #body = make('tbody');
  #table;
  #note = make('p', 'faint listing-note', '', { role: 'status' });
  #error = make('p', 'form-error listing-error', '', { role: 'alert' });
  #more = make('button', 'button', 'Show more', { type: 'button' });
  #search = make('input', '', undefined, { type: 'search', autocomplete: 'off', maxlength: '255' });
  #typing;
  #shown = 0;
  #next;
  /** Answers to earlier questions are not shown. */
  #turn = 0;

  /**
   * `title`; `columns`: as of Table, or with `link(row)`; `load(kwargs)`: a page as Client.call has it; `actions(row)`:
   * `[{ label, run, isDangerous }]`; `create`: `{ label, run }`; `none`: said of an empty list. `run` that resolves with true has changed something.
   */
  constructor(spec) {
    this.#spec = spec;
    this.#table = make('table', '', undefined, { 'aria-label': spec.title });
    this.#table.append(this.#columns(), this.#body);
    const frame = make('div', 'table-frame listing-frame');
    frame.append(this.#table);
    const foot = make('div', 'listing-foot');
    foot.append(this.#note, this.#more);
    this.element.append(this.#head(), this.#error, frame, foot);
    this.#more.addEventListener('click', () => void this.#load(this.#next));
    this.#more.hidden = true;
    this.#error.hidden = true;
    void this.reload();
  }

  async reload() {
    await this.#load(undefined);
  }

  #head() {
    const { title, create } = this.#spec;
    const head = make('div', 'card-head');
    const label = make('label', 'filter');
    this.#search.placeholder = 'Search';
    label.append(make('span', 'visually-hidden', `Search ${title.toLowerCase()}`), this.#search);
    this.#search.addEventListener('input', () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => void this.reload(), TYPING_MS);
    });
    head.append(make('h2', '', title), label);
    if (create) head.append(this.#button(create, 'button primary'));
    return head;
  }

  #columns() {
    const head = make('tr');
    for (const { title, kind } of this.#spec.columns) {
      head.append(make('th', kind, title, { scope: 'col' }));
    }
    const last = make('th', 'actions', undefined, { scope: 'col' });
    last.append(make('span', 'visually-hidden', 'Actions'));
    head.append(last);
    const top = make('thead');
    top.append(head);
    return top;
  }

  async #load(after) {
    const turn = ++this.#turn;
    const search = this.#search.value.trim();
    const kwargs = { limit: PAGE, ...(after && { after }), ...(search && { search }) };
    this.#more.disabled = true;
    this.element.dataset.state = 'loading';
    try {
      const page = await this.#spec.load(kwargs);
      if (turn !== this.#turn) return;
      this.#show(page, after === undefined, search !== '');
      this.#say('');
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (turn === this.#turn) this.#say(error.message);
    }
    this.#more.disabled = false;
    this.element.dataset.state = 'loaded';
  }

  #show({ value, total, next }, isFirst, isSearch) {
    if (isFirst) {
      this.#body.replaceChildren();
      this.#shown = 0;
    }
    for (const row of value) this.#body.append(this.#line(row));
    this.#shown += value.length;
    this.#next = next;
    this.#more.hidden = next === undefined;
    setText(this.#more, isSearch ? 'Search on' : 'Show more');
    setText(this.#note, this.#noteOf(total, next !== undefined, isSearch));
  }

  /** Where details are asked for one by one, `total` is of all rows, and not of those that fit. */
  #noteOf(total = this.#shown, isCut, isSearch) {
    if (this.#shown === 0 && !isCut) return isSearch ? 'Nothing fits.' : this.#spec.none;
    if (isSearch) return `${count(this.#shown)} found${isCut ? ' so far' : ''}`;
    return isCut ? `${count(this.#shown)} of ${count(total)}` : `${count(this.#shown)}`;
  }

  #line(row) {
    const line = make('tr');
    const { columns, actions } = this.#spec;
    for (const column of columns) line.append(cellOf(column, row));
    const last = make('td', 'actions');
    for (const action of actions(row)) {
      const look = action.isDangerous ? 'link-button dangerous' : 'link-button';
      last.append(this.#button(action, look));
    }
    line.append(last);
    return line;
  }

  #button({ label, run }, look) {
    const button = make('button', look, label, { type: 'button' });
    button.addEventListener('click', async () => {
      try {
        if (await run()) await this.reload();
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        this.#say(error.message);
      }
    });
    return button;
  }

  #say(text) {
    this.#error.hidden = text === '';
    setText(this.#error, text);
  }
}

function cellOf({ kind, text, link, state }, row) {
  const cell = make('td', kind);
  const value = text(row);
  if (link) cell.append(make('a', '', value, { href: link(row) }));
  else if (kind === 'state') {
    cell.dataset.state = state(row);
    cell.append(make('span', 'dot', '', { 'aria-hidden': 'true' }), make('span', '', value));
  } else cell.textContent = value;
  if (kind === 'text') cell.title = value;
  return cell;
}
