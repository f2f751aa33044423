// Runs the built benches, one after the other, each in a process of its own: npm run bench -- [--only NAME]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** `load` measures a whole node and needs a load generator, so it runs only when it is told where that is. */
const BENCHES = ['kernel', 'codecs', 'registry', 'fanout', 'load'];
const USAGE = `usage: npm run bench -- [--only NAME] [--wampload DIR [--runs N] [--seconds N] [--out FILE]]
NAME is one of ${BENCHES.join(', ')}; load runs only with --wampload (bench/README.md)`;

const { only, ...load } = options();
if (only !== undefined && !BENCHES.includes(only)) fail(`there is no bench ${only}\n${USAGE}`);
if (only === 'load' && load.wampload === undefined) fail(`load needs --wampload DIR\n${USAGE}`);

const failed = BENCHES.filter(
  (name) => (only ?? name) === name && (name !== 'load' || load.wampload !== undefined),
).filter((name) => !succeeds(name));
if (failed.length > 0) fail(`failed: ${failed.join(', ')}`);

function succeeds(name) {
  console.log(`\n== ${name}\n`);
  const given =
    name === 'load' ? Object.entries(load).flatMap(([key, value]) => [`--${key}`, value]) : [];
  const flags = ['--expose-gc', '--enable-source-maps', join('dist', 'bench', `${name}.js`)];
  return spawnSync(process.execPath, [...flags, ...given], { stdio: 'inherit' }).status === 0;
}

function options() {
  const text = { type: 'string' };
  try {
    const { values } = parseArgs({
      options: { only: text, wampload: text, runs: text, seconds: text, out: text },
    });
    return values;
  } catch (error) {
    return fail(`${error.message}\n${USAGE}`);
  }
}

function fail(text) {
  console.error(text);
  process.exit(1);
}
