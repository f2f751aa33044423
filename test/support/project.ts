/** Where the project is, seen from a test as written and from a test as compiled. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT_ROOT = projectRoot();

function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'tsconfig.json'))) {
    if (folder === dirname(folder)) throw new Error('no tsconfig.json above this test');
    folder = dirname(folder);
  }
  return folder;
}
