/** Pages of others in the browser of somebody who can reach the node: by their own name, or by one that leads here. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { send } from '../admin-http/client.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';

let node: NodeHandle;
before(async () => {
  node = await startTestNode({ 'admin_api.http.enabled': 'on', 'admin_api.http.port': '0' });
});
after(() => node.stop());

function statusOf(headers: Readonly<Record<string, string>>): Promise<number> {
  const { origin, ...rest } = headers;
  const options = { headers: rest, ...(origin !== undefined && { origin }) };
  const socket = new WebSocket(node.urls.websocket, ['wamp.2.json'], options);
  return new Promise((resolve) => {
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', () => {});
  });
}

test('a name of theirs that leads here opens no WebSocket', async () => {
  const { port } = new URL(node.urls.websocket);
  for (const name of ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.example']) {
    for (const at of [name, `${name}:${port}`]) {
      assert.equal(await statusOf({ host: at, origin: `http://${at}` }), 403, at);
    }
  }
});

test('no spelling of an origin that is not allowed opens a WebSocket', async () => {
  for (const origin of [
    'http://localhost@evil.example',
    'http://evil.example#localhost',
    'http://evil.example/localhost',
    'http://evil.example?localhost',
    'http://localhost.',
    'http://localhost:80@evil.example',
    'HTTP://EVIL.EXAMPLE',
    'http://[::ffff:7f00:1].evil.example',
    'http://2130706433.evil.example',
    'null',
    ' ',
    'localhost',
    'chrome-extension://abcdef',
    'http://localhost, http://evil.example',
  ]) {
    assert.equal(await statusOf({ origin }), 403, origin);
  }
});

test('headers that say where a request was meant for change nothing', async () => {
  for (const header of ['x-forwarded-host', 'x-original-host', 'forwarded', 'referer']) {
    const headers = { origin: 'https://evil.example', [header]: 'http://localhost' };
    assert.equal(await statusOf(headers), 403, header);
  }
});

test('the page, its parts and the metrics are served to nobody under another name', async () => {
  for (const path of ['/', '/metrics', '/ready', '/tree', '/console.js', '/openapi.json']) {
    const headers = { host: 'evil.example' };
    const { status } = await send(node.adminUrl, 'GET', path, { headers });
    assert([400, 421, 403].includes(status), `${path} ${status}`);
  }
});
