/** Directories that are gone when the test is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'bondy-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
