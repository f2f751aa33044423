/** Programs beside a test, run as processes of their own: written (.ts, by tsx) or compiled (.js), as the test itself is. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export interface Program {
  readonly process: ChildProcess;
  /** The next line of its output; undefined: it has ended. */
  line(): Promise<string | undefined>;
  /** The lines not read yet, until it ends. */
  rest(): Promise<readonly string[]>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** `file` without an extension, relative to the test at `base` (its `import.meta.url`). */
export function startProgram(
  t: TestContext,
  base: string,
  file: string,
  args: readonly string[],
): Program {
  const extension = extname(fileURLToPath(base));
  const path = fileURLToPath(new URL(file + extension, base));
  const flags = extension === '.ts' ? ['--import', 'tsx'] : [];
  const child = spawn(process.execPath, [...flags, path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string | undefined> => {
    const next = await lines.next();
    return next.done ? undefined : next.value;
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  t.after(kill);
  return {
    process: child,
    line,
    rest: async () => {
      const all: string[] = [];
      for (let next = await line(); next !== undefined; next = await line()) all.push(next);
      return all;
    },
    kill,
  };
}
