import { test } from 'node:test';
import assert from 'node:assert/strict';
import { hostName, refusal, type RequestHead } from '../../../runtime/net/http-admission.ts';

const ALLOWED = new Set(['bondy.example.org']);

function head(more: Partial<RequestHead>): RequestHead {
  const none = { origin: undefined, fetchSite: undefined, fetchMode: undefined };
  return { host: 'localhost:18081', localAddress: '127.0.0.1', ...none, ...more };
}

function codeOf(more: Partial<RequestHead>): string | undefined {
  return refusal(head(more), ALLOWED)?.code;
}

test('loopback names are served, whatever the port and the case', () => {
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:18081', '[::1]:18081', '[::1]']) {
    assert.equal(codeOf({ host }), undefined, host);
  }
});

test('a configured host is served, its neighbours are not', () => {
  assert.equal(codeOf({ host: 'Bondy.Example.org:443' }), undefined);
  assert.equal(codeOf({ host: 'x.bondy.example.org' }), 'unknown_host');
  assert.equal(codeOf({ host: 'bondy.example.org.evil.net' }), 'unknown_host');
});

test('a rebound domain name is not served, although its packets arrive at loopback', () => {
  for (const host of ['evil.net', 'evil.net:18081', 'localhost.evil.net', '127.0.0.1.nip.io']) {
    assert.equal(codeOf({ host }), 'unknown_host', host);
  }
});

test('a request without a usable Host is not served', () => {
  for (const host of [
    undefined,
    '',
    ':18081',
    'local host',
    'localhost:18081:1',
    'a@localhost',
    '[::1',
  ]) {
    assert.equal(codeOf({ host }), 'unknown_host', String(host));
  }
});

test('the address the socket has is served, so that a probe can use it', () => {
  assert.equal(codeOf({ host: '10.1.2.3:18081', localAddress: '10.1.2.3' }), undefined);
  assert.equal(codeOf({ host: '10.1.2.3:18081', localAddress: '::ffff:10.1.2.3' }), undefined);
  assert.equal(codeOf({ host: '10.1.2.4:18081', localAddress: '10.1.2.3' }), 'unknown_host');
});

test('the own page may ask, another origin may not', () => {
  assert.equal(codeOf({ origin: 'http://localhost:18081' }), undefined);
  for (const origin of [
    'http://evil.net',
    'http://localhost:3000',
    'http://localhost',
    'null',
    '',
  ]) {
    assert.equal(codeOf({ origin }), 'foreign_origin', origin);
  }
});

test('a browser that says the request comes from another site is believed', () => {
  assert.equal(codeOf({ fetchSite: 'same-origin', fetchMode: 'cors' }), undefined);
  assert.equal(codeOf({ fetchSite: 'none', fetchMode: 'navigate' }), undefined);
  assert.equal(codeOf({ fetchSite: 'cross-site', fetchMode: 'no-cors' }), 'foreign_origin');
  assert.equal(codeOf({ fetchSite: 'same-site', fetchMode: 'cors' }), 'foreign_origin');
  assert.equal(codeOf({ fetchSite: 'nonsense' }), 'foreign_origin');
});

test('a link on another site may lead to the page', () => {
  assert.equal(codeOf({ fetchSite: 'cross-site', fetchMode: 'navigate' }), undefined);
});

test('host names come without port and brackets', () => {
  assert.equal(hostName('[FE80::1]:80'), 'fe80::1');
  assert.equal(hostName('Example.org:80'), 'example.org');
  assert.equal(hostName('a/b'), undefined);
});
