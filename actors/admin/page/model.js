/**
 * What the page knows of the tree: rows by path, kept up to date by the stream's events, and the lines that
 * are visible for what is expanded, paged and filtered. Touches no document.
 */

/** Children of one dynamic supervisor per page. */
export const PAGE_SIZE = 100;

/** Messages are counted over at least this long before a rate is made of them, ms. */
const RATE_WINDOW_MS = 900;

const HISTORY_LENGTH = 60;

export class TreeModel {
  /** path → { row, startedAt, rate, base } */
  #entries = new Map();
  #children = new Map();
  #parents = new Map();
  #root = undefined;
  #windowStart = undefined;
  #history = [];
  #followed = undefined;
  #followedHistory = [];

  /** Paths whose line should draw attention: new, or restarted, since the last call. */
  #changed = new Set();

  /** Takes in an event of the stream; `isWhole`: it starts afresh. `now`: this page's clock, ms. */
  apply(event, isWhole, now) {
    if (isWhole) this.#clear();
    for (const path of event.removed) this.#remove(path);
    for (const row of event.rows) this.#put(row, isWhole, now);
    for (const [path, paths] of Object.entries(event.children)) this.#setChildren(path, paths);
    if (isWhole) this.#root = event.rows[0]?.path;
    this.#measure(event.node.at);
  }

  get root() {
    return this.#root;
  }

  get(path) {
    return this.#entries.get(path);
  }

  parentOf(path) {
    return this.#parents.get(path);
  }

  childrenOf(path) {
    return this.#children.get(path) ?? [];
  }

  takeChanged() {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** Sums over what is known; `actors` includes children that are only counted. */
  totals() {
    const totals = { actors: 0, rate: 0, mailbox: 0, restarts: 0 };
    for (const [path, { row, rate }] of this.#entries) {
      totals.actors += 1 + row.childCount - this.childrenOf(path).length;
      totals.rate += rate;
      totals.mailbox += row.mailbox;
      totals.restarts += row.restarts;
    }
    return totals;
  }

  /** Total messages per second, oldest first. */
  get history() {
    return this.#history;
  }

  /** Starts a history of one actor's rate. */
  follow(path) {
    if (this.#followed === path) return;
    this.#followed = path;
    this.#followedHistory = [];
  }

  get followedHistory() {
    return this.#followedHistory;
  }

  /**
   * The lines to show, top to bottom. `view`: { isExpanded(row), pageOf(path), filter }.
   * A line is an actor, or `more`: children of `path` that are not shown.
   */
  lines(view) {
    const lines = [];
    if (this.#root === undefined) return lines;
    const kept = view.filter === '' ? undefined : this.#matching(view.filter.toLowerCase());
    if (kept === undefined || kept.has(this.#root))
      this.#visit(this.#root, 1, 1, 1, view, kept, lines);
    return lines;
  }

  #visit(path, level, position, size, view, kept, lines) {
    const { row } = this.#entries.get(path);
    const all = this.childrenOf(path).filter((child) => this.#entries.has(child));
    const isExpanded = kept !== undefined || view.isExpanded(row);
    lines.push({
      kind: 'actor',
      path,
      level,
      position,
      size,
      isExpanded,
      hasChildren: row.childCount > 0,
    });
    if (!isExpanded) return;
    const wanted = kept === undefined ? all : all.filter((child) => kept.has(child));
    const shown = kept === undefined ? wanted.slice(0, view.pageOf(row)) : wanted;
    shown.forEach((child, index) =>
      this.#visit(child, level + 1, index + 1, wanted.length, view, kept, lines),
    );
    const hidden = row.childCount - shown.length;
    if (kept === undefined && hidden > 0)
      lines.push({ kind: 'more', path, level: level + 1, hidden });
  }

  /** Every row that matches, with all above it. */
  #matching(needle) {
    const kept = new Set();
    for (const [path, { row }] of this.#entries) {
      if (!isMatch(row, needle)) continue;
      for (let at = path; at !== undefined && !kept.has(at); at = this.#parents.get(at))
        kept.add(at);
    }
    return kept;
  }

  #clear() {
    this.#entries.clear();
    this.#children.clear();
    this.#parents.clear();
    this.#changed.clear();
    this.#windowStart = undefined;
  }

  #put(row, isWhole, now) {
    const old = this.#entries.get(row.path);
    const isNewIncarnation = old === undefined || old.row.pid !== row.pid;
    const startedAt = isNewIncarnation ? now - row.uptimeMs : old.startedAt;
    const base = isNewIncarnation ? row.handled : old.base;
    this.#entries.set(row.path, { row, startedAt, rate: old?.rate ?? 0, base });
    if (!isWhole && (isNewIncarnation || old.row.state !== row.state)) this.#changed.add(row.path);
  }

  #remove(path) {
    this.#entries.delete(path);
    this.#children.delete(path);
    this.#parents.delete(path);
  }

  #setChildren(path, paths) {
    this.#children.set(path, paths);
    for (const child of paths) this.#parents.set(child, path);
  }

  #measure(at) {
    this.#windowStart ??= at;
    const elapsed = at - this.#windowStart;
    if (elapsed < RATE_WINDOW_MS) return;
    let total = 0;
    for (const entry of this.#entries.values()) {
      entry.rate = (Math.max(0, entry.row.handled - entry.base) * 1000) / elapsed;
      entry.base = entry.row.handled;
      total += entry.rate;
    }
    push(this.#history, total);
    const followed = this.#entries.get(this.#followed);
    if (followed !== undefined) push(this.#followedHistory, followed.rate);
    this.#windowStart = at;
  }
}

function isMatch(row, needle) {
  return (
    row.id.toLowerCase().includes(needle) ||
    row.path.toLowerCase().includes(needle) ||
    row.state.replaceAll('_', ' ').includes(needle) ||
    (row.lastExit ?? '').toLowerCase().includes(needle)
  );
}

function push(history, value) {
  history.push(value);
  if (history.length > HISTORY_LENGTH) history.shift();
}
