/** What README tells people to type must work right after `npm ci`. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { PROJECT_ROOT } from './support/project.ts';

const read = (file: string): string => readFileSync(join(PROJECT_ROOT, file), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

it('no script counts on a pre or post hook, because .npmrc turns hooks off', () => {
  assert.match(read('.npmrc'), /^ignore-scripts=true$/m);
  const hooks = Object.keys(scripts).filter(
    (name) =>
      /^(pre|post)/.test(name) &&
      (name.replace(/^(pre|post)/, '') in scripts || name === 'prepack'),
  );
  assert.deepEqual(hooks, []);
});

it('every script that runs the build makes it first', () => {
  const running = Object.entries(scripts).filter(
    ([name, command]) =>
      name !== 'build' && /\bdist\/|scripts\/(test|bench|soak)\.mjs/.test(command),
  );
  assert(running.length > 0);
  for (const [name, command] of running) assert.match(command, /^npm run -s build && /, name);
});

it('every script that README names is there', () => {
  for (const [, name] of read('README.md').matchAll(/npm run ([a-z:]+)/g)) {
    assert(name !== undefined && name in scripts, name);
  }
});

it('README calls the built program, not a bin that nothing has linked', () => {
  assert.doesNotMatch(read('README.md'), /npx bondy/);
});
