/** The admin server over TLS: the same routes behind a certificate, which is exchanged while it runs. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { PeerCertificate } from 'node:tls';
import { connect } from 'node:tls';
import { ask, findNode } from '../../bin/ask-node.ts';
import type { Answer, NodeOptions } from '../../bin/ask-node.ts';
import { FIRST, SECOND } from '../support/certificates.ts';
import type { Certificate } from '../support/certificates.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { ADMIN } from './client.ts';

const directory = mkdtempSync(join(tmpdir(), 'bondy-admin-tls-'));
const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
const passwordFile = join(directory, 'password');
let node: NodeHandle;

function install({ cert, key }: Certificate): void {
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
}

before(async () => {
  install(FIRST);
  writeFileSync(passwordFile, ADMIN.password);
  node = await startTestNode({
    'security.admin.password': ADMIN.password,
    'admin_api.https.enabled': 'on',
    'admin_api.https.port': '0',
    'admin_api.https.certfile': certFile,
    'admin_api.https.keyfile': keyFile,
  });
});
after(async () => {
  await node.stop();
  rmSync(directory, { recursive: true });
  assert.deepEqual(node.crashes(), []);
});

const url = (): string => node.urlOf('admin_api.https');

/** As a command does that gets this option. */
async function list(options: NodeOptions = {}): Promise<Answer> {
  const who = { user: ADMIN.username, passwordFile, set: ['store.engine=memory'] };
  const found = await findNode({ ...who, url: url(), ...options });
  assert(typeof found !== 'string', String(found));
  return ask(found, { method: 'GET', path: '/realms', timeoutMs: 10_000 });
}

/** What a new connection is shown. */
function shown(): Promise<string> {
  const { hostname: host, port } = new URL(url());
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      const { subject }: PeerCertificate = socket.getPeerCertificate();
      resolve(String(subject.O));
      socket.destroy();
    }).on('error', reject);
  });
}

describe('the admin server over TLS', () => {
  test('answers who trusts its certificate, and is answered by nobody else', async () => {
    const caFile = join(directory, 'ca.pem');
    writeFileSync(caFile, FIRST.cert);
    const answer = await list({ caFile });
    assert(answer.kind === 'answered', JSON.stringify(answer));
    assert.match(answer.got.text, /com\.leapsight\.bondy/);
    assert.match(String(answer.got.headers['content-security-policy']), /default-src 'self'/);
    const refused = await list();
    assert(refused.kind === 'failed');
    assert.match(refused.problem, /is not trusted \(\w+\). Give --ca-file FILE/);
  });

  test('is found by who took TLS for none, or none for TLS', async () => {
    const plain = await list({ url: url().replace('https:', 'http:') });
    assert(plain.kind === 'failed');
    assert.match(plain.problem, /has closed the connection. If it is a port for TLS: --url https:/);
    const { port } = new URL(node.urls.websocket);
    const secure = await list({ url: `https://127.0.0.1:${port}` });
    assert(secure.kind === 'failed');
    assert.match(secure.problem, /does not speak TLS. Another address: --url http:/);
  });

  test('is the only one, where the other is off', () => {
    assert.equal(node.adminUrl, '');
  });

  test('shows a new certificate after a reload, and the old one when the new is none', async () => {
    assert.equal(await shown(), 'FIRST');
    install(SECOND);
    node.reload();
    await until(async () => (await shown()) === 'SECOND');
    install({ ...FIRST, key: 'no key' });
    node.reload();
    await until(async () => node.counter('admin_reloads_failed') === 1);
    assert.equal(await shown(), 'SECOND');
  });

  test('counts what is no TLS, and goes on', async () => {
    const { hostname: host, port } = new URL(url());
    const socket = connectTcp({ host, port: Number(port) });
    socket.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(async () => node.counter('admin_tls_errors') >= 1);
    socket.destroy();
    assert.equal(await shown(), 'SECOND');
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isSo())) {
    assert(performance.now() < deadline, 'it does not come');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
