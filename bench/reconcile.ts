/**
 * Bytes and round trips to find d changed rows among n: hash tree, rateless IBLT with and without its limit, and the
 * cost of keeping both up to date. Both directions are counted, rows are not.
 *
 *     node --import tsx bench/reconcile.ts [n]
 */
import { performance } from 'node:perf_hooks';
import { MerkleTree } from '../runtime/structures/merkle.ts';
import { CodedSymbols, DEFAULT_CAPACITY } from '../runtime/structures/riblt.ts';
import { changed, someItems } from '../test/support/items.ts';
import type { Outcome } from '../test/support/reconcile.ts';
import { compareTrees, decodeStream, KEY, Replica, symbolsOf } from '../test/support/reconcile.ts';

const rows = Number(process.argv[2] ?? 100_000);
/** Enough for 10,000 changed rows, to see where the stream ends being the better choice. */
const UNLIMITED = 32_768;

const items = someItems(rows);
const tree = (depth: number) => new Replica(items, depth);
const [shallow, deep] = [tree(3), tree(4)];
const [limited, unlimited] = [symbolsOf(items), symbolsOf(items, UNLIMITED)];

console.log(`${rows} rows\n`);
console.log(
  'd      | tree 16^3     | tree 16^4     | riblt 4096    | riblt 32768   | ms tree, riblt',
);
for (const differences of [0, 1, 10, 100, 1000, 10_000]) {
  const other = changed(items, Math.min(differences, rows), differences);
  const theirTree = new Replica(other, 4);
  const [left, right] = [symbolsOf(other), symbolsOf(other, UNLIMITED)];
  const [trees, treeMs] = timed(() => compareTrees(deep, theirTree));
  const [stream, streamMs] = timed(() => decodeStream(unlimited, right));
  const cells = [
    show(compareTrees(shallow, new Replica(other, 3))),
    show(trees),
    show(decodeStream(limited, left)),
    show(stream),
  ];
  const times = `${treeMs.toFixed(1)}, ${streamMs.toFixed(1)}`;
  console.log(`${String(differences).padEnd(6)} | ${cells.join(' | ')} | ${times}`);
}

const [, treeUs] = timed(() => {
  const keeping = new MerkleTree(4);
  for (const item of items) keeping.change(undefined, item);
});
const [, symbolsUs] = timed(() => {
  const keeping = new CodedSymbols(KEY, DEFAULT_CAPACITY);
  for (const item of items) keeping.change(undefined, item);
});
const perRow = (ms: number) => `${((ms * 1000) / rows).toFixed(2)} µs`;
console.log(`\nper item added: tree ${perRow(treeUs)}, symbols ${perRow(symbolsUs)}`);

function show({ bytes, roundTrips, difference }: Outcome): string {
  return `${difference ? bytes : `gave up ${bytes}`} (${roundTrips})`.padEnd(13);
}

function timed<T>(run: () => T): readonly [T, number] {
  const started = performance.now();
  const result = run();
  return [result, performance.now() - started];
}
