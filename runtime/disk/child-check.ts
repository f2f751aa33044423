/**
 * Something native tried in a child process first, because where it does not work it ends the process that tries it:
 * the rocksdb binary on some builds of Node, and an engine that opens damaged files.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import type { EngineName } from './storage.ts';

export type ChildCheck =
  | { readonly kind: 'works' }
  /** It said so, in order: the engine's words. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** It ended the process, or never came back. */
  | { readonly kind: 'died'; readonly detail: string };

export interface ChildOptions {
  /** The child is killed then. */
  readonly timeoutMs: number;
  /** Default: the Node that runs this. */
  readonly execPath?: string;
}

type NativeEngine = Exclude<EngineName, 'memory'>;

/** Opens, puts, gets, reads and closes in `directory`, which must be one to be thrown away. */
export function tryEngine(
  engine: NativeEngine,
  directory: string,
  options: ChildOptions,
): Promise<ChildCheck> {
  return run(engine, directory, 'try', options);
}

/** Opens what is there, reads the first entries, closes. */
export function tryOpening(
  engine: NativeEngine,
  directory: string,
  options: ChildOptions,
): Promise<ChildCheck> {
  return run(engine, directory, 'open', options);
}

/** The file that `require` would load. Throws when the package is not installed. */
export function packageMain(engine: NativeEngine): string {
  const name = engine === 'rocksdb' ? 'rocksdb' : 'classic-level';
  return createRequire(import.meta.url).resolve(name);
}

/** Self-contained, so that it runs compiled or not, on whatever Node. classic-level has promises, rocksdb callbacks. */
const SCRIPT = `
const [main, engine, directory, mode] = process.argv.slice(1);
const loaded = require(main);
const database = engine === 'rocksdb' ? loaded(directory) : new loaded.ClassicLevel(directory);
const ask = (method, ...args) => engine === 'rocksdb'
  ? new Promise((resolve, reject) =>
      database[method](...args, (error, value) => (error ? reject(error) : resolve(value))))
  : database[method](...args);
const firstEntries = async () => {
  const iterator = database.iterator({ limit: 100 });
  while ((await iterator.next()) !== undefined);
  await (iterator.close ? iterator.close() : new Promise((resolve) => iterator.end(resolve)));
};
(async () => {
  await ask('open', { createIfMissing: mode === 'try' });
  if (mode === 'try') {
    await ask('put', 'key', 'value', { sync: true });
    if (String(await ask('get', 'key', {})) !== 'value') throw new Error('it gave back another value');
  }
  await firstEntries();
  await ask('close');
  process.stdout.write('works');
})().catch((error) => {
  process.stdout.write('refused ' + error.message + (error.cause ? ': ' + error.cause.message : ''));
});
`;

const MAX_OUTPUT = 4096;

function run(
  engine: NativeEngine,
  directory: string,
  mode: 'try' | 'open',
  { timeoutMs, execPath = process.execPath }: ChildOptions,
): Promise<ChildCheck> {
  return new Promise((resolve) => {
    const child = spawn(execPath, ['-e', SCRIPT, packageMain(engine), engine, directory, mode], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let complained = '';
    let isLate = false;
    child.stdout.on('data', (chunk) => (said = (said + chunk).slice(0, MAX_OUTPUT)));
    child.stderr.on('data', (chunk) => (complained = (complained + chunk).slice(-MAX_OUTPUT)));
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ kind: 'died', detail: `the check could not be started: ${error.message}` });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (isLate) return resolve({ kind: 'died', detail: `no end after ${timeoutMs} ms` });
      if (said === 'works') return resolve({ kind: 'works' });
      if (said.startsWith('refused ')) return resolve({ kind: 'refused', detail: said.slice(8) });
      const why = telling(complained);
      resolve({ kind: 'died', detail: `it ended with ${signal ?? code}${why && `: ${why}`}` });
    });
  });
}

/** The line of a crash's output that says most. */
function telling(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.find((line) => /error|what\(\)|terminate/i.test(line)) ?? lines.at(-1) ?? '';
}
