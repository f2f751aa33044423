/** Who the client is, as proxies in front tell it: PROXY protocol, forwarding headers; and which pages may connect. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clientAddress, isListed, trustedList } from '../../../runtime/net/forwarded.ts';
import { isOriginAllowed } from '../../../runtime/net/origin.ts';
import { parseProxyHeader } from '../../../runtime/net/proxy-protocol.ts';
import type { ProxyHeader } from '../../../runtime/net/proxy-protocol.ts';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

function v1(line: string): ProxyHeader {
  return parseProxyHeader(Buffer.from(`${line}\r\nrest`, 'latin1'));
}

function v2(command: number, family: number, body: number[], claimed = body.length): Buffer {
  return Buffer.concat([
    SIGNATURE,
    Buffer.from([0x20 | command, family, claimed >> 8, claimed & 0xff, ...body]),
  ]);
}

test('reads version 1', () => {
  assert.deepEqual(v1('PROXY TCP4 192.0.2.1 10.0.0.1 56324 443'), {
    kind: 'parsed',
    peer: { address: '192.0.2.1', port: 56324 },
    length: 41,
  });
  const six = v1('PROXY TCP6 2001:db8::1 ::1 1 65535');
  assert.deepEqual(six.kind === 'parsed' && six.peer, { address: '2001:db8::1', port: 1 });
  assert.deepEqual(v1('PROXY UNKNOWN'), { kind: 'parsed', peer: undefined, length: 15 });
  assert.equal(v1('PROXY UNKNOWN ffff::1 ffff::2 1 2').kind, 'parsed');
});

const MALFORMED_V1 = [
  'PROXY TCP4 192.0.2.1 10.0.0.1 56324',
  'PROXY TCP4 192.0.2.1 10.0.0.1 56324 443 5',
  'PROXY TCP4 192.0.2.256 10.0.0.1 1 2',
  'PROXY TCP4 2001:db8::1 10.0.0.1 1 2',
  'PROXY TCP6 192.0.2.1 10.0.0.1 1 2',
  'PROXY TCP6 1::2::3 ::1 1 2',
  'PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2',
  'PROXY TCP4 192.0.2.1 10.0.0.1 65536 443',
  'PROXY TCP4 192.0.2.1 10.0.0.1 -1 443',
  'PROXY UDP4 192.0.2.1 10.0.0.1 1 2',
  'PROXY  TCP4 192.0.2.1 10.0.0.1 1 2',
  'PRAXY TCP4 192.0.2.1 10.0.0.1 1 2',
  `PROXY UNKNOWN ${'x'.repeat(100)}`,
];

for (const line of MALFORMED_V1) {
  test(`refuses "${line.slice(0, 60)}"`, () => assert.equal(v1(line).kind, 'invalid'));
}

test('refuses a line that does not end in CR LF, and one that does not end', () => {
  assert.equal(parseProxyHeader(Buffer.from('PROXY UNKNOWN\n')).kind, 'invalid');
  assert.equal(parseProxyHeader(Buffer.from('PROXY '.padEnd(106, 'x'))).kind, 'incomplete');
  assert.equal(parseProxyHeader(Buffer.from('PROXY '.padEnd(107, 'x'))).kind, 'invalid');
});

test('reads version 2', () => {
  const four = v2(1, 0x11, [192, 0, 2, 1, 10, 0, 0, 1, 0xdc, 4, 1, 187, 99, 99]);
  assert.deepEqual(parseProxyHeader(Buffer.concat([four, Buffer.from('rest')])), {
    kind: 'parsed',
    peer: { address: '192.0.2.1', port: 56324 },
    length: four.length,
  });
  const address = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  const six = parseProxyHeader(v2(1, 0x21, [...address, ...address, 0, 80, 0, 81]));
  assert.deepEqual(six.kind === 'parsed' && six.peer, { address: '2001:db8::1', port: 80 });
  const local = parseProxyHeader(v2(0, 0, []));
  assert.deepEqual(local, { kind: 'parsed', peer: undefined, length: 16 });
  const unix = parseProxyHeader(v2(1, 0x31, new Array<number>(216).fill(0)));
  assert.equal(unix.kind === 'parsed' && unix.peer, undefined);
});

test('refuses a version 2 header that is not one', () => {
  const headers: [string, Buffer][] = [
    ['version 1 in the new form', Buffer.concat([SIGNATURE, Buffer.from([0x11, 0x11, 0, 0])])],
    ['an unknown command', v2(2, 0x11, [])],
    ['addresses that are not there', v2(1, 0x11, [1, 2, 3])],
    ['more than anybody needs', v2(1, 0x11, [], 2049)],
    ['a broken signature', Buffer.from('0d0a0d0a00ff', 'hex')],
    ['anything else', Buffer.from([0x7f])],
  ];
  for (const [what, header] of headers) {
    assert.equal(parseProxyHeader(header).kind, 'invalid', what);
  }
});

test('waits for the rest of a header that is cut anywhere', () => {
  const headers = [
    Buffer.from('PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n'),
    v2(1, 0x11, [192, 0, 2, 1, 10, 0, 0, 1, 0xdc, 4, 1, 187]),
  ];
  for (const header of headers) {
    for (let cut = 0; cut < header.length; cut++) {
      assert.equal(parseProxyHeader(header.subarray(0, cut)).kind, 'incomplete');
    }
    assert.equal(parseProxyHeader(header).kind, 'parsed');
  }
});

test('never throws, whatever the bytes', () => {
  const prefix = fc.constantFrom(Buffer.from('PROXY TCP6 '), SIGNATURE, Buffer.alloc(0));
  fc.assert(
    fc.property(prefix, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
      const header = parseProxyHeader(Buffer.concat([start, rest]));
      assert.ok(header.kind !== 'parsed' || header.length <= start.length + rest.length);
    }),
  );
});

test('knows addresses and networks, also IPv4 as a dual-stack socket names it', () => {
  const list = trustedList(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1']);
  for (const address of ['10.1.2.3', '192.0.2.7', '::ffff:10.9.9.9', '2001:db8:5::1', '::1']) {
    assert.equal(isListed(list, address), true, address);
  }
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', 'nonsense', '']) {
    assert.equal(isListed(list, address), false, address);
  }
  for (const entry of [
    '10.0.0.0/x',
    '10.0.0',
    'proxy.example',
    '10.0.0.0/-1',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '',
  ]) {
    assert.throws(() => trustedList([entry]), /trusted proxy/, entry);
  }
});

const TRUSTED = trustedList(['10.0.0.0/8']);
const FORWARDED: readonly [string, string | undefined, string, 'x_forwarded_for' | 'forwarded'][] =
  [
    ['10.0.0.1', '192.0.2.1', '192.0.2.1', 'x_forwarded_for'],
    ['10.0.0.1', 'spoofed, 6.6.6.6, 192.0.2.1, 10.0.0.2', '192.0.2.1', 'x_forwarded_for'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3', 'x_forwarded_for'],
    ['10.0.0.1', 'garbage', '10.0.0.1', 'x_forwarded_for'],
    ['10.0.0.1', 'garbage, 10.0.0.2', '10.0.0.2', 'x_forwarded_for'],
    ['10.0.0.1', undefined, '10.0.0.1', 'x_forwarded_for'],
    ['10.0.0.1', '192.0.2.1:4711', '192.0.2.1', 'x_forwarded_for'],
    ['::ffff:10.0.0.1', '[2001:db8::1]:80', '2001:db8::1', 'x_forwarded_for'],
    ['192.0.2.9', '6.6.6.6', '192.0.2.9', 'x_forwarded_for'], // nobody we trust says so
    ['10.0.0.1', 'for=192.0.2.60;proto=http;by=203.0.113.43', '192.0.2.60', 'forwarded'],
    ['10.0.0.1', 'for=6.6.6.6, proto=http; For="[2001:db8::1]:4711"', '2001:db8::1', 'forwarded'],
    ['10.0.0.1', 'for=6.6.6.6, for=_hidden', '10.0.0.1', 'forwarded'],
    ['10.0.0.1', 'for=unknown', '10.0.0.1', 'forwarded'],
    ['10.0.0.1', ';;=,,', '10.0.0.1', 'forwarded'],
  ];

for (const [remote, header, expected, kind] of FORWARDED) {
  test(`${remote} with ${kind} "${header}" is ${expected}`, () => {
    assert.equal(clientAddress(remote, header, kind, TRUSTED), expected);
  });
}

test('lets programs in, and pages of this machine when no list is given', () => {
  for (const origin of [
    undefined,
    'http://localhost',
    'https://app.localhost:8080',
    'http://127.8.8.8',
  ]) {
    assert.equal(isOriginAllowed(origin, []), true, origin);
  }
  const foreign = [
    'https://evil.example',
    'null',
    '',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'file://',
  ];
  for (const origin of foreign) assert.equal(isOriginAllowed(origin, []), false, origin);
});

test('lets in what the list names, scheme and port included', () => {
  const list = ['https://app.example', 'https://*.team.example:8443'];
  for (const origin of [
    'https://app.example',
    'https://app.example:443',
    'https://a.b.team.example:8443',
  ]) {
    assert.equal(isOriginAllowed(origin, list), true, origin);
  }
  const foreign = [
    'http://app.example',
    'https://app.example:444',
    'https://team.example:8443',
    'https://evilteam.example:8443',
    'https://x.team.example',
    'http://localhost',
    'null',
  ];
  for (const origin of foreign) assert.equal(isOriginAllowed(origin, list), false, origin);
  assert.equal(isOriginAllowed('null', ['*']), true);
});
