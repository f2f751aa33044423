/** A table whose rows change all the time: elements are kept, only texts that differ are set. */
import { count, make, setText } from './text.js';

/** Rows in the document; the rest is counted. */
const MAX_ROWS = 200;

export class Table {
  #columns;
  #body = make('tbody');
  #rest = make('p', 'faint table-rest');
  #table;
  element = make('div', 'table-frame');

  /** columns: { title, text(row), kind: 'name' | 'state' | 'number' | 'text' }; a row's `state` gives it its colour. */
  constructor(label, columns) {
    this.#columns = columns;
    this.#table = make('table', '', undefined, { 'aria-label': label });
    const head = make('tr');
    for (const { title, kind } of columns) head.append(make('th', kind, title, { scope: 'col' }));
    const top = make('thead');
    top.append(head);
    this.#table.append(top, this.#body);
    this.element.append(this.#table, this.#rest);
  }

  /** `none` stands where there are no rows. */
  show(rows, none) {
    const shown = rows.slice(0, MAX_ROWS);
    while (this.#body.childElementCount > shown.length) this.#body.lastElementChild.remove();
    while (this.#body.childElementCount < shown.length) this.#body.append(this.#line());
    shown.forEach((row, index) => this.#fill(this.#body.children[index], row));
    const hidden = rows.length - shown.length;
    this.#table.hidden = rows.length === 0;
    this.#rest.hidden = hidden === 0 && rows.length > 0;
    setText(this.#rest, hidden === 0 ? none : `${count(hidden)} not shown: GET /cluster has them`);
  }

  #line() {
    const line = make('tr');
    for (const { kind } of this.#columns) {
      const cell = make('td', kind);
      if (kind === 'state') cell.append(make('span', 'dot', '', { 'aria-hidden': 'true' }));
      if (kind === 'state') cell.append(make('span', 'state-name'));
      line.append(cell);
    }
    return line;
  }

  #fill(line, row) {
    if (row.state !== undefined) line.dataset.state = row.state;
    line.classList.toggle('continued', row.isFirst === false);
    this.#columns.forEach(({ kind, text }, index) => {
      const cell = line.children[index];
      const value = text(row);
      setText(kind === 'state' ? cell.lastElementChild : cell, value);
      cell.classList.toggle('zero', kind === 'number' && (value === '0' || value === '0 B'));
    });
  }
}
