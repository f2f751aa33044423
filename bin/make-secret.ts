/** Writes 32 random bytes as hex into a file that is not there yet: the secret of a cluster. Used by docker-compose.yml. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write('usage: make-secret FILE\n');
  process.exit(1);
}
try {
  writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o400 });
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}
