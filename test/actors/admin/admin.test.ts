import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AdminConfig } from '../../../actors/admin/config.ts';
import { node, runAdmin, StagedKernel, type RunningAdmin } from './stage.ts';

const running: RunningAdmin[] = [];
after(() => running.forEach((admin) => admin.close()));

async function start(
  settings: Partial<AdminConfig> = {},
): Promise<{ admin: RunningAdmin; kernel: StagedKernel }> {
  const sessions = Array.from({ length: 500 }, (_, i) => node(`root/sessions/${i}`));
  const kernel = new StagedKernel(
    node('root', {
      children: [
        node('root/routing', { children: [node('root/routing/realm1', { handled: 3 })] }),
        node('root/sessions', { strategy: 'simple_one_for_one', children: sessions }),
      ],
    }),
  );
  const admin = await runAdmin(kernel.asKernel(), settings);
  running.push(admin);
  return { admin, kernel };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

function ask(
  { port }: RunningAdmin,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (text: string) => (body += text));
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Reads a stream until `isEnough`, then leaves. */
function follow(
  { port }: RunningAdmin,
  path: string,
  isEnough: (text: string) => boolean,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (more: string) => {
        text += more;
        if (!isEnough(text)) return;
        resolve(text);
        sent.destroy();
      });
      answer.on('error', reject);
      answer.on('end', () => reject(new Error(`ended early: ${text}`)));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('GET /ping answers 204, as does any other method', async () => {
  const { admin } = await start();
  assert.equal((await ask(admin, '/ping')).status, 204);
  assert.equal((await ask(admin, '/ping', {}, 'POST')).status, 204);
  assert.equal((await ask(admin, '/ping', {}, 'HEAD')).status, 204);
});

test('GET /ready says why the node is not ready', async () => {
  const { admin } = await start();
  assert.equal((await ask(admin, '/ready')).status, 204);
  admin.setReadiness({ ready: false, why: ['listeners are not open yet'] });
  const answer = await ask(admin, '/ready');
  assert.equal(answer.status, 503);
  assert.deepEqual(JSON.parse(answer.body), { ready: false, why: ['listeners are not open yet'] });
});

test('GET /metrics is Prometheus text', async () => {
  const { admin } = await start();
  admin.metrics.counters.count('calls', 2);
  const answer = await ask(admin, '/metrics');
  assert.match(answer.headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(answer.body, /^bondy_calls_total 2$/m);
});

test('a scrape that fails is a 500 without inner details, and logged', async () => {
  const { admin } = await start();
  admin.metrics.gauge('broken', 'Broken.', () => {
    throw new Error('the inner detail');
  });
  const answer = await ask(admin, '/metrics');
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.body, /inner detail/);
  assert.equal(admin.logged[0]?.event, 'admin_request_failed');
  assert.equal(admin.logged[0]?.fields['error'], 'the inner detail');
});

test('GET /tree is the tree, with a bounded number of children of a dynamic supervisor', async () => {
  const { admin } = await start();
  const tree = JSON.parse((await ask(admin, '/tree')).body);
  assert.equal(tree.children[0].children[0].path, 'root/routing/realm1');
  assert.equal(tree.children[1].children.length, 200);
  assert.equal(tree.children[1].childCount, 500);
});

test('GET /tree takes a depth and a number of children', async () => {
  const { admin } = await start();
  const flat = JSON.parse((await ask(admin, '/tree?depth=2')).body);
  assert.deepEqual(flat.children[0].children, []);
  const wide = JSON.parse((await ask(admin, '/tree?children=3')).body);
  assert.equal(wide.children[1].children.length, 3);
});

test('an impossible depth or number of children is refused with a sentence', async () => {
  const { admin } = await start({ maxChildLimit: 400 });
  for (const query of [
    'depth=0',
    'depth=x',
    'children=-1',
    'children=401',
    'children=1&children=2',
  ]) {
    const answer = await ask(admin, `/tree?${query}`);
    assert.equal(answer.status, 400, query);
    assert.match(JSON.parse(answer.body).message, /querystring\/(depth|children) must be/, query);
  }
});

test('GET /crashes lists the kept reports', async () => {
  const { admin, kernel } = await start();
  kernel.crash('root/routing/realm1', 'boom');
  const [report] = JSON.parse((await ask(admin, '/crashes')).body);
  assert.equal(report.path, 'root/routing/realm1');
});

test('an unknown path is 404, a known one with another method 405, both as JSON', async () => {
  const { admin } = await start();
  const unknown = await ask(admin, '/../../package.json');
  assert.equal(unknown.status, 404);
  assert.equal(JSON.parse(unknown.body).code, 'not_found');
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await ask(admin, '/tree', {}, method);
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers.allow, 'GET, HEAD');
  }
});

test('a body is not read and hurts nobody', async () => {
  const { admin } = await start();
  const answer = await new Promise<number>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': '100000' };
    const sent = request(
      { host: '127.0.0.1', port: admin.port, path: '/tree', method: 'POST', headers },
      (got) => {
        resolve(got.statusCode ?? 0);
        sent.destroy();
      },
    );
    sent.on('error', reject);
    sent.write('{"__proto__":');
  });
  assert.ok(answer === 405 || answer === 413, String(answer));
  assert.equal((await ask(admin, '/ping')).status, 204);
});

test('a path that is too long is refused', async () => {
  const { admin } = await start();
  assert.equal((await ask(admin, `/tree?x=${'a'.repeat(2_000)}`)).status, 414);
  assert.equal((await ask(admin, `/${'a'.repeat(20_000)}`)).status, 431);
});

test('a foreign Host and a foreign Origin are refused and counted', async () => {
  const { admin } = await start({ allowedHosts: ['bondy.example.org'] });
  const rebound = await ask(admin, '/tree', { host: 'evil.net' });
  assert.equal(rebound.status, 421);
  assert.equal(JSON.parse(rebound.body).code, 'unknown_host');
  assert.equal((await ask(admin, '/tree', { origin: 'http://evil.net' })).status, 403);
  assert.equal((await ask(admin, '/tree/events', { 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.equal((await ask(admin, '/tree', { host: 'bondy.example.org' })).status, 200);
  assert.equal(admin.metrics.counters.value('admin_unknown_host'), 1);
  assert.equal(admin.metrics.counters.value('admin_foreign_origin'), 2);
});

test('every answer forbids to be embedded, sniffed, stored or read by other pages', async () => {
  const { admin } = await start();
  for (const path of ['/', '/tree', '/nothing', '/tree?depth=x']) {
    const { headers } = await ask(admin, path);
    assert.match(String(headers['content-security-policy']), /default-src 'self'/, path);
    assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/, path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin', path);
    assert.equal(headers['access-control-allow-origin'], undefined, path);
  }
});

test('the page and every file it names are served', async () => {
  const { admin } = await start();
  const page = await ask(admin, '/');
  assert.match(page.headers['content-type'] ?? '', /^text\/html/);
  const wanted = [...page.body.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map(
    (match) => match[1] ?? '',
  );
  const script = await ask(admin, '/main.js');
  wanted.push(...[...script.body.matchAll(/from '\.(\/[^']+)'/g)].map((match) => match[1] ?? ''));
  assert.ok(wanted.length >= 8, wanted.join());
  for (const path of wanted) assert.equal((await ask(admin, path)).status, 200, path);
});

test('the stream starts with the whole tree and then tells changes', async () => {
  const { admin, kernel } = await start();
  let isChanged = false;
  const text = await follow(admin, '/tree/events?children=2', (so_far) => {
    if (!isChanged && so_far.includes('event: tree')) {
      isChanged = true;
      kernel.root = { ...kernel.root, restarts: 77 };
      kernel.change({ kind: 'started', path: 'root', pid: 2 });
    }
    return so_far.includes('"restarts":77');
  });
  assert.equal(text.match(/event: tree\n/g)?.length, 1);
  assert.match(text, /root\/sessions\/1"/);
  assert.doesNotMatch(text, /root\/sessions\/2"/);
});

test('a change of the tree is told before the next tick is due', async () => {
  const { admin, kernel } = await start({ tickMs: 60_000 });
  let isChanged = false;
  await follow(admin, '/tree/events', (so_far) => {
    if (!isChanged && so_far.includes('event: tree')) {
      isChanged = true;
      kernel.root = { ...kernel.root, restarts: 77 };
      kernel.change({ kind: 'started', path: 'root', pid: 2 });
    }
    return so_far.includes('"restarts":77');
  });
});

test('one follower too many is refused with a sentence, and there is room again when one leaves', async () => {
  const { admin } = await start({ maxStreams: 1 });
  let refused: Promise<Answer> | undefined;
  await follow(admin, '/tree/events', (text) => {
    if (text.includes('event: tree')) refused ??= ask(admin, '/tree/events');
    return text.includes('event: delta');
  });
  assert.equal((await refused)?.status, 503);
  assert.equal(admin.metrics.counters.value('admin_streams_refused'), 1);
  let text = '';
  for (let attempt = 0; attempt < 1_000 && !text.includes('event: tree'); attempt += 1) {
    text = await follow(admin, '/tree/events', () => true);
  }
  assert.match(text, /event: tree/);
});

test('garbage instead of HTTP is answered with 400 and the server lives on', async () => {
  const { admin } = await start();
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(admin.port, '127.0.0.1', () => socket.write('\x00\xff garbage\r\n\r\n'));
    let text = '';
    socket.on('data', (bytes) => (text += String(bytes)));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.equal((await ask(admin, '/ping')).status, 204);
});

test('a taken port is an error that names the port and the key', async () => {
  const { admin, kernel } = await start();
  await assert.rejects(
    runAdmin(kernel.asKernel(), { port: admin.port }),
    new RegExp(`port ${admin.port} on 127\\.0\\.0\\.1 is in use: set admin_api\\.http\\.port`),
  );
});

test('when the actor dies, its port is free at once and its streams are cut', async () => {
  const { admin, kernel } = await start();
  const cut = assert.rejects(
    follow(admin, '/tree/events', (text) => {
      if (text.includes('event: tree')) admin.close();
      return false;
    }),
  );
  await cut;
  const again = await runAdmin(kernel.asKernel(), { port: admin.port });
  running.push(again);
  assert.equal(again.port, admin.port);
  assert.equal(kernel.watchers.size, 0);
});
