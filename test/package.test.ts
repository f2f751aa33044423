/** What `npm pack` would put into a package: the program, and nothing else. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { test } from 'node:test';
import { PROJECT_ROOT } from './support/project.ts';

const isBuilt = existsSync(join(PROJECT_ROOT, 'dist', 'bin', 'bondy.js'));

function packedFiles(): readonly string[] {
  // Scripts would build again; what is there is looked at.
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'];
  const stdout = execFileSync('npm', args, {
    cwd: PROJECT_ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: readonly { readonly path: string }[] }];
  return files.map(({ path }) => path);
}

test('a package has the program and the web page', { skip: !isBuilt && 'no build' }, () => {
  const files = new Set(packedFiles());
  for (const file of ['package.json', 'README.md', 'LICENSE', 'bondy.conf.example']) {
    assert.ok(files.has(file), file);
  }
  assert.ok(files.has('dist/bin/bondy.js'));
  const page = join(PROJECT_ROOT, 'actors', 'admin', 'page');
  const assets = readdirSync(page, { recursive: true, encoding: 'utf8' });
  for (const asset of assets.filter((name) => extname(name) !== '')) {
    assert.ok(files.has(`dist/actors/admin/page/${asset}`), asset);
  }
});

test(
  'a package has no tests, no benches and no source maps',
  { skip: !isBuilt && 'no build' },
  () => {
    const allowed = /^(dist\/(runtime|actors|supervisors|bin)\/|[A-Za-z.]+$)/;
    for (const file of packedFiles()) {
      assert.match(file, allowed);
      assert.doesNotMatch(file, /\.(ts|map)$/);
    }
  },
);
