/** The panel about the chosen actor: all its facts and the last minute of its message rate. */
import { count, duration, make, rate, setText, words } from './text.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 240;
const HEIGHT = 44;

const FACTS = [
  ['Path', ({ row }) => row.path],
  ['Kind', ({ row }) => kindOf(row)],
  ['State', ({ row }) => words(row.state)],
  ['Process', ({ row }) => (row.pid === undefined ? 'none now' : `#${row.pid}`)],
  ['Turns', ({ row }) => row.class],
  ['Mailbox', ({ row }) => count(row.mailbox)],
  ['Handled', ({ row }) => count(row.handled)],
  ['Rate', (entry) => `${rate(entry.rate)} msg/s`],
  ['Children', ({ row }) => count(row.childCount)],
  ['Restarts', ({ row }) => count(row.restarts)],
  ['Last exit', ({ row }) => row.lastExit ?? 'never'],
  [
    'Uptime',
    ({ row, startedAt }, now) => (row.pid === undefined ? '–' : duration(now - startedAt)),
  ],
];

export class Details {
  #title;
  #body;
  #values = [];
  #line;
  #peak;

  constructor(title, body) {
    this.#title = title;
    this.#body = body;
    this.#build();
  }

  show(entry, history, now) {
    this.#body.hidden = entry === undefined;
    if (entry === undefined) return setText(this.#title, 'Actor');
    setText(this.#title, entry.row.id);
    FACTS.forEach(([, fact], index) => setText(this.#values[index], fact(entry, now)));
    this.#draw(history);
  }

  #build() {
    const chart = document.createElementNS(SVG, 'svg');
    chart.setAttribute('class', 'chart');
    chart.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    chart.setAttribute('preserveAspectRatio', 'none');
    chart.setAttribute('role', 'img');
    chart.setAttribute('aria-label', 'Messages per second, last minute');
    this.#line = document.createElementNS(SVG, 'polyline');
    chart.append(this.#line);
    this.#peak = make('p', 'faint chart-label');
    const list = make('dl', 'facts');
    for (const [label] of FACTS) {
      const value = make('dd');
      this.#values.push(value);
      list.append(make('dt', '', label), value);
    }
    this.#body.append(chart, this.#peak, list);
  }

  #draw(history) {
    const peak = Math.max(1, ...history);
    const step = WIDTH / 59;
    const points = history.map((value, index) => {
      const x = WIDTH - (history.length - 1 - index) * step;
      return `${x.toFixed(1)},${(HEIGHT - 2 - (value / peak) * (HEIGHT - 6)).toFixed(1)}`;
    });
    this.#line.setAttribute('points', points.join(' '));
    setText(this.#peak, `peak ${rate(Math.max(0, ...history))} msg/s in the last minute`);
  }
}

function kindOf(row) {
  return row.strategy === undefined ? row.kind : `${row.kind}, ${row.strategy}`;
}
