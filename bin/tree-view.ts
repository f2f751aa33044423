/** Draws the supervision tree for a terminal. Pure: a tree in, lines out. */
import type { TreeNode } from '../runtime/kernel/kernel.ts';

export interface TreeViewOptions {
  /** Levels below the root. */
  readonly depth: number;
  readonly isColoured: boolean;
}

/** JSON has no undefined: what the kernel leaves open is missing or null here. */
export type ShownNode = Omit<
  Pick<
    TreeNode,
    | 'id'
    | 'kind'
    | 'state'
    | 'mailbox'
    | 'handled'
    | 'restarts'
    | 'uptimeMs'
    | 'childCount'
    | 'children'
  >,
  'children'
> & {
  readonly strategy?: TreeNode['strategy'] | null;
  readonly lastExit?: string | null;
  readonly children: readonly ShownNode[];
};

interface Row {
  readonly branch: string;
  readonly node: ShownNode | undefined;
  readonly note: string;
}

const HEADINGS = ['STATE', 'MAILBOX', 'HANDLED', 'RESTARTS', 'UPTIME', 'LAST EXIT'];
const COLOURS: Record<TreeNode['state'], string> = {
  running: '32',
  starting: '36',
  restarting: '33',
  cooling_down: '33',
  stopping: '2',
  ended: '2',
};

export function drawTree(root: ShownNode, options: TreeViewOptions): string {
  const rows = rowsOf(root, options.depth, '', '');
  const names = rows.map(({ branch, node, note }) => `${branch}${node ? plain(node.id) : note}`);
  const cells = rows.map(({ node }) => (node ? cellsOf(node) : []));
  const nameWidth = Math.max(...names.map((text) => text.length));
  const widths = HEADINGS.map((heading, at) =>
    Math.max(heading.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const aligned = (row: readonly string[]): string[] =>
    row.map((text, at) => (isNumber(at) ? text.padStart(widths[at]) : text.padEnd(widths[at])));
  const heading = ['ACTOR'.padEnd(nameWidth), ...aligned(HEADINGS)].join('  ').trimEnd();
  const lines = rows.map((row, at) => {
    const texts = aligned(cells[at]);
    if (options.isColoured && row.node) texts[0] = paint(COLOURS[row.node.state], texts[0]);
    return [names[at].padEnd(nameWidth), ...texts].join('  ').trimEnd();
  });
  return [options.isColoured ? paint('2', heading) : heading, ...lines].join('\n');
}

function rowsOf(node: ShownNode, depth: number, branch: string, indent: string): Row[] {
  const own: Row = { branch, node, note: '' };
  if (depth <= 0) {
    return node.childCount === 0 ? [own] : [own, hidden(indent, node.childCount)];
  }
  const missing = Math.max(0, node.childCount - node.children.length);
  const below = node.children.flatMap((child, at) => {
    const isLast = at === node.children.length - 1 && missing === 0;
    const next = indent + (isLast ? '   ' : '│  ');
    return rowsOf(child, depth - 1, indent + (isLast ? '└─ ' : '├─ '), next);
  });
  return [own, ...below, ...(missing > 0 ? [hidden(indent, missing)] : [])];
}

function hidden(indent: string, count: number): Row {
  return { branch: `${indent}└─ `, node: undefined, note: `… ${count} more` };
}

function cellsOf(node: ShownNode): string[] {
  return [
    node.state,
    String(node.mailbox),
    String(node.handled),
    String(node.restarts),
    showUptime(node.uptimeMs),
    plain(node.lastExit ?? ''),
  ];
}

function isNumber(column: number): boolean {
  return column >= 1 && column <= 3;
}

/** The two largest units: `3d 4h`, `12m 5s`, `0s`. */
export function showUptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0s';
  return parts
    .slice(first, first + 2)
    .filter(([count], at) => at === 0 || count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}

/** Ids come from another process: nothing in them may move the cursor or fill the screen. */
function plain(text: string): string {
  const bounded = text.length > 120 ? `${text.slice(0, 119)}…` : text;
  return bounded.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function paint(code: string, text: string): string {
  return `\u001b[${code}m${text}\u001b[0m`;
}
