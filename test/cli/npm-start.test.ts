/** `npm start`, whose npm and shell stand between the signal and the node. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { PROJECT_ROOT } from '../support/project.ts';
import { FREE_PORTS } from './support.ts';

/** What a clone has and the start needs. */
const SOURCES = ['runtime', 'actors', 'supervisors', 'bin', 'test', 'bench', 'examples', 'scripts'];
const FILES = ['package.json', 'tsconfig.json', '.npmrc'];

test(
  'npm start builds a clean clone and runs it, and SIGTERM to npm stops the node',
  { timeout: 120_000 },
  async (t) => {
    const clone = mkdtempSync(join(tmpdir(), 'bondy-clone-'));
    t.after(() => rmSync(clone, { recursive: true, force: true }));
    for (const name of [...SOURCES, ...FILES]) {
      cpSync(join(PROJECT_ROOT, name), join(clone, name), { recursive: true });
    }
    symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(clone, 'node_modules'));
    const settings = [...FREE_PORTS, '--set', 'log.format=json'];
    const child = spawn('npm', ['start', '--', ...settings], {
      cwd: clone,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let pid: number | undefined;
    t.after(() => {
      if (pid !== undefined && existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
    });
    const closed = once(child, 'close'); // the pipe closes when the node is gone, not when npm is
    const events: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('{')) continue;
      const { event, pid: started } = JSON.parse(line) as { event: string; pid?: number };
      events.push(event);
      if (event !== 'node_started') continue;
      pid = started;
      child.kill('SIGTERM');
    }
    await closed;
    assert.equal(events.at(-1), 'node_stopped');
  },
);
