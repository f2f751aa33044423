/** Wires the page: the stream feeds the model, the model is drawn once per frame. */
import { ClusterFeed } from './cluster-feed.js';
import { ClusterModel } from './cluster-model.js';
import { ClusterView } from './cluster-view.js';
import { Console } from './console/console.js';
import { Crashes } from './crashes.js';
import { Details } from './details.js';
import { Feed } from './feed.js';
import { PAGE_SIZE, TreeModel } from './model.js';
import { count, make, rate, setText } from './text.js';
import { TreeView } from './tree-view.js';

/** How many children of a dynamic supervisor the stream is asked to follow, step by step. */
const CHILD_LIMITS = [200, 1_000, 5_000, 10_000];

const byId = (id) => document.getElementById(id);

const model = new TreeModel();
const crashes = new Crashes(byId('crashes'), byId('no-crashes'), byId('crash-count'));
const details = new Details(byId('details-title'), byId('details-body'));
const filter = byId('filter');
const totals = makeTotals(byId('totals'));

/** What the reader opened or closed; everything else follows the rule in `view`. */
const expanded = new Map();
const pages = new Map();

const view = {
  isExpanded: (row) => expanded.get(row.path) ?? row.strategy !== 'simple_one_for_one',
  pageOf: (row) =>
    row.strategy === 'simple_one_for_one' ? (pages.get(row.path) ?? PAGE_SIZE) : Infinity,
  get filter() {
    return filter.value.trim();
  },
};

let selected;

const tree = new TreeView(byId('grid'), byId('rows'), model, {
  choose(path) {
    selected = path;
    model.follow(path);
    drawSoon();
  },
  toggle(path, isExpanded) {
    expanded.set(path, isExpanded);
    drawSoon();
  },
  more: showMore,
});

const feed = new Feed(CHILD_LIMITS[0], {
  onEvent(event, isWhole) {
    model.apply(event, isWhole, performance.now());
    crashes.add(event.crashes, isWhole);
    showNode(event.node);
    if (!model.get(selected)) select(model.root);
    if (isWhole) clusterFeed.once(); // a node that was started anew may have a cluster now
    drawSoon();
  },
  onState: showConnection,
});

function showMore(path) {
  const { row } = model.get(path);
  const page = view.pageOf(row) + PAGE_SIZE;
  pages.set(path, page);
  const larger = CHILD_LIMITS.find((limit) => limit > feed.childLimit);
  if (page > feed.childLimit && row.childCount > feed.childLimit && larger) feed.follow(larger);
  drawSoon();
}

function select(path) {
  selected = path;
  if (path === undefined) return;
  model.follow(path);
  tree.choose(path);
}

let isDrawing = false;

function drawSoon() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(draw);
}

function draw() {
  isDrawing = false;
  const now = performance.now();
  const lines = model.lines(view);
  tree.show(lines, now);
  tree.flash(model.takeChanged());
  byId('nothing').hidden = lines.length > 0 || model.root === undefined;
  details.show(model.get(selected), model.followedHistory, now);
  const sums = model.totals();
  totals.actors(count(sums.actors));
  totals.rate(rate(sums.rate));
  totals.mailbox(count(sums.mailbox));
  totals.restarts(count(sums.restarts), sums.restarts > 0);
  totals.crashes(count(crashes.size), crashes.size > 0);
}

function makeTotals(list) {
  const setters = {};
  const labels = {
    actors: 'Actors',
    rate: 'Messages per second',
    mailbox: 'Waiting in mailboxes',
    restarts: 'Restarts',
    crashes: 'Crash reports',
  };
  for (const [key, label] of Object.entries(labels)) {
    const value = make('dd', '', '–', { id: `total-${key}` });
    const box = make('div');
    box.append(make('dt', '', label), value);
    list.append(box);
    setters[key] = (text, isNotable = false) => {
      setText(value, text);
      value.classList.toggle('notable', isNotable);
    };
  }
  return setters;
}

function showNode(node) {
  setText(byId('node-name'), node.name);
  setText(byId('node-version'), node.version);
  document.title = `${node.name} · bondy`;
  const ready = byId('ready');
  ready.hidden = false;
  ready.dataset.state = node.ready ? 'ready' : 'waiting';
  ready.title = node.why.join('; ');
  setText(ready, node.ready ? 'ready' : `not ready: ${node.why[0] ?? 'starting'}`);
}

function showConnection(state) {
  const pill = byId('connection');
  pill.dataset.state = state;
  setText(pill, state);
  document.body.dataset.connection = state;
}

const cluster = new ClusterModel();
const clusterView = new ClusterView(byId('cluster'));
const clusterFeed = new ClusterFeed({
  onStatus(status) {
    cluster.apply(status);
    clusterFeed.want(showView());
    if (status.enabled) clusterView.show(cluster);
  },
  onLost: () => clusterView.stale(),
});

const adminConsole = new Console(byId('console'));

/** The view is in the address, so that it can be kept and shared. True: it is the cluster, which has to be asked for. */
function showView() {
  const isClustered = cluster.isEnabled === true;
  const [name] = location.hash.split('/');
  const isConsole = adminConsole.show(location.hash);
  const view = isConsole || (isClustered && name === '#cluster') ? name : '#tree';
  document.body.dataset.cluster = isClustered ? 'on' : 'off';
  for (const link of byId('views').children) {
    if (link.hash === '#cluster') link.hidden = !isClustered;
    if (link.hash === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    byId(link.hash.slice(1)).hidden = link.hash !== view;
  }
  byId('totals').hidden = view !== '#tree';
  return view === '#cluster';
}

window.addEventListener('hashchange', () => clusterFeed.want(showView()));

filter.addEventListener('input', drawSoon);
filter.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') filter.value = '';
  else if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
  event.preventDefault();
  byId('grid').focus();
  drawSoon();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || byId('tree').hidden || event.target === filter) return;
  event.preventDefault();
  filter.focus();
});
setInterval(drawSoon, 1_000); // uptimes go on when the stream does not

feed.start();
