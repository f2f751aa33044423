/** Attacks on the admin API: each is a case that must not get in, with and without credentials that a browser would send. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { ADMIN, as, basic, send } from './client.ts';

let node: NodeHandle;
let host: string;
before(async () => {
  node = await startTestNode({
    'admin_api.http.enabled': 'on',
    'admin_api.http.port': '0',
    'admin_api.http.max_body': '10KB',
    'admin_api.http.cors_origins': 'https://console.example.com',
    'security.admin.password': ADMIN.password,
  });
  host = new URL(node.adminUrl).host;
});
after(async () => {
  const { json } = await as(node.adminUrl).get('/realms');
  const crashes = node.crashes();
  await node.stop();
  assert.deepEqual((json as { uri: string }[]).map(({ uri }) => uri).sort(), [
    'com.leapsight.bondy',
    'realm1',
  ]);
  assert.deepEqual(crashes, []);
});

const REALM = { uri: 'com.example.evil' };

describe('a path that is written in another way', () => {
  const paths = [
    '//realms',
    '/./realms',
    '/tree/../realms',
    '/%2e/realms',
    '/realms/',
    '/REALMS',
    '/realms%00',
    '/realms;x=1',
    '/v1.0//realms',
    '/%72ealms%2f',
    '/\\realms',
  ];

  test('leads to nothing without a login', async () => {
    for (const path of [...paths, '/%72ealms', `http://${host}/realms`]) {
      const { status } = await send(node.adminUrl, 'GET', path);
      assert([400, 401, 404].includes(status), `${path} ${status}`);
    }
  });
});

describe('headers that say who or what somebody is', () => {
  test('change nothing', async () => {
    const tricks: readonly Readonly<Record<string, string>>[] = [
      { 'x-forwarded-for': '127.0.0.1' },
      { 'x-forwarded-user': 'admin' },
      { 'x-original-url': '/ping' },
      { 'x-rewrite-url': '/realms' },
      { 'x-authenticated-user': 'admin' },
      { cookie: 'authorization=admin' },
      { 'proxy-authorization': basic() },
      { authorization: 'Basic', 'x-authorization': basic() },
    ];
    for (const headers of tricks) {
      assert.equal(
        (await send(node.adminUrl, 'GET', '/realms', { headers })).status,
        401,
        JSON.stringify(headers),
      );
    }
  });

  test('make no other method of a method', async () => {
    for (const name of ['x-http-method-override', 'x-method-override', 'x-http-method']) {
      const headers = { authorization: basic(), [name]: 'DELETE' };
      const got = await send(node.adminUrl, 'GET', '/realms/realm1', { headers });
      assert.equal(got.status, 200);
      const posted = await send(node.adminUrl, 'POST', '/realms/realm1?_method=DELETE', {
        headers,
        body: {},
      });
      assert.equal(posted.status, 405);
    }
  });
});

describe('a page of somebody else', () => {
  test('is refused although the browser sends the password along', async () => {
    const foreign: readonly Readonly<Record<string, string>>[] = [
      { origin: 'https://evil.example.com' },
      { origin: 'null' },
      { origin: `http://${host}.evil.example.com` },
      { origin: 'https://console.example.com.evil.example.com' },
      { origin: 'https://console.example.com:444' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' },
    ];
    for (const each of foreign) {
      const headers = { authorization: basic(), ...each };
      for (const [method, path, body] of [
        ['GET', '/realms', undefined],
        ['POST', '/realms', REALM],
        ['DELETE', '/realms/realm1', undefined],
        ['OPTIONS', '/realms', undefined],
      ] as const) {
        const answered = await send(node.adminUrl, method, path, { headers, body });
        assert.equal(answered.status, 403, `${method} ${JSON.stringify(each)}`);
        assert.equal(answered.headers['access-control-allow-origin'], undefined);
      }
    }
  });

  test('cannot send what a form can send', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const headers = { authorization: basic(), 'content-type': type };
        const { status } = await send(node.adminUrl, method, '/realms', {
          headers,
          body: JSON.stringify(REALM),
        });
        assert([405, 415].includes(status), `${method} ${type} ${status}`);
      }
    }
    const empty = await send(node.adminUrl, 'POST', '/realms', {
      headers: { authorization: basic() },
    });
    assert.equal(empty.status, 415);
  });

  test('by a name that leads here is told that nothing is served under it', async () => {
    for (const name of ['evil.example.com', '127.0.0.1.evil.example.com', '127.0.0.1@evil']) {
      const { status } = await send(node.adminUrl, 'GET', '/realms', {
        headers: { authorization: basic(), host: name },
      });
      assert([400, 421].includes(status), `${name} ${status}`);
    }
    for (const line of ['Host:\r\n', '', 'Host: 127.0.0.1\r\nHost: evil.example.com\r\n']) {
      const head = await raw(`GET /realms HTTP/1.1\r\n${line}Authorization: ${basic()}\r\n\r\n`);
      assert.match(head, /^HTTP\/1\.1 4(00|21) /, line);
    }
  });

  test('of an origin that is allowed may ask, with a login of its own', async () => {
    const origin = 'https://console.example.com';
    const asked = {
      origin,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization',
    };
    const preflight = await send(node.adminUrl, 'OPTIONS', '/realms', { headers: asked });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers['access-control-allow-origin'], origin);
    assert.equal(preflight.headers['access-control-allow-credentials'], undefined);
    assert.equal(
      (await send(node.adminUrl, 'GET', '/realms', { headers: { origin } })).status,
      401,
    );
    const got = await send(node.adminUrl, 'GET', '/realms', {
      headers: { origin, authorization: basic() },
    });
    assert.deepEqual([got.status, got.headers['vary']], [200, 'origin']);
  });
});

describe('a body', () => {
  test('that is no JSON, or would change what objects are, is refused', async () => {
    const bodies = [
      '{',
      '',
      '{"uri": "com.example.evil", "__proto__": {"is_prototype": true}}',
      '{"uri": "com.example.evil", "meta": {"constructor": {"prototype": {"polluted": true}}}}',
      '[]',
      '"com example evil"',
      'null',
      '{"uri": 1e999}',
      `${'['.repeat(4_000)}${']'.repeat(4_000)}`,
      `{"uri":"com.example.evil","info":${'{"a":'.repeat(1_500)}1${'}'.repeat(1_500)}}`,
    ];
    for (const body of bodies) {
      const headers = { authorization: basic(), 'content-type': 'application/json' };
      const { status, text } = await send(node.adminUrl, 'POST', '/realms', { headers, body });
      assert.equal(status, 400, `${body.slice(0, 60)} ${text.slice(0, 200)}`);
    }
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  test('that is too long is refused, and before it is read when nobody logged in', async () => {
    const body = JSON.stringify({ uri: 'com.example.evil', description: 'x'.repeat(20_000) });
    const headers = { authorization: basic() };
    assert.equal(
      (await send(node.adminUrl, 'POST', '/realms', { headers, body: JSON.parse(body) })).status,
      413,
    );
    const head = await raw(
      `POST /realms HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n{`,
    );
    assert.match(head, /^HTTP\/1\.1 401 /);
  });

  test('of a request within a request is no request', async () => {
    const smuggled = `GET /realms HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${basic()}\r\n\r\n`;
    const head = await raw(
      `POST /realms HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    );
    assert.match(head, /^HTTP\/1\.1 400 /);
    assert.doesNotMatch(head, / 200 /);
  });
});

test('answers keep browsers from guessing, framing and keeping', async () => {
  for (const path of ['/realms', '/openapi.json', '/nothing']) {
    const { headers } = await as(node.adminUrl).get(path);
    assert.match(
      String(headers['content-security-policy']),
      /default-src 'self'.*frame-ancestors 'none'/,
    );
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.match(String(headers['content-type']), /^application\/json/);
  }
});

test('what is refused says nothing of the password, and neither does the answer', async () => {
  const secret = 'a-secret-that-nobody-sees';
  const user = { username: 'user1', password: secret, pasword: secret };
  const { text, status } = await as(node.adminUrl).post('/realms/realm1/users', user);
  assert.equal(status, 400);
  assert(!text.includes(secret), text);
});

/** Bytes as they are; what came back until nothing more comes. */
function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(node.adminUrl);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}
