import { test } from 'node:test';
import assert from 'node:assert/strict';
import { TreeFeed, type TreeDelta } from '../../../actors/admin/tree-feed.ts';
import type { TreeNode } from '../../../runtime/kernel/kernel.ts';
import { node } from './stage.ts';

/** The page is plain JavaScript, so this is what the test knows of it. */
interface Model {
  readonly root: string | undefined;
  readonly history: readonly number[];
  apply(event: TreeDelta & { node: { at: number } }, isWhole: boolean, now: number): void;
  get(path: string): { rate: number; startedAt: number } | undefined;
  totals(): { actors: number; rate: number; mailbox: number; restarts: number };
  takeChanged(): Set<string>;
  lines(view: View): readonly Line[];
}

interface View {
  readonly filter: string;
  isExpanded(row: TreeNode): boolean;
  pageOf(row: TreeNode): number;
}

interface Line {
  readonly kind: 'actor' | 'more';
  readonly path: string;
  readonly hidden?: number;
}

const page = new URL('../../../actors/admin/page/model.js', import.meta.url);
const { TreeModel } = (await import(page.href)) as { TreeModel: new () => Model };

const open: View = { filter: '', isExpanded: () => true, pageOf: () => Infinity };

/** A page that follows a feed; `at` is both clocks, ms. */
class Reader {
  readonly model = new TreeModel();
  readonly #feed = new TreeFeed();
  #isFirst = true;

  see(tree: TreeNode, at: number): void {
    const delta = this.#feed.next(tree);
    this.model.apply({ ...delta, node: { at } }, this.#isFirst, at);
    this.#isFirst = false;
  }

  shown(view: View = open): string[] {
    return this.model
      .lines(view)
      .map(({ kind, path, hidden }) => (kind === 'more' ? `${path} +${hidden}` : path));
  }
}

function dynamic(shown: number, all: number): TreeNode {
  const children = Array.from({ length: shown }, (_, i) => node(`root/sessions/${i}`));
  return node('root/sessions', { strategy: 'simple_one_for_one', children, childCount: all });
}

test('lines follow the tree as it changes', () => {
  const reader = new Reader();
  reader.see(node('root', { children: [node('root/a'), node('root/b')] }), 0);
  assert.deepEqual(reader.shown(), ['root', 'root/a', 'root/b']);
  reader.see(node('root', { children: [node('root/b'), node('root/c')] }), 100);
  assert.deepEqual(reader.shown(), ['root', 'root/b', 'root/c']);
});

test('what is closed hides what is below it', () => {
  const reader = new Reader();
  reader.see(node('root', { children: [dynamic(2, 2)] }), 0);
  const view = { ...open, isExpanded: (row: TreeNode) => row.path === 'root' };
  assert.deepEqual(reader.shown(view), ['root', 'root/sessions']);
});

test('a page of children ends with a line that counts the rest, known or not', () => {
  const reader = new Reader();
  reader.see(node('root', { children: [dynamic(3, 500)] }), 0);
  const view = { ...open, pageOf: () => 2 };
  const expected = ['root', 'root/sessions', 'root/sessions/0', 'root/sessions/1'];
  assert.deepEqual(reader.shown(view), [...expected, 'root/sessions +498']);
});

test('a filter finds what is closed or on a later page, and keeps the way to it', () => {
  const reader = new Reader();
  const crashed = node('root/a', { lastExit: 'error: Boom' });
  reader.see(node('root', { children: [crashed, dynamic(3, 3)] }), 0);
  const closed = { ...open, isExpanded: () => false, pageOf: () => 1 };
  assert.deepEqual(reader.shown({ ...closed, filter: 'sessions/2' }), [
    'root',
    'root/sessions',
    'root/sessions/2',
  ]);
  assert.deepEqual(reader.shown({ ...closed, filter: 'BOOM' }), ['root', 'root/a']);
  assert.deepEqual(reader.shown({ ...closed, filter: 'nothing' }), []);
});

test('a rate is messages over the time the node says, and falls to 0 in silence', () => {
  const reader = new Reader();
  reader.see(node('root', { handled: 1_000 }), 0);
  reader.see(node('root', { handled: 1_100 }), 200); // too soon for a rate
  assert.equal(reader.model.get('root')?.rate, 0);
  reader.see(node('root', { handled: 1_500 }), 1_000);
  assert.equal(reader.model.get('root')?.rate, 500);
  reader.see(node('root', { handled: 1_500 }), 2_000);
  assert.equal(reader.model.get('root')?.rate, 0);
  assert.deepEqual(reader.model.history, [500, 0]);
});

test('a new incarnation starts counting afresh, and draws attention', () => {
  const reader = new Reader();
  reader.see(node('root', { handled: 1_000, pid: 1 }), 0);
  assert.equal(reader.model.takeChanged().size, 0);
  reader.see(node('root', { handled: 5, pid: 2, uptimeMs: 100, restarts: 1 }), 1_000);
  assert.equal(reader.model.get('root')?.rate, 0);
  assert.equal(reader.model.get('root')?.startedAt, 900);
  assert.deepEqual([...reader.model.takeChanged()], ['root']);
});

test('totals include children that are only counted', () => {
  const reader = new Reader();
  const busy = node('root/a', { mailbox: 4, restarts: 2 });
  reader.see(node('root', { children: [busy, dynamic(3, 500)] }), 0);
  assert.deepEqual(reader.model.totals(), { actors: 503, rate: 0, mailbox: 4, restarts: 2 });
});
