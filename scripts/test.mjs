// Runs the built tests with node's own runner. Arguments filter by path: npm test -- spec/rpc
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** Suites with scripts of their own: they need a browser, a container engine or much time. */
const ELSEWHERE = ['browser', 'cluster', 'compose', 'soak'];

const root = join('dist', 'test');
const filters = process.argv.slice(2);
const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.js'))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .filter((file) =>
    filters.length > 0
      ? filters.some((filter) => file.includes(filter))
      : !ELSEWHERE.some((suite) => file.startsWith(join(root, suite))),
  )
  .sort();
if (files.length === 0) {
  console.error(`no test matches ${filters.join(' ')}`);
  process.exit(1);
}
// Files of clusters one after the other: a dozen processes are load enough, and what is starved is called down.
const isCluster = files.every((file) => file.startsWith(join(root, 'cluster')));
const concurrency = isCluster ? 1 : Math.max(2, availableParallelism());
// Node 20 and 22 write TAP into a pipe, 24 does not: one reporter for all, failures at the end.
const flags = [
  '--test',
  '--enable-source-maps',
  '--test-reporter=spec',
  `--test-concurrency=${concurrency}`,
];
const child = spawn(process.execPath, [...flags, ...files], { stdio: 'inherit' });
child.on('exit', (code) => process.exit(code ?? 1));
