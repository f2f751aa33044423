// What the compiler does not do: copies the files of the web page, and removes from dist what has no source any more,
// so that a file that was renamed is neither tested nor packed under its old name.
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const DIST = 'dist';
const ASSETS = [join('actors', 'admin', 'page')];

for (const folder of ASSETS) cpSync(folder, join(DIST, folder), { recursive: true });

for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const built = join(entry.parentPath ?? entry.path, entry.name);
  const path = relative(DIST, built);
  const source = ASSETS.some((folder) => path.startsWith(join(folder, sep)))
    ? path
    : path.replace(/\.js(\.map)?$/, '.ts');
  if (!existsSync(source)) rmSync(built, { force: true });
}
