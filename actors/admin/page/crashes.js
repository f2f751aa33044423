/** The list of crash reports, newest first; a click opens the stack. */
import { clockTime, count, make, setText } from './text.js';

/** Reports kept in the page; the node keeps its own ring. */
const MAX_SHOWN = 200;

export class Crashes {
  #list;
  #none;
  #counter;
  #lastSequence = 0;

  constructor(list, none, counter) {
    this.#list = list;
    this.#none = none;
    this.#counter = counter;
  }

  get size() {
    return this.#list.childElementCount;
  }

  /** `isWhole`: these are all there are. */
  add(reports, isWhole) {
    if (isWhole && !this.#isContinuation(reports)) {
      this.#list.replaceChildren();
      this.#lastSequence = 0;
    }
    for (const report of reports) {
      if (report.sequence <= this.#lastSequence) continue;
      this.#lastSequence = report.sequence;
      this.#list.prepend(item(report));
    }
    while (this.size > MAX_SHOWN) this.#list.lastElementChild.remove();
    this.#none.hidden = this.size > 0;
    setText(this.#counter, this.size === 0 ? '' : count(this.size));
  }

  // After a reconnect to the same node the list stays as it is, with what the reader has opened in it.
  #isContinuation(reports) {
    const shown = this.#list.firstElementChild?.dataset;
    return (
      shown !== undefined &&
      reports.some(
        ({ sequence, at }) => String(sequence) === shown.sequence && String(at) === shown.at,
      )
    );
  }
}

function item(report) {
  const entry = make('li', 'crash');
  entry.dataset.sequence = report.sequence;
  entry.dataset.at = report.at;
  const id = `stack-${report.sequence}`;
  const button = make('button', '', undefined, {
    type: 'button',
    'aria-expanded': 'false',
    'aria-controls': id,
  });
  button.append(
    make('span', 'crash-path', report.path),
    make('time', 'faint', clockTime(report.at), { datetime: new Date(report.at).toISOString() }),
    make('span', 'crash-reason', report.reason),
  );
  const body = make('div', 'crash-body', undefined, { id });
  body.hidden = true;
  const last = report.lastMessage ?? 'no message';
  body.append(
    make('p', 'faint', `process #${report.pid} while handling ${last}`),
    make('pre', '', report.stack ?? 'no stack'),
  );
  button.addEventListener('click', () => {
    body.hidden = !body.hidden;
    button.setAttribute('aria-expanded', String(!body.hidden));
  });
  entry.append(button, body);
  return entry;
}
