/** Every relative link of the documentation leads somewhere. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { PROJECT_ROOT } from '../support/project.ts';

const FOLDERS = ['.', 'docs', 'examples', 'bench', 'deploy/kubernetes'];

test('every relative link in the documentation leads to a file', () => {
  const pages = FOLDERS.flatMap((folder) =>
    readdirSync(join(PROJECT_ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
  assert.ok(pages.length > 8);
  for (const page of pages) {
    for (const [, target] of read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const file = join(PROJECT_ROOT, dirname(page), target!);
      assert.ok(existsSync(file), `${page} links to ${target}, which does not exist`);
    }
  }
});

test('every script that the documentation runs is in package.json', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const page of ['README.md', 'CONTRIBUTING.md', 'bench/README.md', 'examples/README.md']) {
    for (const [, name] of read(page).matchAll(/^npm run ([a-z:]+)/gm)) {
      assert.ok(name! in scripts, `${page} runs npm run ${name}, which does not exist`);
    }
  }
});

function read(page: string): string {
  return readFileSync(join(PROJECT_ROOT, page), 'utf8');
}
