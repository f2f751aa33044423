/** docs/guarantees.md names for each of the 25 scenarios a proof that exists. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { PROJECT_ROOT } from '../support/project.ts';

const page = readFileSync(join(PROJECT_ROOT, 'docs', 'guarantees.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};
const rows = page.split('\n').flatMap((line) => {
  const cells = /^\| (\d+) \|/.test(line) ? line.slice(1, -1).split('|') : undefined;
  return cells ? [cells.map((cell) => cell.trim())] : [];
});

describe('docs/guarantees.md', () => {
  test('has a row for each of the 25 scenarios, in order and complete', () => {
    assert.deepEqual(
      rows.map(([number]) => Number(number)),
      Array.from({ length: 25 }, (_, i) => i + 1),
    );
    for (const row of rows) {
      assert.equal(row.length, 5, row.join(' | '));
      assert.ok(
        row.every((cell) => cell !== ''),
        row.join(' | '),
      );
    }
  });

  test('names for each a test or a command that exists', () => {
    for (const [number, , , proof] of rows) {
      const proofs = [...proof!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
      assert.notDeepEqual(proofs, [], `scenario ${number} has no proof`);
      for (const name of proofs) assert.ok(exists(name), `scenario ${number}: ${name}`);
    }
  });

  test('runs no command and names no file or setting of tests that does not exist', () => {
    for (const [, name] of page.matchAll(/`(npm run [^`]+|test\/[^`]+)`/g)) {
      assert.ok(exists(name!), name);
    }
    const tests = rows
      .flatMap((row) => [...row[3]!.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file!))
      .concat('scripts/test-compose.mjs')
      .map((file) => readFileSync(join(PROJECT_ROOT, file), 'utf8'))
      .join('\n');
    for (const [, variable] of page.matchAll(/`([A-Z_]+)(?:=\d+)?`/g)) {
      assert.ok(tests.includes(`'${variable}'`) || tests.includes(`.${variable}`), variable);
    }
  });

  test('says in plain words what is not promised', () => {
    const [, not] = page.split('## What is not promised');
    for (const words of ['No linearizable registration', 'No exactly-once', 'No order between']) {
      assert.ok(not?.includes(words), words);
    }
  });
});

/** A file of the project, or a script of its package. */
function exists(name: string): boolean {
  const [, script] = /^npm run (\S+)/.exec(name) ?? [];
  return script === undefined ? existsSync(join(PROJECT_ROOT, name)) : script in scripts;
}
