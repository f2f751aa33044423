// Puts what the compiler does not handle beside the compiled code: the files of the web page.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = [join('actors', 'admin', 'page')];

for (const folder of FOLDERS) {
  const target = join('dist', folder);
  rmSync(target, { recursive: true, force: true });
  cpSync(folder, target, { recursive: true });
}
