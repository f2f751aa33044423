/** The files of the web page: what is served under which path. Nothing else in the folder is reachable. */

export interface PageFile {
  readonly path: string;
  /** In `page/`. */
  readonly file: string;
  readonly type: string;
}

const HTML = 'text/html; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

export const PAGE_FILES: readonly PageFile[] = [
  { path: '/', file: 'index.html', type: HTML },
  { path: '/page.css', file: 'page.css', type: STYLE },
  { path: '/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
  { path: '/main.js', file: 'main.js', type: SCRIPT }, // wires the parts below
  { path: '/model.js', file: 'model.js', type: SCRIPT }, // what is known of the tree
  { path: '/feed.js', file: 'feed.js', type: SCRIPT }, // the stream, with reconnects
  { path: '/tree-view.js', file: 'tree-view.js', type: SCRIPT },
  { path: '/details.js', file: 'details.js', type: SCRIPT },
  { path: '/crashes.js', file: 'crashes.js', type: SCRIPT },
  { path: '/cluster-feed.js', file: 'cluster-feed.js', type: SCRIPT }, // the cluster, asked for while it is looked at
  { path: '/cluster-model.js', file: 'cluster-model.js', type: SCRIPT }, // its rates and sums
  { path: '/cluster-view.js', file: 'cluster-view.js', type: SCRIPT },
  { path: '/cluster-columns.js', file: 'cluster-columns.js', type: SCRIPT },
  { path: '/table.js', file: 'table.js', type: SCRIPT },
  { path: '/text.js', file: 'text.js', type: SCRIPT }, // numbers, times, elements
  { path: '/console/console.css', file: 'console/console.css', type: STYLE },
  { path: '/console/forms.css', file: 'console/forms.css', type: STYLE },
  ...[
    'console', // who is logged in, and which view is shown
    'place', // the view as an address
    'client', // the admin API
    'problem', // what it refused
    'login-view',
    'realms-view',
    'tickets-view',
    'traffic-views', // sessions, procedures, topics
    'people-views', // users and groups
    'sources-view',
    'permissions',
    'access-views', // grants, and why something is denied
    'story', // the latter in sentences
    'listing',
    'form',
    'dialog',
    'values',
  ].map((name) => ({
    path: `/console/${name}.js`,
    file: `console/${name}.js`,
    type: SCRIPT,
  })),
];
