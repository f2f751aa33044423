/** Collects what was written: flags over environment over file. */
import { dirname, resolve } from 'node:path';
import { parseConfFile } from './conf-file.ts';
import type { Parsed } from './conf-file.ts';
import { parseEnvironment } from './environment.ts';
import { parseFlags } from './flags.ts';
import { quote } from './mistake.ts';
import { keysOf } from './schema.ts';
import type { Tree } from './schema.ts';
import { resolveSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import type { Files } from './type.ts';

export interface Sources {
  /** Path of the file, as people wrote it; undefined: none. */
  readonly file: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: readonly string[];
  readonly workingDirectory: string;
  readonly files: Files;
}

export function loadSettings<S extends Tree>(schema: S, sources: Sources): Settings<S> {
  const { environment, flags, workingDirectory, files } = sources;
  const names = keysOf(schema).map(({ name }) => name);
  const parsed = [
    readFile(sources),
    parseEnvironment(environment, names, workingDirectory),
    parseFlags(flags, workingDirectory),
  ];
  const entries = parsed.flatMap((part) => part.entries);
  const settings = resolveSettings(schema, entries, files);
  const mistakes = [...parsed.flatMap((part) => part.mistakes), ...settings.mistakes];
  return { ...settings, mistakes };
}

function readFile({ file, files, workingDirectory }: Sources): Parsed {
  if (file === undefined) return { entries: [], mistakes: [] };
  const path = resolve(workingDirectory, file);
  const content = files.read(path);
  if (content !== undefined) return parseConfFile(content, file, dirname(path));
  const problem = `the configuration file ${quote(file)} cannot be read`;
  const advice = 'Check the path, and that this user may read it.';
  return { entries: [], mistakes: [{ where: '--config', problem, advice }] };
}
