/** `bondy config` and what every command does with a wrong configuration or a wrong command line. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { PROJECT_ROOT } from '../support/project.ts';
import { bondy, temporaryFolder } from './support.ts';

const packageJson = join(PROJECT_ROOT, 'package.json');
const { version } = JSON.parse(readFileSync(packageJson, 'utf8')) as { version: string };

describe('bondy', { concurrency: 2, timeout: 120_000 }, () => {
  test('--version prints the version of the package', async () => {
    const { status, stdout } = await bondy(['--version']);
    assert.deepEqual([status, stdout], [0, `${version}\n`]);
  });

  test('--help lists the commands', async () => {
    const { status, stdout } = await bondy(['--help']);
    assert.equal(status, 0);
    for (const command of ['start', 'tree', 'config'])
      assert.match(stdout, new RegExp(`\\b${command}\\b`));
  });

  test('refuses a command it does not know and proposes the nearest', async () => {
    const { status, stderr } = await bondy(['strat']);
    assert.equal(status, 2);
    assert.match(stderr, /Did you mean start\?/);
  });

  test('config check finds nothing wrong with no configuration at all', async () => {
    const { status, stdout, stderr } = await bondy(['config', 'check']);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /is fine: 0 settings given/);
  });

  test('config check and start list every mistake on standard error and end with 1', async (t) => {
    const file = join(temporaryFolder(t), 'bondy.conf');
    writeFileSync(file, 'log.level = loud\nwamp.call_timout = 10s\nwamp.tcp.port = 99999\n');
    const environment = { BONDY_SHUTDOWN__GRACE_PERIOD: 'soon' };
    for (const command of [['config', 'check'], ['start']]) {
      const { status, stdout, stderr } = await bondy([...command, '--config', file], {
        environment,
      });
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, /has 4 mistakes:/);
      assert.ok(stderr.includes(`${file}:1: log.level: "loud"`), stderr);
      assert.ok(stderr.includes(`${file}:2: wamp.call_timout: no such key`), stderr);
      assert.ok(stderr.includes('Did you mean wamp.call_timeout?'), stderr);
      assert.ok(stderr.includes(`${file}:3: wamp.tcp.port: 99999 is too high`), stderr);
      assert.ok(
        stderr.includes('BONDY_SHUTDOWN__GRACE_PERIOD: shutdown.grace_period: "soon"'),
        stderr,
      );
    }
  });

  test('config show says where each setting comes from and blanks secrets', async (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 'bondy.conf');
    writeFileSync(join(folder, 'ticket'), 'hunter2\n');
    writeFileSync(
      file,
      'realms.shop.authmethods = ticket\nrealms.shop.users.joe.ticket_file = ticket\n',
    );
    const environment = { BONDY_CONFIG: file, BONDY_LOG__LEVEL: 'debug' };
    const args = ['config', 'show', '--set', 'wamp.call_timeout=90s'];
    const { status, stdout, stderr } = await bondy(args, { environment });
    assert.deepEqual([status, stderr], [0, '']);
    assert.ok(stdout.includes('log.level = debug  # BONDY_LOG__LEVEL\n'), stdout);
    assert.ok(stdout.includes('wamp.call_timeout = 90s  # --set wamp.call_timeout\n'), stdout);
    assert.ok(stdout.includes(`realms.shop.users.joe.ticket = [secret]  # ${file}:2\n`), stdout);
    assert.ok(stdout.includes('wamp.max_depth = 64\n'), stdout);
    assert.doesNotMatch(stdout, /hunter2/);
  });

  test('a configuration file that is not there is a mistake', async () => {
    const { status, stderr } = await bondy(['config', 'check', '-c', '/nowhere/bondy.conf']);
    assert.equal(status, 1);
    assert.match(stderr, /"\/nowhere\/bondy\.conf" cannot be read/);
  });

  for (const [command, name] of [
    ['docs', 'docs/configuration.md'],
    ['example', 'bondy.conf.example'],
  ] as const) {
    test(`config ${command} prints what ${name} holds`, async () => {
      const { status, stdout } = await bondy(['config', command]);
      assert.equal(status, 0);
      const kept = readFileSync(join(PROJECT_ROOT, name), 'utf8');
      assert.equal(stdout, kept, `write it anew: bondy config ${command} > ${name}`);
    });
  }
});
