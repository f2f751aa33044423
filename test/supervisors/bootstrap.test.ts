/** The bootstrap file on whole nodes: a file of Bondy loads, a second start changes nothing, mistakes change nothing. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, it } from 'node:test';
import type { Logger, LogLevel } from '../../runtime/log/logger.ts';
import { nodeFiles } from '../../runtime/config/node-files.ts';
import { loadNodeConfig } from '../../supervisors/config.ts';
import { startNode } from '../../supervisors/node.ts';
import { PROJECT_ROOT } from '../support/project.ts';
import { scratch } from '../support/scratch.ts';

const FIXTURE = join(PROJECT_ROOT, 'test', 'fixtures', 'bondy-security.json');
const ENVIRONMENT = { BILLING_PASSWORD: 'a long password' };

/** Logs of a start, which is stopped again at once. */
async function start(
  directory: string,
  file: string,
  environment: Readonly<Record<string, string>> = ENVIRONMENT,
) {
  const logs: Record<string, unknown>[] = [];
  const log = (level: LogLevel, event: string, fields: object = {}): void =>
    void logs.push({ level, event, ...fields });
  const settings = {
    'node.name': 'bondy@here',
    'api_gateway.http.port': '0',
    'wamp.tcp.port': '0',
    'admin_api.http.enabled': 'off',
    'store.data_dir': directory,
    'store.engine': 'leveldb',
    'store.partitions': '2',
    'security.config_file': file,
    'security.audit.file': join(directory, 'audit.log'),
  };
  const { config, mistakes } = loadNodeConfig({
    file: undefined,
    environment,
    flags: Object.entries(settings).map(([key, value]) => `${key}=${value}`),
    workingDirectory: '.',
    files: nodeFiles,
  });
  assert.deepEqual(mistakes, []);
  const logger: Logger = {
    isDebugEnabled: true,
    isEnabled: () => true,
    log,
    debug: (event: string, fields?: object) => log('debug', event, fields),
    info: (event: string, fields?: object) => log('info', event, fields),
    warn: (event: string, fields?: object) => log('warn', event, fields),
    error: (event: string, fields?: object) => log('error', event, fields),
  };
  const node = await startNode(config, logger);
  await node.stop();
  return logs.find(({ event }) => event === 'bootstrap_file') as {
    readonly realms: number;
    readonly changes: number;
  };
}

function edited(t: TestContext, edit: (realms: Record<string, unknown>[]) => void): string {
  const realms = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Record<string, unknown>[];
  edit(realms);
  const file = join(scratch(t), 'security.json');
  writeFileSync(file, JSON.stringify(realms));
  return file;
}

describe('a bootstrap file', () => {
  it('as Bondy has it is applied; a second start writes nothing, and one with a change only that', async (t) => {
    const directory = join(scratch(t), 'data');
    const first = await start(directory, FIXTURE);
    assert.equal(first.realms, 3);
    assert(first.changes > 20, `${first.changes}`);
    assert.equal((await start(directory, FIXTURE)).changes, 0);
    const more = edited(t, (realms) => {
      (realms[0]!['groups'] as object[]).push({ name: 'guests' });
    });
    assert.equal((await start(directory, more)).changes, 1);
    // Another password is one row, too.
    const other = { BILLING_PASSWORD: 'another long password' };
    assert.equal((await start(directory, more, other)).changes, 1);
    assert.equal((await start(directory, more, other)).changes, 0);
    const audited = readFileSync(join(directory, 'audit.log'), 'utf8');
    assert.equal(audited.match(/"what":"bootstrap"/g)?.length, 3);
    assert.doesNotMatch(audited, /password/);
  });

  it('brings password objects of Bondy once: for a user that has a password already they say nothing', async (t) => {
    const directory = join(scratch(t), 'data');
    const base64 = (bytes: number, fill: number): string => {
      return Buffer.alloc(bytes, fill).toString('base64');
    };
    const params = {
      ...{ kdf: 'pbkdf2', iterations: 10_000 },
      ...{ hash_function: 'sha256', hash_length: 32, salt_length: 16 },
    };
    const moved = (key: string): string =>
      edited(t, (realms) => {
        const data = { salt: base64(16, 1), salted_password: key };
        const password = { type: 'password', version: '1.2', protocol: 'cra', params, data };
        (realms[0]!['users'] as object[]).push({ username: 'moved', password });
      });
    const { changes } = await start(directory, FIXTURE);
    assert(changes > 20);
    assert.equal((await start(directory, moved(base64(32, 2)))).changes, 1);
    assert.equal((await start(directory, moved(base64(32, 2)))).changes, 0);
    // As if the user had chosen another one meanwhile.
    assert.equal((await start(directory, moved(base64(32, 3)))).changes, 0);
    await assert.rejects(
      start(directory, moved('c2hvcnQ=')),
      /\[0\]\.users\[3\]\.password\.data\.salted_password: must be 32 bytes/,
    );
  });

  it('with mistakes ends the start with all of them, and nothing of it is stored', async (t) => {
    const directory = join(scratch(t), 'data');
    const wrong = edited(t, (realms) => {
      realms[2]!['grants'] = [{ permissions: ['wamp.call'], roles: ['nobody_knows'], uri: '*' }];
      (realms[0]!['users'] as Record<string, unknown>[])[0]!['groups'] = ['services', 'nowhere'];
      (realms[0]!['sources'] as Record<string, unknown>[])[0]!['cidr'] = '127.0.0.0/99';
    });
    await assert.rejects(start(directory, wrong), (error: Error) => {
      assert.match(error.message, /was not applied, because it has mistakes/);
      assert.match(error.message, /\[0\]\.users\[0\]\.groups\[1\]: there is no group nowhere/);
      assert.match(error.message, /\[0\]\.sources\[0\]\.cidr: /);
      assert.match(error.message, /\[2\]\.grants\[0\]\.roles/);
      return true;
    });
    // All of it is still to be done.
    const { changes } = await start(directory, FIXTURE);
    const fresh = await start(join(scratch(t), 'data'), FIXTURE);
    assert.equal(changes, fresh.changes);
  });

  it('that is missing, or names a variable that is, ends the start with a sentence', async (t) => {
    const directory = scratch(t);
    await assert.rejects(start(join(directory, 'a'), join(directory, 'none.json')), /ENOENT/);
    await assert.rejects(
      start(join(directory, 'b'), FIXTURE, {}),
      // For the operator: without the supervisors that it ended.
      /^Error: security\.config_file .*:\n {2}\[0\]\.users\[0\]\.password: the environment has no variable BILLING_PASSWORD/,
    );
  });
});
