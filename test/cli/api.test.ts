/** `bondy realm`, `user` and the like, and `bondy init`: processes against a process, as an operator runs them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RawClient } from '../support/raw-client.ts';
import { scratch } from '../support/scratch.ts';
import type { Finished } from './support.ts';
import { bondy, runNode } from './support.ts';

const PASSWORD = 'correct horse battery';
const cleanUps: (() => void | Promise<void>)[] = [];
const file = { after: (cleanUp: () => void | Promise<void>) => void cleanUps.push(cleanUp) };
after(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

let url = '';
let rawsocket = '';
let dir = '';
before(async () => {
  dir = scratch(file as never);
  writeFileSync(join(dir, 'password'), `${PASSWORD}\n`);
  writeFileSync(join(dir, 'wrong'), 'not it\n');
  const settings = ['--set', `security.admin.password=@file:${join(dir, 'password')}`];
  const started = await runNode(file, settings).event('node_started');
  const addresses = started['addresses'] as { name: string; url: string }[];
  const urlOf = (name: string): string => addresses.find((each) => each.name === name)!.url;
  [url, rawsocket] = [urlOf('admin'), urlOf('wamp.tcp')];
});

const run = (...args: string[]): Promise<Finished> =>
  bondy([...args, '--url', url, '--user', 'admin', '--password-file', join(dir, 'password')]);

async function done(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(...args);
  assert.deepEqual([status, stderr], [0, ''], args.join(' '));
  return stdout;
}

async function refused(status: number, words: RegExp, ...args: string[]): Promise<void> {
  const finished = await run(...args);
  assert.equal(finished.status, status, finished.stderr);
  assert.match(finished.stderr, words);
  assert.equal(finished.stdout, '');
}

describe('the commands of the admin API', () => {
  test('make a realm with users and grants, show it, and delete it', async () => {
    const realm = 'com.example.cli';
    await done('realm', 'add', realm, '--authmethod', 'password', '--authmethod', 'ticket');
    for (const group of ['devs', 'ops']) await done('group', 'add', realm, group);
    writeFileSync(join(dir, 'new'), 'secret-99');
    await done(
      'user',
      'add',
      '--group',
      'devs',
      realm,
      '--group',
      'ops',
      'user1',
      '--new-password-file',
      join(dir, 'new'),
    );
    const grant = [
      '--permission',
      'wamp.call',
      '--role',
      'devs',
      '--uri',
      'com.a.',
      '--match',
      'prefix',
    ];
    await done('grant', 'add', realm, ...grant);
    await done('source', 'add', realm, '--all', '--method', 'password');
    assert.match(await done('user', 'list', realm), /^USERNAME .*\nuser1 +true +devs, ops +true/);
    const users = JSON.parse(await done('user', 'list', realm, '--json')) as { username: string }[];
    assert.deepEqual(
      users.map(({ username }) => username),
      ['user1'],
    );
    assert.match(
      await done('grant', 'list', realm),
      /group\/devs +wamp\.call +uri=com\.a\. match=prefix/,
    );
    const question = ['--permission', 'wamp.call', '--resource', 'com.a.b'];
    assert.match(await done('user', 'explain', realm, 'user1', ...question), /allowed +true/);
    const other = ['--permission', 'wamp.call', '--resource', 'org.b'];
    await done('grant', 'add', realm, '--role', 'user1', '--permission', 'wamp.call', '--uri', 'x');
    assert.match(
      await done('user', 'explain', realm, 'user1', ...other),
      /\nsteps +realm=\S+ role=.*\n +realm=\S+ role=/,
    );
    await done('grant', 'delete', realm, ...grant);
    assert.match(await done('user', 'explain', realm, 'user1', ...question), /reason +no_grant/);
    await done('user', 'add', realm, 'user2');
    const page = await run('user', 'list', realm, '--limit', '1', '--json');
    assert.equal((JSON.parse(page.stdout) as unknown[]).length, 1);
    assert.equal(page.stderr, 'There are more: --after user1\n');
    const rest = await done('user', 'list', realm, '--limit', '1', '--after', 'user1');
    assert.match(rest, /^USERNAME .*\nuser2 .*\n$/);
    await done('user', 'disable', realm, 'user1');
    assert.match(await done('user', 'get', realm, 'user1'), /enabled +false/);
    assert.equal(await done('session', 'list', realm), 'There are none.\n');
    await refused(1, /has users/, 'realm', 'delete', realm);
    assert.equal(await done('realm', 'delete', realm, '--force'), 'Done.\n');
  });

  test('list who is in a realm, and say what is there', async (t) => {
    const wire = { transport: 'rawsocket', serializer: 'cbor', batched: false } as const;
    const client = await RawClient.connect({ websocket: '', rawsocket }, wire);
    t.after(() => client.destroy());
    await client.join({}, 'realm1');
    await client.register('com.example.add');
    const [heading, row] = (await done('session', 'list', 'realm1')).split('\n');
    assert.match(heading!, /^SESSION +AUTHID +ROLE +METHOD +TRANSPORT +PEER +NODE +SINCE$/);
    const fields = row!.split(/  +/);
    assert.equal(fields[0], String(client.session));
    assert.deepEqual(fields.slice(2, 5), ['anonymous', 'anonymous', 'rawsocket']);
    assert.match(fields[5]!, /^127\.0\.0\.1:\d+$/);
    assert.match(fields[6]!, /^bondy@/);
    assert.match(fields[7]!, /^\d{4}-\d\d-\d\dT/);
    assert.equal(
      await done('session', 'list', 'realm1', '--search', 'nobody'),
      'There are none.\n',
    );
    assert.match(
      await done('registration', 'list', 'realm1'),
      /^ID +URI +MATCH +INVOKE +SINCE\n\d+ +com\.example\.add +exact +single +\d{4}-/,
    );
    assert.equal(await done('subscription', 'list', 'realm1'), 'There are none.\n');
  });

  test('are for whoever has a ticket, until it is revoked', async () => {
    const master = 'com.leapsight.bondy';
    await done('source', 'add', master, '--username', 'admin', '--method', 'ticket');
    const issued = JSON.parse(await done('ticket', 'issue', '--json')) as { ticket: string };
    const ticket = join(dir, 'ticket');
    writeFileSync(ticket, `${issued.ticket}\n`);
    const where = ['--url', url, '--token-file', ticket];
    const list = () => bondy(['realm', 'list', ...where]);
    assert.match((await list()).stdout, /com\.leapsight\.bondy/);
    assert.equal((await bondy(['store', 'check', ...where])).status, 0);
    const tickets = await done('ticket', 'list', master);
    assert.match(
      tickets,
      /^ID +AUTHID +KIND +CLIENT +DEVICE +ISSUED +EXPIRES\n[0-9a-f-]+ +admin +local +- +- +2\d{3}-/,
    );
    await done('ticket', 'revoke', master, '--ticket-file', ticket);
    assert.equal(await done('ticket', 'list', master), 'There are none.\n');
    const revoked = await list();
    assert.equal(revoked.status, 1);
    assert.match(revoked.stderr, /does not accept the token in [^]*Give --user NAME/);
  });

  test('take a document from a file, and tell a mistake in it with its path', async () => {
    const document = join(dir, 'realm.json');
    const users = [{ username: 'user1', groups: ['none'] }];
    writeFileSync(document, JSON.stringify({ users, limits: { max_sessions: 'many' } }));
    await refused(
      1,
      /limits\.max_sessions: must be/,
      'realm',
      'add',
      'com.example.bad',
      '--file',
      document,
    );
    writeFileSync(document, JSON.stringify({ users }));
    await refused(
      1,
      /users\[0\]\.groups\[0\]/,
      'realm',
      'add',
      'com.example.bad',
      '--file',
      document,
    );
    await refused(1, /there is no realm/, 'realm', 'get', 'com.example.bad');
    writeFileSync(document, '[');
    await refused(2, /cannot be read/, 'realm', 'add', 'com.example.bad', '--file', document);
  });

  test('end with 1 when the login is not valid, and with 2 when they are not understood', async () => {
    const wrong = ['--url', url, '--user', 'admin', '--password-file', join(dir, 'wrong')];
    const login = await bondy(['realm', 'list', ...wrong]);
    assert.equal(login.status, 1);
    assert.match(login.stderr, /not valid here now[^]*--user NAME/);
    assert.equal((await bondy(['realm', 'list', '--url', url])).status, 1);
    const nobody = await bondy(['realm', 'list', '--url', url, '--user', 'admin']);
    assert.match(nobody.stderr, /no terminal to ask at/);
    for (const args of [
      ['user', 'list'],
      ['user', 'ad', 'x'],
      ['user', 'list', 'r', '--password', 'x'],
    ]) {
      assert.equal((await bondy([...args, '--url', url])).status, 2, args.join(' '));
    }
    const gone = await bondy(['realm', 'list', '--url', 'http://127.0.0.1:1', '--user', 'a'], {
      environment: { BONDY_ADMIN_PASSWORD: 'x' },
    });
    assert.deepEqual([gone.status, /No node answers/.test(gone.stderr)], [1, true]);
  });
});

describe('bondy init', () => {
  test('writes a configuration that a node starts with, where nothing is open', async (t) => {
    const place = join(scratch(t), 'node');
    const made = await bondy(['init', '--dir', place]);
    assert.equal(made.status, 0, made.stderr);
    const password = /the password (\S+)/.exec(made.stdout)?.[1] ?? '';
    assert.equal(readFileSync(join(place, 'secrets/admin.password'), 'utf8'), `${password}\n`);
    assert(password.length >= 24);
    for (const path of [
      'bondy.conf',
      ...readdirSync(join(place, 'secrets')).map((name) => `secrets/${name}`),
    ]) {
      assert.equal(statSync(join(place, path)).mode & 0o777, 0o600, path);
    }
    const conf = ['-c', join(place, 'bondy.conf')];
    const none = { environment: { BONDY_STORE__ENGINE: 'leveldb' } };
    const started = await runNode(t, conf, none).event('node_started');
    assert.deepEqual(started['realms'], []);
    const { url: own } = (started['addresses'] as { name: string; url: string }[]).find(
      ({ name }) => name === 'admin',
    )!;
    const there = ['--url', own, ...conf];
    assert.equal((await bondy(['realm', 'add', 'com.example.realm', ...there], none)).status, 0);
    const environment = { BONDY_ADMIN_PASSWORD: password };
    const listed = await bondy(['realm', 'list', '--url', own, '--user', 'admin'], { environment });
    assert.match(listed.stdout, /com\.example\.realm/);
  });

  test('leaves alone what is there', async (t) => {
    const place = scratch(t);
    writeFileSync(join(place, 'bondy.conf'), 'mine');
    const { status, stderr } = await bondy(['init', '--dir', place]);
    assert.equal(status, 1);
    assert.match(stderr, /bondy\.conf already: nothing was written/);
    assert.deepEqual(readdirSync(place), ['bondy.conf']);
    assert.equal(readFileSync(join(place, 'bondy.conf'), 'utf8'), 'mine');
  });
});
