/** The disk behind the `Files` port. */
import { readFileSync, statSync } from 'node:fs';
import type { Files } from './type.ts';

/** Certificates, secrets and the configuration are far smaller. */
const MAX_BYTES = 4 * 1024 * 1024;

export const nodeFiles: Files = {
  read(path) {
    try {
      const stat = statSync(path);
      return stat.isFile() && stat.size <= MAX_BYTES ? readFileSync(path, 'utf8') : undefined;
    } catch {
      return undefined; // the caller says which file it was and what to do
    }
  },
};
