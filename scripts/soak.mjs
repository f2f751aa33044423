// Runs the built soak tests: real processes, one test after the other, a few minutes. Arguments filter by path:
// npm run test:soak -- idle
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join('dist', 'test', 'soak');
const filters = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort()
  .map((file) => join(folder, file));
if (files.length === 0) {
  console.error(`no soak test matches ${filters.join(' ')}`);
  process.exit(1);
}
const flags = [
  '--test',
  '--enable-source-maps',
  '--test-concurrency=1',
  '--test-timeout=120000',
  '--test-reporter=spec',
];
const child = spawn(process.execPath, [...flags, ...files], { stdio: 'inherit' });
child.on('exit', (code) => process.exit(code ?? 1));
