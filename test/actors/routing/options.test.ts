import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isEmpty, OptionReader } from '../../../actors/routing/options.ts';
import type { Dict } from '../../../runtime/wamp/message.ts';
import { EMPTY } from '../../../runtime/wamp/message.ts';

describe('options', () => {
  const readers: Readonly<Record<string, (read: OptionReader) => unknown>> = {
    boolean: (read) => read.boolean('key'),
    string: (read) => read.string('key'),
    integer: (read) => read.integer('key', 1, 10),
    oneOf: (read) => read.oneOf('key', ['a', 'b']),
    routingKey: (read) => read.routingKey('key'),
    strings: (read) => read.strings('key'),
    ids: (read) => read.ids('key'),
  };
  const good: Readonly<Record<string, readonly Dict[string][]>> = {
    boolean: [true, false],
    string: ['', 'x'],
    integer: [1, 10],
    oneOf: ['a', 'b'],
    routingKey: ['x', 'k'.repeat(256)],
    strings: [[], ['x']],
    ids: [[], [1, 2 ** 53]],
  };
  const bad: Readonly<Record<string, readonly Dict[string][]>> = {
    boolean: [0, 1, 'true', {}],
    string: [1, [], true],
    integer: [0, 11, 1.5, '1', true, 1n],
    oneOf: ['c', 1, 'toString'],
    routingKey: [1.5, [], {}, 'k'.repeat(257)],
    strings: ['x', [1], {}],
    ids: [1, [0], [1.5], ['1'], [2 ** 53 + 2]],
  };
  for (const [name, read] of Object.entries(readers)) {
    it(`${name} takes what it should, and absent and null as nothing`, () => {
      for (const value of good[name]) {
        const reader = new OptionReader({ key: value });
        assert.deepEqual(read(reader), value);
        assert.equal(reader.mistake, undefined);
      }
      for (const options of [{}, { key: null }, { key: undefined }, EMPTY]) {
        const reader = new OptionReader(options);
        assert.equal(read(reader), undefined);
        assert.equal(reader.mistake, undefined);
      }
    });

    it(`${name} remembers the mistake by the name of its key`, () => {
      for (const value of bad[name]) {
        const reader = new OptionReader({ key: value });
        assert.equal(read(reader), undefined);
        assert.match(reader.mistake?.detail ?? '', /^option key must be /);
      }
    });
  }

  it('an integer routing key is the string of its digits', () => {
    assert.equal(new OptionReader({ key: 17 }).routingKey('key'), '17');
    assert.equal(new OptionReader({ key: 2n ** 60n }).routingKey('key'), String(2n ** 60n));
  });

  it('are empty when they have no key, whatever their prototype', () => {
    assert.ok(isEmpty(EMPTY));
    assert.ok(isEmpty({}));
    assert.ok(!isEmpty({ key: undefined }));
  });
});
