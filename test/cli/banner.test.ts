/** What a started node says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REALM_DEFAULTS } from '../../actors/realms/config.ts';
import { banner } from '../../bin/banner.ts';

const open = { ...REALM_DEFAULTS, uri: 'realm1', authmethods: ['anonymous'] } as const;
const closed = {
  ...REALM_DEFAULTS,
  uri: "it's",
  authmethods: ['ticket'],
  tickets: [{ authid: 'joe', ticket: 'hunter2', authrole: 'user' }],
} as const;
const websocket = { name: 'api_gateway.http', url: 'ws://127.0.0.1:18080/ws' };
const admin = { name: 'admin', url: 'http://127.0.0.1:18081/' };
const node = { version: '1.2.3', node: 'n1' };

test('it names every listener and every realm', () => {
  const text = banner({ ...node, addresses: [websocket, admin], realms: [open, closed] });
  for (const part of [websocket.url, admin.url, 'realm1  (anonymous)', "it's  (ticket)", '1.2.3']) {
    assert.ok(text.includes(part), text);
  }
});

test('it shows how to use a ticket without showing one', () => {
  const text = banner({ ...node, addresses: [websocket], realms: [closed] });
  assert.match(text, /realm: 'it\\'s'/);
  assert.match(text, /authid: 'joe'/);
  assert.doesNotMatch(text, /hunter2/);
});

test('it shows no program when there is no WebSocket to connect to', () => {
  assert.doesNotMatch(banner({ ...node, addresses: [admin], realms: [open] }), /autobahn/);
});

test('it says the address "bondy tree" needs unless it is the default', () => {
  const other = { name: 'admin', url: 'http://127.0.0.1:9999/' };
  assert.match(
    banner({ ...node, addresses: [other], realms: [open] }),
    /bondy tree --url http:\/\/127\.0\.0\.1:9999\//,
  );
  assert.match(banner({ ...node, addresses: [admin], realms: [open] }), /bondy tree\n/);
});
