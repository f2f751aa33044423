/** `bondy start` as an operating system sees it: ports, signals, exit statuses. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { PROJECT_ROOT } from '../support/project.ts';
import { bondy, FREE_PORTS, Running, runNode, temporaryFolder } from './support.ts';
import type { TestContextLike } from './support.ts';

const NODE_MODULES = join(PROJECT_ROOT, 'node_modules');

/** A RawSocket client with a session that never answers anything. */
async function silentSession(t: TestContextLike, url: string): Promise<Socket> {
  const { hostname, port } = new URL(url.replace('rs:', 'http:'));
  const socket = connect(Number(port), hostname);
  t.after(() => void socket.destroy());
  const hello = Buffer.from('[1,"realm1",{"roles":{"caller":{}}}]');
  socket.write(Buffer.from([0x7f, 0xf1, 0, 0, 0, 0, 0, hello.length]));
  socket.write(hello);
  let received = Buffer.alloc(0);
  while (!received.includes('[2,')) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    received = Buffer.concat([received, chunk]);
  }
  return socket;
}

describe('bondy start', { concurrency: 2, timeout: 120_000 }, () => {
  test('ends with 0 on SIGTERM, and says GOODBYE to sessions', async (t) => {
    const node = runNode(t);
    const socket = await silentSession(t, (await node.urls()).get('wamp.tcp') ?? '');
    node.kill('SIGTERM');
    const [frame] = (await once(socket, 'data')) as [Buffer];
    assert.match(frame.toString(), /\[6,\{.*\},"wamp\.close\.system_shutdown"\]/);
    const { status, signal, stderr } = await node.finished;
    assert.deepEqual([status, signal, stderr], [0, null, '']);
    await node.event('node_stopped');
  });

  test('ends with 1 at once on a second signal', async (t) => {
    const node = runNode(t, [
      '--set',
      'wamp.goodbye_timeout=1h',
      '--set',
      'shutdown.grace_period=1h',
    ]);
    await silentSession(t, (await node.urls()).get('wamp.tcp') ?? '');
    node.kill('SIGINT');
    await node.event('node_stopping');
    node.kill('SIGTERM');
    assert.equal((await node.finished).status, 1);
  });

  test('ends with 1 and a sentence naming port and key when a port is taken', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    for (const key of ['wamp.tcp.port', 'api_gateway.http.port', 'admin_api.http.port']) {
      const others = ['wamp.tcp.port', 'api_gateway.http.port', 'admin_api.http.port']
        .filter((other) => other !== key)
        .flatMap((other) => ['--set', `${other}=0`]);
      const { status, stderr } = await bondy(['start', ...others, '--set', `${key}=${port}`]);
      assert.equal(status, 1);
      assert.match(
        stderr,
        new RegExp(`^bondy cannot start: .*port ${port}\\b.*${key.replaceAll('.', '\\.')}`, 'm'),
      );
    }
  });

  test('ends with 70 when a promise is rejected that nobody waits for', async (t) => {
    const mistake = `process.once('SIGUSR2', () => Promise.reject(new Error('our own mistake')))`;
    const node = runNode(t, [], {
      imports: [`data:text/javascript,${encodeURIComponent(mistake)}`],
    });
    await node.urls();
    node.kill('SIGUSR2');
    assert.equal((await node.finished).status, 70);
    const { error } = await node.event('unhandled_rejection');
    assert.equal((error as { message: string }).message, 'our own mistake');
  });

  test('reads the configuration again on SIGHUP, and keeps the old one when it has mistakes', async (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 'bondy.conf');
    writeFileSync(file, 'log.level = info\n');
    const node = runNode(t, ['--config', file]);
    await node.urls();
    writeFileSync(file, 'log.level = loud\n');
    node.kill('SIGHUP');
    const { mistakes } = await node.event('configuration_refused');
    assert.match(JSON.stringify(mistakes), /bondy\.conf:1/);
    writeFileSync(file, 'log.level = debug\nnode.name = other\nwamp.tcp.max_connections = 5\n');
    node.kill('SIGHUP');
    const { settings } = await node.event('restart_needed');
    assert.deepEqual(settings, ['node.name']);
    await node.event('configuration_reloaded');
    node.kill('SIGTERM');
    assert.equal((await node.finished).status, 0);
  });

  test('opens its log file anew on SIGHUP', async (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 'bondy.log');
    const node = new Running(['start', ...FREE_PORTS, '--set', `log.file=${file}`], {});
    t.after(() => node.end());
    await node.output('is ready');
    renameSync(file, `${file}.1`);
    node.kill('SIGHUP');
    node.kill('SIGTERM');
    assert.equal((await node.finished).status, 0);
    assert.match(readFileSync(`${file}.1`, 'utf8'), /node_started/);
    assert.match(readFileSync(file, 'utf8'), /node_stopped/);
  });

  test('prints a program that works when it is copied', async (t) => {
    const folder = temporaryFolder(t);
    const node = new Running(['start', ...FREE_PORTS], {});
    t.after(() => node.end());
    await node.output('Ctrl-C stops.');
    const [program] = /^ {2}import autobahn[^]*?connection\.open\(\);$/m.exec(node.stdout) ?? [];
    assert.ok(program !== undefined, node.stdout);
    symlinkSync(NODE_MODULES, join(folder, 'node_modules'));
    const file = join(folder, 'hello.mjs');
    writeFileSync(file, program);
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => void child.kill('SIGKILL'));
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    const [status] = (await once(child, 'close')) as [number];
    assert.deepEqual([status, printed], [0, '5\n']);
  });
});
