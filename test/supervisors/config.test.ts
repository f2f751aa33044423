/** The node's configuration as a whole: what it is by default, and combinations that are refused. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ADMIN_DEFAULTS } from '../../actors/admin/config.ts';
import {
  DEFAULT_RAWSOCKET,
  DEFAULT_RAWSOCKET_TLS,
  DEFAULT_WEBSOCKET,
  DEFAULT_WEBSOCKET_TLS,
} from '../../actors/listeners/config.ts';
import { DEFAULT_BROKER_CONFIG, DEFAULT_DEALER_CONFIG } from '../../actors/routing/config.ts';
import { SESSIONS_DEFAULTS } from '../../actors/sessions/config.ts';
import { Catalogue } from '../../runtime/config/catalogue.ts';
import { variableOf } from '../../runtime/config/environment.ts';
import { isLoopback } from '../../supervisors/configuration/listeners.ts';
import { configExample } from '../../supervisors/config-docs.ts';
import { defaultNodeConfig, loadNodeConfig, schema } from '../../supervisors/config.ts';
import type { LoadedConfig } from '../../supervisors/config.ts';
import { PROJECT_ROOT } from '../support/project.ts';

const FILES: Readonly<Record<string, string>> = {
  '/etc/bondy/cert.pem': 'PEM',
  '/etc/bondy/key.pem': 'PEM',
  '/etc/bondy/ticket': 'hunter2\n',
};

function configured(file: string): LoadedConfig {
  return loadNodeConfig({
    file: 'bondy.conf',
    environment: {},
    flags: [],
    workingDirectory: '/etc/bondy',
    files: {
      read: (path) => (path === '/etc/bondy/bondy.conf' ? file : FILES[path]),
    },
  });
}

const mistakesOf = (...lines: string[]): string[] =>
  configured(lines.join('\n')).mistakes.map(
    ({ where, key, problem }) => `${where} ${key}: ${problem}`,
  );

describe('without any setting', () => {
  const config = defaultNodeConfig();

  test('every subsystem has its own defaults', () => {
    assert.deepEqual(config.admin, ADMIN_DEFAULTS);
    assert.deepEqual(config.sessions, SESSIONS_DEFAULTS);
    assert.deepEqual(config.routing, {
      dealer: DEFAULT_DEALER_CONFIG,
      broker: DEFAULT_BROKER_CONFIG,
    });
    for (const [listener, defaults] of [
      [config.listeners.websocket, DEFAULT_WEBSOCKET],
      [config.listeners.websocketTls, DEFAULT_WEBSOCKET_TLS],
      [config.listeners.rawsocket, DEFAULT_RAWSOCKET],
      [config.listeners.rawsocketTls, DEFAULT_RAWSOCKET_TLS],
    ] as const) {
      assert.deepEqual({ ...listener, section: defaults.section }, defaults);
    }
  });

  test('one realm is open, and nobody but this machine can reach it', () => {
    assert.deepEqual(
      config.realms.map(({ uri, authmethods }) => [uri, authmethods]),
      [['realm1', ['anonymous']]],
    );
    for (const { address } of Object.values(config.listeners)) assert.ok(isLoopback(address));
    assert.ok(isLoopback(config.admin.address));
  });
});

describe('a realm', () => {
  test('is made of its keys, users with their tickets', () => {
    const { config, mistakes } = configured(
      [
        'realms.shop.uri = com.example.shop',
        'realms.shop.authmethods = ticket, anonymous',
        'realms.shop.uri_strictness = strict',
        'realms.shop.users.joe.ticket_file = ticket',
        'realms.shop.users.eve.authid = eve@example.com',
        'realms.shop.users.eve.ticket = abc',
        'realms.shop.users.eve.authrole = admin',
      ].join('\n'),
    );
    assert.deepEqual(mistakes, []);
    const [{ uri, authmethods, uriRule, tickets }] = config.realms;
    assert.deepEqual(
      [uri, authmethods, uriRule],
      ['com.example.shop', ['ticket', 'anonymous'], 'strict'],
    );
    assert.deepEqual(tickets, [
      { authid: 'joe', ticket: 'hunter2', authrole: 'user' },
      { authid: 'eve@example.com', ticket: 'abc', authrole: 'admin' },
    ]);
  });

  test('that nobody could enter is refused', () => {
    assert.deepEqual(mistakesOf('realms.a.uri = a'), [
      'bondy.conf:1 realms.a.authmethods: nobody could enter this realm',
    ]);
  });

  test('with tickets and no users is refused, and so is a user without a ticket', () => {
    assert.deepEqual(mistakesOf('realms.a.authmethods = ticket'), [
      'bondy.conf:1 realms.a.authmethods: ticket is offered, and there is no user with one',
    ]);
    const user = ['realms.a.authmethods = ticket', 'realms.a.users.joe.authrole = x'];
    assert.deepEqual(mistakesOf(...user), [
      'bondy.conf:2 realms.a.users.joe.ticket: this user has no ticket',
    ]);
  });

  test('shares its URI with no other, and a user its authid with no other', () => {
    const open = ['realms.a.authmethods = anonymous', 'realms.b.authmethods = anonymous'];
    assert.deepEqual(mistakesOf(...open, 'realms.b.uri = a'), [
      'bondy.conf:3 realms.b.uri: another realm has the URI a too',
    ]);
    const users = ['realms.a.users.x.ticket = 1', 'realms.a.users.y.ticket = 2'];
    assert.deepEqual(mistakesOf(open[0], ...users, 'realms.a.users.y.authid = x'), [
      'bondy.conf:4 realms.a.users.y.authid: another user of the realm has this authid too',
    ]);
  });
});

describe('a node that others can reach', () => {
  const problem = 'can be reached by others, and realm1 lets everybody in by default';

  for (const address of ['0.0.0.0', '::', '10.1.2.3', 'node1.example.com']) {
    test(`is refused at ${address} while its realm is the open one of the default`, () => {
      assert.deepEqual(mistakesOf(`wamp.tcp.ip = ${address}`), [
        `bondy.conf:1 wamp.tcp.ip: ${address} ${problem}`,
      ]);
    });
  }

  test('is accepted with an explicit anonymous realm, with realms of its own, or with the listener off', () => {
    const reachable = 'wamp.tcp.ip = 0.0.0.0';
    assert.deepEqual(mistakesOf(reachable, 'realms.realm1.authmethods = anonymous'), []);
    assert.deepEqual(mistakesOf(reachable, 'wamp.tcp.enabled = off'), []);
    assert.deepEqual(mistakesOf('wamp.tcp.ip = 127.0.0.2', 'api_gateway.http.ip = ::1'), []);
  });
});

describe('a listener', () => {
  test('with TLS needs certificate and key', () => {
    assert.deepEqual(mistakesOf('wamp.tls.enabled = on'), [
      'bondy.conf:1 wamp.tls.enabled: TLS needs a certificate',
      'bondy.conf:1 wamp.tls.enabled: TLS needs a private key',
    ]);
    const { config, mistakes } = configured(
      ['wamp.tls.enabled = on', 'wamp.tls.certfile = cert.pem', 'wamp.tls.keyfile = key.pem'].join(
        '\n',
      ),
    );
    assert.deepEqual(mistakes, []);
    const { tls } = config.listeners.rawsocketTls;
    assert.deepEqual([tls?.cert, tls?.key], ['/etc/bondy/cert.pem', '/etc/bondy/key.pem']);
  });

  test('whose certificate cannot be read has that one mistake only', () => {
    const lines = [
      'wamp.tls.enabled = on',
      'wamp.tls.certfile = no.pem',
      'wamp.tls.keyfile = key.pem',
    ];
    assert.deepEqual(mistakesOf(...lines), [
      'bondy.conf:2 wamp.tls.certfile: "/etc/bondy/no.pem" cannot be read',
    ]);
    assert.deepEqual(mistakesOf('admin_api.https.enabled = on'), [
      'bondy.conf:1 admin_api.https.enabled: TLS needs a certificate',
      'bondy.conf:1 admin_api.https.enabled: TLS needs a private key',
    ]);
  });

  test('shares its port with no other, unless the addresses differ', () => {
    assert.deepEqual(mistakesOf('wamp.tcp.port = 18080'), [
      'bondy.conf:1 wamp.tcp.port: wamp.tcp and api_gateway.http both want port 18080',
    ]);
    assert.deepEqual(mistakesOf('admin_api.http.port = 18082'), [
      'bondy.conf:1 admin_api.http.port: admin_api.http and wamp.tcp both want port 18082',
    ]);
    assert.deepEqual(mistakesOf('wamp.tcp.port = 18080', 'wamp.tcp.ip = 127.0.0.2'), []);
    assert.deepEqual(mistakesOf('wamp.tcp.port = 0', 'api_gateway.http.port = 0'), []);
  });

  test('behind a proxy has to know which proxies it may believe', () => {
    assert.deepEqual(mistakesOf('wamp.tcp.proxy_protocol = on'), [
      'bondy.conf:1 wamp.tcp.proxy_protocol: nobody is trusted to say who the client is',
    ]);
    const trusted = ['wamp.tcp.proxy_protocol = on', 'wamp.tcp.trusted_proxies = 10.0.0.0/8'];
    assert.deepEqual(mistakesOf(...trusted), []);
  });

  test('is told not to ping by an interval of 0', () => {
    const { listeners } = configured('wamp.websocket.ping.enabled = off').config;
    assert.equal(listeners.websocket.pingIntervalMs, 0);
    const pinging = configured('wamp.tcp.ping.enabled = on').config.listeners;
    assert.equal(pinging.rawsocket.pingIntervalMs, 20_000);
    assert.equal(pinging.rawsocketTls.pingIntervalMs, 0);
  });
});

test('water marks and backlogs have to be in order', () => {
  assert.deepEqual(mistakesOf('wamp.backlog.low_water = 2MB'), [
    'bondy.conf:1 wamp.backlog.low_water: the low-water mark is not below the high-water mark',
  ]);
  assert.deepEqual(mistakesOf('wamp.max_backlog = 1MB'), [
    'bondy.conf:1 wamp.max_backlog: the high-water mark is not below the backlog that ends a session',
  ]);
});

test('the timeout of a call may not be above the longest one', () => {
  assert.deepEqual(mistakesOf('wamp.call_timeout = 2m', 'wamp.max_call_timeout = 1m'), [
    'bondy.conf:1 wamp.call_timeout: the timeout of a call is above the longest one allowed',
  ]);
  assert.deepEqual(mistakesOf('wamp.call_timeout = 2m'), []);
});

test('recorded topics come from their entries', () => {
  const { config, mistakes } = configured(
    'wamp.event_history.topics.all.match = prefix\nwamp.event_history.topics.t.uri = a.b\nwamp.event_history.topics.t.limit = 5',
  );
  assert.deepEqual(mistakes, []);
  assert.deepEqual(
    config.routing.broker.history.topics.map(({ uri, match, limit }) => [uri, match, limit]),
    [
      ['', 'prefix', 1000],
      ['a.b', 'exact', 5],
    ],
  );
  assert.deepEqual(mistakesOf('wamp.event_history.topics.x.limit = 5'), [
    'bondy.conf:1 wamp.event_history.topics.x.uri: this entry has no URI',
  ]);
});

test('the example file, uncommented, is what holds without it', () => {
  const settings = configExample()
    .split('\n')
    .filter((line) => /^# [a-z].* = /.test(line) && !line.includes('$'))
    .map((line) => line.slice(2));
  assert.ok(settings.length > 80);
  const { config, mistakes } = configured(settings.join('\n'));
  assert.deepEqual(mistakes, []);
  assert.deepEqual(config, defaultNodeConfig());
});

test('every key has a variable of its own', () => {
  const names = new Catalogue(schema).keys.map(({ name }) => variableOf(name));
  assert.equal(new Set(names).size, names.length);
});

test('every key is explained in docs/configuration.md', () => {
  const docs = readFileSync(join(PROJECT_ROOT, 'docs', 'configuration.md'), 'utf8');
  for (const { name, doc } of new Catalogue(schema).keys) {
    assert.ok(docs.includes(`| \`${name}\` |`), name);
    assert.match(doc, /[.?]$/);
  }
});
