/** The version in package.json, which is one folder above `bin` in the sources and two in the build. */
import { readFileSync } from 'node:fs';

export const VERSION: string = readVersion(['../package.json', '../../package.json']);

function readVersion(candidates: readonly string[]): string {
  for (const candidate of candidates) {
    const text = read(new URL(candidate, import.meta.url));
    if (text === undefined) continue;
    const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown };
    if (name === 'bondy-ts' && typeof version === 'string') return version;
  }
  return 'unknown';
}

function read(url: URL): string | undefined {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return undefined; // the other candidate is the one
  }
}
