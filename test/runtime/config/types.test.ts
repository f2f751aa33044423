/** Each type of value: what it reads, what it refuses, and that what it shows can be read again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  address,
  existingFile,
  hostName,
  network,
  path,
} from '../../../runtime/config/place-types.ts';
import {
  byteSize,
  decimal,
  duration,
  integer,
  oneOf,
  onOff,
  port,
  text,
} from '../../../runtime/config/scalar-types.ts';
import { list, optional } from '../../../runtime/config/type.ts';
import type { Type } from '../../../runtime/config/type.ts';
import { isRefused, parse } from './support.ts';

interface Case {
  readonly name: string;
  readonly type: Type<unknown>;
  readonly good: readonly (readonly [text: string, value: unknown])[];
  readonly bad: readonly string[];
}

const anyNumber = { min: 0, max: Number.MAX_SAFE_INTEGER };

const cases: readonly Case[] = [
  {
    name: 'on/off',
    type: onOff,
    good: [
      ['on', true],
      ['off', false],
      ['true', true],
      ['FALSE', false],
    ],
    bad: ['', 'yes', '1', 'o n', 'constructor'],
  },
  {
    name: 'integer',
    type: integer({ min: -5, max: 1000 }),
    good: [
      ['0', 0],
      ['-5', -5],
      ['1000', 1000],
      ['007', 7],
    ],
    bad: ['', '-6', '1001', '1.5', '1e2', '0x10', ' 1', 'NaN', '99999999999999999999', '١'],
  },
  {
    name: 'number',
    type: decimal({ min: 0.1, max: 100 }),
    good: [
      ['1.5', 1.5],
      ['100', 100],
    ],
    bad: ['', '0', '.5', '1.', '1e1', '100.1', '-1', 'Infinity'],
  },
  {
    name: 'port',
    type: port,
    good: [
      ['0', 0],
      ['65535', 65535],
    ],
    bad: ['65536', '-1', 'http', ''],
  },
  {
    name: 'duration',
    type: duration(anyNumber),
    good: [
      ['0s', 0],
      ['250ms', 250],
      ['10s', 10_000],
      ['5m', 300_000],
      ['2h', 7_200_000],
      ['1d', 86_400_000],
      ['1w', 604_800_000],
      ['1m30s', 90_000],
    ],
    bad: ['', '10', '10 s', '1.5s', '-1s', 's', '10sec', '10S', '1y', '999999999999999w'],
  },
  {
    name: 'byte size',
    type: byteSize(anyNumber),
    good: [
      ['0', 0],
      ['512', 512],
      ['512B', 512],
      ['64KB', 65_536],
      ['4MB', 4_194_304],
      ['1gb', 1_073_741_824],
    ],
    bad: ['', '1.5MB', '1 MB', '1TB', '1K', '-1KB', 'MB', '999999999999999GB'],
  },
  {
    name: 'word',
    type: oneOf(['json', 'terminal'], { text: 'terminal' }),
    good: [
      ['json', 'json'],
      ['text', 'terminal'],
    ],
    bad: ['', 'JSON', 'xml', 'toString', '__proto__'],
  },
  {
    name: 'text',
    type: text({ pattern: /^[a-z]+$/, max: 5 }),
    good: [['abc', 'abc']],
    bad: ['', 'abcdef', 'a b', 'ABC'],
  },
  {
    name: 'list',
    type: list(port, 3),
    good: [
      ['', []],
      ['80', [80]],
      ['80, 443 ,8080', [80, 443, 8080]],
    ],
    bad: [',', '80,', '80,,443', '80,http', '1,2,3,4'],
  },
  {
    name: 'address',
    type: address,
    good: [
      ['127.0.0.1', '127.0.0.1'],
      ['::', '::'],
      ['::1', '::1'],
      ['LocalHost', 'localhost'],
      ['node1.example.com', 'node1.example.com'],
    ],
    bad: ['', '127.0.0.1:80', '[::1]', '256.0.0.1', '1.2.3', 'a b', '-a.com', 'http://a', 'a..b'],
  },
  {
    name: 'host name',
    type: hostName,
    good: [['Bondy.Example.com', 'bondy.example.com']],
    bad: ['', 'a:80', 'http://a', '*'],
  },
  {
    name: 'network',
    type: network,
    good: [
      ['10.0.0.0/8', '10.0.0.0/8'],
      ['192.168.1.1', '192.168.1.1/32'],
      ['fd00::/8', 'fd00::/8'],
      ['::1', '::1/128'],
    ],
    bad: [
      '',
      '10.0.0.0/33',
      '10.0.0/8',
      'fd00::/129',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      'a/8',
      '1.1.1.1/-1',
    ],
  },
  {
    name: 'path',
    type: path,
    good: [
      ['log/bondy.log', '/etc/bondy/log/bondy.log'],
      ['/var/log/bondy.log', '/var/log/bondy.log'],
    ],
    bad: ['', 'a\0b'],
  },
];

for (const { name, type, good, bad } of cases) {
  describe(`a value of type ${name}`, () => {
    for (const [written, value] of good) {
      test(`reads ${JSON.stringify(written)}`, () => {
        assert.deepEqual(parse(type, written), value);
      });
      test(`shows what it read from ${JSON.stringify(written)} so that it is read again`, () => {
        assert.deepEqual(parse(type, type.show(value)), value);
      });
    }
    for (const written of bad) {
      test(`refuses ${JSON.stringify(written)} and says what to write`, () => {
        const refused = parse(type, written);
        assert.ok(isRefused(refused), `accepted as ${JSON.stringify(refused)}`);
        assert.match(refused.advice, /\.$/);
        assert.notEqual(refused.problem, '');
      });
    }
  });
}

test('a file that must exist is refused when it cannot be read', () => {
  const contents = { '/etc/bondy/cert.pem': 'PEM' };
  assert.equal(parse(existingFile, 'cert.pem', contents), '/etc/bondy/cert.pem');
  const refused = parse(existingFile, 'key.pem', contents);
  assert.ok(isRefused(refused));
  assert.match(refused.problem, /"\/etc\/bondy\/key\.pem" cannot be read/);
});

test('an optional value that is absent is shown as nothing', () => {
  assert.equal(optional(port).show(undefined), '');
  assert.equal(optional(port).show(0), '0');
});

test('every duration and size is shown so that it is read again', () => {
  const wide = duration(anyNumber);
  const big = byteSize(anyNumber);
  fc.assert(
    fc.property(fc.nat({ max: 999_999_999_999_999 }), (value) => {
      assert.equal(parse(wide, wide.show(value)), value);
      assert.equal(parse(big, big.show(value)), value);
    }),
  );
});

test('no type throws or returns nothing, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (written) => {
      for (const { type } of cases) assert.notEqual(parse(type, written), undefined);
    }),
  );
});

test('a refusal quotes foreign text without its control characters and at a bounded length', () => {
  const refused = parse(port, `\u001b[31m\u009b\u202e\n${'x'.repeat(500)}`);
  assert.ok(isRefused(refused));
  assert.doesNotMatch(refused.problem, /[\u0000-\u001f\u007f-\u009f\u202e]/);
  assert.ok(refused.problem.length < 200);
});
