/** `npm start`, whose npm and shell stand between the signal and the node. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { PROJECT_ROOT } from '../support/project.ts';
import { FREE_PORTS } from './support.ts';

const isBuilt = existsSync(join(PROJECT_ROOT, 'dist', 'bin', 'bondy.js'));

test(
  'SIGTERM to npm start stops the node',
  { skip: !isBuilt && 'no build', timeout: 60_000 },
  async (t) => {
    // Without prestart: the build is there, and other tests are using it.
    const settings = [...FREE_PORTS, '--set', 'log.format=json'];
    const child = spawn('npm', ['start', '--ignore-scripts', '--', ...settings], {
      cwd: PROJECT_ROOT,
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
