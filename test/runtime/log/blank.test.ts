/** Log fields are made safe in one place: secrets, size, depth, and values that cannot be printed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../../runtime/config/secret.ts';
import { blankFields, isSecretName } from '../../../runtime/log/blank.ts';

interface LoggedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly cause: { readonly code: string };
}

const printed = (fields: Record<string, unknown>): string => JSON.stringify(blankFields(fields));

describe('a field is a secret', () => {
  const secrets = [
    'ticket',
    'Password',
    'signature',
    'authorization',
    'Set-Cookie',
    'accessToken',
    'refresh_token',
    'clientSecret',
    'key',
    'privateKey',
    'API-Key',
    'tls_private_key',
    'passphrase',
  ];
  for (const name of secrets) {
    test(`when it is named ${name}`, () => {
      assert.ok(isSecretName(name));
      assert.doesNotMatch(printed({ [name]: 'hunter2' }), /hunter2/);
      assert.doesNotMatch(printed({ deep: [{ [name]: ['hunter2'] }] }), /hunter2/);
      assert.doesNotMatch(printed({ map: new Map([[name, 'hunter2']]) }), /hunter2/);
    });
  }
  for (const name of ['realm', 'path', 'keys', 'monkey', 'routing_key', 'reason', 'configKey']) {
    test(`not when it is named ${name}`, () => assert.ok(!isSecretName(name)));
  }

  test('when its value is a Secret, whatever its name', () => {
    assert.equal(printed({ value: new Secret('hunter2') }), '{"value":"[secret]"}');
  });
});

describe('fields are bounded', () => {
  test('in the length of texts and names', () => {
    const text = printed({ ['n'.repeat(9999)]: 'x'.repeat(1_000_000) });
    assert.ok(text.length < 3000);
    assert.match(text, /1000000 characters/);
  });

  test('in depth, also when they go in circles', () => {
    const loop: Record<string, unknown> = {};
    loop['loop'] = [loop];
    assert.ok(printed({ loop }).length < 200);
    let deep: unknown = 'bottom';
    for (let level = 0; level < 1000; level++) deep = { deep };
    assert.doesNotMatch(printed({ deep }), /bottom/);
  });

  test('in the number of items', () => {
    const items = Array.from({ length: 10_000 }, (_, at) => at);
    assert.match(printed({ items }), /9936 more/);
    assert.match(printed(Object.fromEntries(items.map((at) => [`f${at}`, at]))), /"more":9936/);
  });

  test('in binaries, of which only the size is said', () => {
    assert.equal(printed({ bytes: new Uint8Array(5000) }), '{"bytes":"[5000 bytes]"}');
  });
});

describe('values JSON cannot say', () => {
  test('become text', () => {
    const fields = { big: 2n ** 70n, nan: NaN, fn: () => 1, symbol: Symbol('s'), none: undefined };
    assert.equal(
      printed(fields),
      '{"big":"1180591620717411303424","nan":"NaN","fn":"[function]","symbol":"[symbol]"}',
    );
  });

  test('errors say their name, message, code and stack, and their cause', () => {
    const cause = Object.assign(new Error('no route'), { code: 'ENETUNREACH' });
    const { error } = blankFields({ error: new TypeError('boom', { cause }) }) as {
      error: LoggedError;
    };
    assert.equal(error.name, 'TypeError');
    assert.equal(error.message, 'boom');
    assert.match(error.stack, /blank\.test/);
    assert.equal(error.cause.code, 'ENETUNREACH');
  });

  test('getters and toJSON that throw are not fatal', () => {
    const hostile = {
      get trap() {
        throw new Error('trapped');
      },
      toJSON: undefined,
    };
    const worse = {
      toJSON() {
        throw new Error('trapped');
      },
    };
    assert.equal(
      printed({ hostile, worse }),
      '{"hostile":{"trap":"[unprintable]"},"worse":"[unprintable]"}',
    );
  });

  test('__proto__ is a field like any other', () => {
    assert.equal(printed({ nested: JSON.parse('{"__proto__": 1}') }), '{"nested":{"__proto__":1}}');
  });
});

test('whatever is logged can be printed', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.anything({ withBigInt: true })), (fields) => {
      assert.equal(typeof printed(fields), 'string');
    }),
  );
});
