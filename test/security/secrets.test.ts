/**
 * A node, as a process that says all it can say, sees every kind of secret, right and wrong: none of them is in what it
 * writes, shows or answers, or in what is known of a crash. And names that would forge a line of its log do not.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Dict } from '../../runtime/wamp/message.ts';
import { ask, enter as enterAs } from '../management/support.ts';
import * as wamp from '../support/codes.ts';
import { PROJECT_ROOT } from '../support/project.ts';
import type { Urls } from '../support/raw-client.ts';
import { dict } from '../support/raw-client.ts';
import { Issuer } from './issuer.ts';
import { find, killed } from '../supervisors/support.ts';
import { startTestNode } from '../support/start.ts';
import { KILLED } from '../../runtime/kernel/actor.ts';
import {
  connect,
  hello,
  KEY,
  PASSWORD,
  PROOFS,
  put,
  scratch,
  SHOP,
  shopRecords,
  UNHURRIED,
} from './shop.ts';

const SECRETS = {
  admin: 'admin-Secret-7Kq2',
  user: 'user-Secret-9Xw4',
  changed: 'changed-Secret-3Vb8',
  wrong: 'wrong-Secret-5Tn6',
  ticket: 'ticket-Secret-8Hm1',
  keyFile: 'key-file-Secret-2Rd5'.repeat(3),
};

interface Running {
  readonly urls: Urls;
  readonly admin: string;
  readonly directory: string;
  readonly child: ChildProcess;
  said(): string;
}

async function start(t: TestContext): Promise<Running> {
  const directory = scratch(t);
  const keyFile = join(directory, 'key');
  writeFileSync(keyFile, SECRETS.keyFile, { mode: 0o600 });
  const settings: Readonly<Record<string, string>> = {
    ...UNHURRIED,
    'api_gateway.http.port': '0',
    'wamp.tcp.port': '0',
    'admin_api.http.port': '0',
    'log.level': 'debug',
    'log.format': 'json',
    'store.data_dir': join(directory, 'data'),
    'store.engine': 'leveldb',
    'security.admin.password': SECRETS.admin,
    'security.key_file': keyFile,
    'security.audit.file': join(directory, 'audit.log'),
    'realms.static1.authmethods': 'ticket',
    'realms.static1.users.alice.ticket': SECRETS.ticket,
  };
  const isSource = extname(fileURLToPath(import.meta.url)) === '.ts';
  const program = isSource ? ['--import', 'tsx', 'bin/bondy.ts'] : ['dist/bin/bondy.js'];
  const flags = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const child = spawn(process.execPath, [...program, 'start', ...flags], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const addresses = await new Promise<Readonly<Record<string, string>>>((resolve, reject) => {
    child.on('exit', () => reject(new Error(text)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      text += `${line}\n`;
      const entry = JSON.parse(line) as {
        event?: string;
        addresses?: { name: string; url: string }[];
      };
      if (entry.event !== 'node_started') return;
      resolve(Object.fromEntries(entry.addresses!.map(({ name, url }) => [name, url])));
    });
  });
  return {
    urls: { websocket: addresses['api_gateway.http']!, rawsocket: addresses['wamp.tcp']! },
    admin: addresses['admin']!,
    directory,
    child,
    said: () => text,
  };
}

const FORGED = 'alice\n{"level":"error","event":"forged_line"}\u001b[2J\r\u2028forged_line';

test('what a node says and keeps in files names no secret, and no line of it is forged', async (t) => {
  const node = await start(t);
  const seen: string[] = Object.values(SECRETS);
  const admin = await enterAs(t, node.urls, 'com.leapsight.bondy', 'admin', SECRETS.admin);
  const issuer = new Issuer();
  const { privateKey: realmKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwt = issuer.token();
  seen.push(jwt, jwt.split('.')[2]!);
  await ask(admin, 'bondy.realm.create', {
    uri: SHOP,
    authmethods: ['password', 'wampcra', 'wamp-scram', 'cryptosign', 'oauth2'],
    users: [
      { username: 'alice', password: SECRETS.user, authorized_keys: [KEY] },
      { username: 'bobby', password: SECRETS.user },
    ],
    sources: [{ usernames: 'all', authmethod: 'password' }],
    info: { oauth2: { issuer: 'https://issuer.example', audience: 'x', jwks: issuer.keySet } },
    private_keys: [realmKey.export({ format: 'pem', type: 'pkcs8' })],
  });
  const { d: hidden, x: shown } = realmKey.export({ format: 'jwk' });
  seen.push(hidden!);
  const answers: unknown[] = [];

  const prove = async (method: string, signature?: string, authid = 'alice'): Promise<void> => {
    const client = await connect(t, node);
    const { authextra, prove: proof } = PROOFS[method] ?? {};
    const answer = await hello(client, {
      realm: method === 'ticket' ? 'static1' : SHOP,
      methods: [method],
      authid,
      ...(authextra && { authextra }),
    });
    answers.push(answer);
    if (answer[0] !== wamp.CHALLENGE) return;
    const extra = dict(answer[2]) as Dict;
    const made = signature ?? proof!(extra, authid).signature;
    if (method !== 'password' && made.length > 20) seen.push(made);
    client.send([wamp.AUTHENTICATE, made, { nonce: extra['nonce'] ?? '', note: SECRETS.wrong }]);
    answers.push(await client.next());
    client.destroy();
  };
  await prove('password', SECRETS.user);
  await prove('password', SECRETS.wrong);
  await prove('password', SECRETS.user, FORGED);
  await prove('ticket', SECRETS.ticket);
  await prove('ticket', SECRETS.wrong);
  await prove('oauth2', jwt);
  for (const method of ['wampcra', 'wamp-scram', 'cryptosign']) await prove(method);

  // Mistakes with secrets in them: wrong places, wrong types, wrong words.
  for (const [uri, ...args] of [
    ['bondy.user.change_password', SHOP, 'alice', SECRETS.changed, SECRETS.wrong],
    ['bondy.user.change_password', SHOP, 'bobby', SECRETS.changed],
    ['bondy.user.add', SHOP, { username: 'carol', pasword: SECRETS.wrong }],
    ['bondy.user.add', SHOP, { username: 'carol', password: [SECRETS.wrong] }],
    ['bondy.user.update', SHOP, 'alice', { password: { type: 'password', data: SECRETS.wrong } }],
    ['bondy.user.add', SHOP, { username: FORGED, password: SECRETS.wrong }],
    ['bondy.realm.create', { uri: FORGED }],
  ] as const) {
    admin.request(wamp.CALL, {}, uri, args);
    answers.push(await admin.next(uri, 10_000));
  }
  const basic = (secret: string): object => {
    const given = `Basic ${Buffer.from(`admin:${secret}`).toString('base64')}`;
    seen.push(given.slice(6));
    return { headers: { authorization: given } };
  };
  for (const [path, secret] of [
    ['realms', SECRETS.admin],
    ['realms', SECRETS.wrong],
    [`realms?token=${SECRETS.wrong}`, SECRETS.wrong],
    [`realms/${encodeURIComponent(FORGED)}`, SECRETS.admin],
  ] as const) {
    answers.push(await (await fetch(`${node.admin}${path}`, basic(secret))).text());
  }
  const token = readFileSync(join(node.directory, 'data', 'operator.token'), 'utf8').trim();
  const unknown = readFileSync(join(node.directory, 'key'), 'utf8');
  seen.push(token, unknown);
  const operator = { headers: { authorization: `Bearer ${token}` } };
  for (const path of ['tree', 'metrics', 'config', 'crashes', 'audit', 'ready']) {
    answers.push(await (await fetch(`${node.admin}${path}`, operator)).text());
  }
  // Bytes that are no message, with a secret in them.
  const broken = await connect(t, node);
  broken.sendBytes(Buffer.from(`\u0093${SECRETS.wrong}`));
  answers.push(await broken.next());

  const ended = once(node.child, 'exit');
  node.child.kill('SIGTERM');
  await ended;
  const audit = readdirSync(node.directory)
    .filter((name) => name.startsWith('audit'))
    .map((name) => readFileSync(join(node.directory, name), 'utf8'));
  assert(audit.length > 0 && audit.join('').length > 500, 'the audit log has been written');
  const kept = readdirSync(join(node.directory, 'data'), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name !== 'operator.token')
    .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'))
    .join('');
  for (const known of ['bobby', shown!]) assert(kept.includes(known), 'what is no secret is there');
  for (const secret of [...Object.values(SECRETS), hidden!]) {
    assert(!kept.includes(secret), `${secret} is in the data directory`);
  }
  const output = node.said();
  assert(output.includes('node_started'));
  const told = JSON.stringify(answers);
  for (const secret of seen) {
    for (const [where, text] of Object.entries({ output, told, audit: audit.join('\n') })) {
      const spellings = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
      for (const each of spellings) assert(!text.includes(each), `${each} is in ${where}`);
    }
  }
  for (const text of [output, ...audit]) {
    for (const line of text.split('\n').filter((each) => each !== '')) {
      assert.doesNotMatch(line, /^\{"level":"error","event":"forged_line"/);
      assert.doesNotMatch(line, /[\u0000-\u001f\u2028]/, 'control characters are escaped');
      assert.equal(typeof JSON.parse(line), 'object');
    }
  }
});

test('what is known of a crash names no secret of who was in it', async (t) => {
  const node = await startTestNode({ ...UNHURRIED, 'shutdown.grace_period': '100ms' });
  t.after(() => node.stop());
  await put(node, await shopRecords());
  const clients = await Promise.all(Array.from({ length: 5 }, () => connect(t, node)));
  for (const client of clients) {
    await hello(client, { methods: ['password'] });
    client.send([wamp.AUTHENTICATE, PASSWORD, { more: SECRETS.wrong }]);
  }
  const sessions = find(node.kernel, 'bondy/sessions')?.children ?? [];
  assert(sessions.length > 0);
  for (const { path } of sessions) node.kernel.exit(path, KILLED);
  for (const part of ['policy', 'writer']) await killed(node.kernel, `bondy/security/${part}`);
  const known = JSON.stringify([node.kernel.crashes(), node.kernel.tree()]);
  assert(node.kernel.crashes().length > 0);
  for (const secret of [PASSWORD, SECRETS.wrong, KEY]) assert(!known.includes(secret));
});
