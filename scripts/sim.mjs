// Plays the built simulator: npm run sim -- [--scenario K] [--seed N] [--seeds COUNT] [--nodes N] [--full] [--json]
// Many seeds are shared between worker processes with --workers COUNT.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const main = join('dist', 'test', 'sim', 'main.js');
const given = process.argv.slice(2);
const workers = Number(take('--workers') ?? 1);
if (!Number.isInteger(workers) || workers < 1) fail('--workers wants a number from 1');

if (workers === 1) {
  process.exitCode = await run(given);
} else {
  const first = Number(take('--seed') ?? 1);
  const seeds = Number(take('--seeds') ?? fail('--workers needs --seeds'));
  const share = Math.ceil(seeds / workers);
  const parts = Array.from({ length: workers }, (_, i) => [
    first + i * share,
    Math.min(share, seeds - i * share),
  ]).filter(([, count]) => count > 0);
  const codes = await Promise.all(
    parts.map(([from, count]) => run([...given, '--seed', `${from}`, '--seeds', `${count}`])),
  );
  process.exitCode = Math.max(...codes);
}

function run(args) {
  const flags = ['--enable-source-maps', '--max-old-space-size=4096', main, ...args];
  const child = spawn(process.execPath, flags, { stdio: 'inherit' });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

function take(option) {
  const at = given.indexOf(option);
  return at < 0 ? undefined : given.splice(at, 2)[1];
}

function fail(why) {
  console.error(why);
  process.exit(2);
}
