/** A configuration from text alone: no disk, no environment. */
import { loadSettings } from '../../../runtime/config/load.ts';
import type { Tree } from '../../../runtime/config/schema.ts';
import type { Settings } from '../../../runtime/config/settings.ts';
import { Refused } from '../../../runtime/config/type.ts';
import type { Files, Type } from '../../../runtime/config/type.ts';

export function files(contents: Readonly<Record<string, string>> = {}): Files {
  return { read: (path) => (Object.hasOwn(contents, path) ? contents[path] : undefined) };
}

export interface Written {
  readonly file?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly others?: Readonly<Record<string, string>>;
}

/** The file is /etc/bondy/bondy.conf, called `bondy.conf`. */
export function load<S extends Tree>(schema: S, written: Written): Settings<S> {
  const { file, environment = {}, flags = [], others = {} } = written;
  return loadSettings(schema, {
    file: file === undefined ? undefined : 'bondy.conf',
    environment,
    flags,
    workingDirectory: '/etc/bondy',
    files: files({ ...others, ...(file === undefined ? {} : { '/etc/bondy/bondy.conf': file }) }),
  });
}

export function parse<T>(
  type: Type<T>,
  text: string,
  others: Readonly<Record<string, string>> = {},
) {
  return type.parse(text, { base: '/etc/bondy', files: files(others) });
}

export function isRefused(value: unknown): value is Refused {
  return value instanceof Refused;
}
