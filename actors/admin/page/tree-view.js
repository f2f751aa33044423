/**
 * The tree as a grid of lines (WAI-ARIA treegrid). Only lines in sight are in the document, so ten thousand
 * actors cost what forty do; focus stays on the grid and `aria-activedescendant` names the chosen line.
 */
import { count, duration, make, rate, setText, words } from './text.js';

/** Height of a line in page.css, px. */
const LINE = 34;

/** Lines drawn beyond the edges, so that scrolling does not show blanks. */
const MARGIN = 8;

const COLUMNS = ['name', 'state', 'number', 'number', 'number', 'exit', 'number'];

export class TreeView {
  #grid;
  #rows;
  #actions;
  #lines = [];
  #elements = new Map();
  #chosen = undefined;
  #nextId = 0;
  #model;

  /** actions: { choose(path), toggle(path, isExpanded), more(path) } */
  constructor(grid, rows, model, actions) {
    this.#grid = grid;
    this.#rows = rows;
    this.#model = model;
    this.#actions = actions;
    grid.addEventListener('scroll', () => this.#draw(), { passive: true });
    grid.addEventListener('keydown', (event) => this.#onKey(event));
    rows.addEventListener('click', (event) => this.#onClick(event));
    new ResizeObserver(() => this.#draw()).observe(grid);
  }

  get chosen() {
    return this.#chosen;
  }

  show(lines, now) {
    this.#lines = lines;
    this.#grid.setAttribute('aria-rowcount', String(lines.length + 1));
    this.#rows.style.height = `${lines.length * LINE}px`;
    this.#draw(now);
  }

  choose(key) {
    this.#chosen = key;
    this.#draw();
    this.#reveal();
  }

  flash(paths) {
    for (const path of paths) {
      const element = this.#elements.get(path);
      if (element === undefined) continue;
      for (const animation of element.getAnimations()) animation.cancel();
      element.classList.remove('changed');
      void element.offsetWidth; // restarts the animation
      element.classList.add('changed');
    }
  }

  #draw(now = performance.now()) {
    const first = Math.max(0, Math.floor(this.#grid.scrollTop / LINE) - MARGIN);
    const last = Math.ceil((this.#grid.scrollTop + this.#grid.clientHeight) / LINE) + MARGIN;
    const inSight = new Map();
    this.#lines.slice(first, last).forEach((line, offset) => {
      inSight.set(keyOf(line), { line, index: first + offset });
    });
    for (const [key, element] of this.#elements) {
      if (inSight.has(key)) continue;
      element.remove();
      this.#elements.delete(key);
    }
    for (const [key, { line, index }] of inSight) this.#drawLine(key, line, index, now);
    const active = this.#elements.get(this.#chosen);
    if (active === undefined) this.#grid.removeAttribute('aria-activedescendant');
    else this.#grid.setAttribute('aria-activedescendant', active.id);
  }

  #drawLine(key, line, index, now) {
    let element = this.#elements.get(key);
    if (element === undefined) {
      element = line.kind === 'more' ? moreElement() : actorElement();
      element.id = `line-${this.#nextId++}`;
      this.#elements.set(key, element);
      this.#rows.append(element);
    }
    element.dataset.key = key;
    element.dataset.index = index;
    element.style.transform = `translateY(${index * LINE}px)`;
    element.style.setProperty('--level', line.level);
    element.setAttribute('aria-rowindex', index + 2);
    element.setAttribute('aria-level', line.level);
    element.setAttribute('aria-selected', String(key === this.#chosen));
    if (line.kind === 'more') return fillMore(element, line);
    return fillActor(element, line, this.#model.get(line.path), now);
  }

  #onClick(event) {
    const element = event.target.closest('.row');
    if (element === null) return;
    const line = this.#lines[Number(element.dataset.index)];
    if (line === undefined) return;
    this.#choose(line);
    if (line.kind === 'more') this.#actions.more(line.path);
    else if (event.target.closest('.twist') !== null || event.detail === 2) this.#toggle(line);
  }

  #onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const index = this.#lines.findIndex((line) => keyOf(line) === this.#chosen);
    const line = this.#lines[index];
    if (!this.#press(event.key, index, line)) return;
    event.preventDefault();
  }

  #press(key, index, line) {
    const page = Math.max(1, Math.floor(this.#grid.clientHeight / LINE) - 2);
    switch (key) {
      case 'ArrowDown':
        return this.#go(index + 1);
      case 'ArrowUp':
        return this.#go(index - 1);
      case 'PageDown':
        return this.#go(index + page);
      case 'PageUp':
        return this.#go(index - page);
      case 'Home':
        return this.#go(0);
      case 'End':
        return this.#go(this.#lines.length - 1);
      case 'ArrowRight':
        return this.#right(index, line);
      case 'ArrowLeft':
        return this.#left(line);
      case 'Enter':
      case ' ':
        return this.#activate(line);
      default:
        return false;
    }
  }

  #go(index) {
    const line = this.#lines[Math.min(Math.max(index, 0), this.#lines.length - 1)];
    if (line !== undefined) this.#choose(line);
    return true;
  }

  #right(index, line) {
    if (line?.kind !== 'actor' || !line.hasChildren) return true;
    if (line.isExpanded) return this.#go(index + 1);
    this.#toggle(line);
    return true;
  }

  #left(line) {
    if (line?.kind === 'actor' && line.isExpanded && line.hasChildren) this.#toggle(line);
    else if (line !== undefined) {
      const parent = line.kind === 'more' ? line.path : this.#model.parentOf(line.path);
      this.#go(this.#lines.findIndex(({ kind, path }) => kind === 'actor' && path === parent));
    }
    return true;
  }

  #activate(line) {
    if (line?.kind === 'more') this.#actions.more(line.path);
    else if (line !== undefined) this.#toggle(line);
    return true;
  }

  #toggle(line) {
    if (line.hasChildren) this.#actions.toggle(line.path, !line.isExpanded);
  }

  #choose(line) {
    this.choose(keyOf(line));
    if (line.kind === 'actor') this.#actions.choose(line.path);
  }

  #reveal() {
    const index = this.#lines.findIndex((line) => keyOf(line) === this.#chosen);
    if (index < 0) return;
    const top = index * LINE;
    const bottom = this.#grid.scrollTop + this.#grid.clientHeight - 2 * LINE; // the head is sticky
    if (top < this.#grid.scrollTop) this.#grid.scrollTop = top;
    else if (top > bottom) this.#grid.scrollTop += top - bottom;
  }
}

// A path has no line break, an id might have anything else.
function keyOf(line) {
  return line.kind === 'more' ? `more\n${line.path}` : line.path;
}

function actorElement() {
  const element = make('div', 'row', undefined, { role: 'row' });
  for (const column of COLUMNS)
    element.append(make('span', column, undefined, { role: 'gridcell' }));
  const [name, state] = element.children;
  name.append(
    make('span', 'twist', '', { 'aria-hidden': 'true' }),
    make('span', 'id'),
    make('span', 'badge'),
  );
  state.append(make('span', 'dot', '', { 'aria-hidden': 'true' }), make('span', 'state-name'));
  return element;
}

function moreElement() {
  const element = make('div', 'row more', undefined, { role: 'row' });
  element.append(make('span', 'name', undefined, { role: 'gridcell', 'aria-colspan': '7' }));
  return element;
}

function fillMore(element, line) {
  setText(element.firstElementChild, `Show more · ${count(line.hidden)} not shown`);
}

function fillActor(element, line, { row, rate: perSecond, startedAt }, now) {
  const [name, state, mailbox, speed, restarts, exit, uptime] = element.children;
  const [, id, badge] = name.children;
  element.setAttribute('aria-setsize', line.size);
  element.setAttribute('aria-posinset', line.position);
  if (line.hasChildren) element.setAttribute('aria-expanded', String(line.isExpanded));
  else element.removeAttribute('aria-expanded');
  element.dataset.state = row.state;
  element.dataset.kind = row.kind;
  setText(id, row.id);
  setText(badge, badgeOf(row));
  setText(state.lastElementChild, words(row.state));
  fill(mailbox, row.mailbox, count(row.mailbox));
  fill(speed, perSecond, rate(perSecond));
  fill(restarts, row.restarts, count(row.restarts));
  setText(exit, row.lastExit ?? '');
  exit.title = row.lastExit ?? '';
  setText(uptime, row.pid === undefined ? '–' : duration(now - startedAt));
}

function fill(cell, value, text) {
  setText(cell, text);
  cell.classList.toggle('zero', value === 0);
}

function badgeOf(row) {
  if (row.kind !== 'supervisor') return '';
  const strategy = row.strategy ?? 'supervisor';
  return strategy === 'simple_one_for_one' ? `${count(row.childCount)} · ${strategy}` : strategy;
}
