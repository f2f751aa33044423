/** File, environment and flags against a schema: who wins, what is refused, what the mistakes say. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { loadSettings } from '../../../runtime/config/load.ts';
import { renderMistakes } from '../../../runtime/config/mistake.ts';
import { integer, oneOf, text } from '../../../runtime/config/scalar-types.ts';
import { each, key } from '../../../runtime/config/schema.ts';
import { secret } from '../../../runtime/config/secret.ts';
import { optional } from '../../../runtime/config/type.ts';
import { load } from './support.ts';
import type { Written } from './support.ts';

const schema = {
  log: {
    level: key({
      name: 'log.level',
      type: oneOf(['debug', 'info']),
      default: 'info',
      doc: 'How much is written.',
    }),
  },
  limit: key({
    name: 'wamp.max_depth',
    type: integer({ min: 1, max: 100 }),
    default: 64,
    doc: 'Deepest nesting.',
  }),
  realms: each('realms.$realm', (prefix) => ({
    uri: key({ name: `${prefix}.uri`, type: text(), default: '', doc: 'Its URI.' }),
    users: each(`${prefix}.users.$user`, (user) => ({
      ticket: key({
        name: `${user}.ticket`,
        type: optional(secret),
        default: undefined,
        doc: 'Its ticket.',
      }),
    })),
  })),
};

const read = (written: Written) => load(schema, written);
const mistakesOf = (written: Written): string[] =>
  read(written).mistakes.map(({ where, key, problem }) => [where, key, problem].join(' | '));

describe('precedence', () => {
  const file = 'log.level = debug\nwamp.max_depth = 1';
  const environment = { BONDY_WAMP__MAX_DEPTH: '2' };

  test('a key nobody gave has its default', () => {
    const { values, whereIs, mistakes } = read({});
    assert.deepEqual(values, { log: { level: 'info' }, limit: 64, realms: [] });
    assert.equal(whereIs('log.level'), 'default');
    assert.deepEqual(mistakes, []);
  });

  test('the file is stronger than the default', () => {
    const { values, whereIs } = read({ file });
    assert.equal(values.limit, 1);
    assert.equal(whereIs('wamp.max_depth'), 'bondy.conf:2');
  });

  test('the environment is stronger than the file', () => {
    const { values, whereIs } = read({ file, environment });
    assert.equal(values.limit, 2);
    assert.equal(values.log.level, 'debug');
    assert.equal(whereIs('wamp.max_depth'), 'BONDY_WAMP__MAX_DEPTH');
  });

  test('a flag is stronger than the environment', () => {
    const { values, whereIs } = read({ file, environment, flags: ['wamp.max_depth=3'] });
    assert.equal(values.limit, 3);
    assert.equal(whereIs('wamp.max_depth'), '--set wamp.max_depth');
  });

  test('a mistake in a weaker source is a mistake nevertheless', () => {
    const flags = ['wamp.max_depth=3'];
    assert.deepEqual(mistakesOf({ file: 'wamp.max_depth = deep', flags }), [
      'bondy.conf:1 | wamp.max_depth | "deep" is not an integer',
    ]);
  });
});

describe('the file', () => {
  test('has comments, empty lines, any line ends and any spaces around the equals sign', () => {
    const file =
      '\uFEFF# head\r\n\r\n  log.level=debug   # why\n#log.level = info\r\twamp.max_depth =7';
    const { values, mistakes } = read({ file });
    assert.deepEqual(mistakes, []);
    assert.equal(values.log.level, 'debug');
    assert.equal(values.limit, 7);
  });

  test('keeps a hash inside a value', () => {
    assert.equal(read({ file: 'realms.a.uri = a#b' }).values.realms[0].uri, 'a#b');
  });

  test('may not give a key twice, and the mistake names both lines', () => {
    assert.deepEqual(mistakesOf({ file: 'log.level = info\n\nlog.level = debug' }), [
      'bondy.conf:3 | log.level | was given already in bondy.conf:1',
    ]);
  });

  test('that cannot be read is a mistake', () => {
    const { mistakes } = loadSettings(schema, {
      file: 'missing.conf',
      environment: {},
      flags: [],
      workingDirectory: '/etc/bondy',
      files: { read: () => undefined },
    });
    assert.deepEqual(
      mistakes.map(({ where, problem }) => [where, problem]),
      [['--config', 'the configuration file "missing.conf" cannot be read']],
    );
  });

  test('never makes the reader throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (file) => {
        assert.ok(Array.isArray(read({ file }).mistakes));
      }),
    );
  });
});

describe('the environment', () => {
  test('leaves variables without two underscores to others', () => {
    const environment = {
      BONDY_PORT: 'tcp://10.0.0.1:18080',
      BONDY_SERVICE_HOST: '10.0.0.1',
      PATH: '/bin',
    };
    assert.deepEqual(mistakesOf({ environment }), []);
  });

  test('says which variable was meant when underscores are missing', () => {
    const { mistakes } = read({ environment: { BONDY_LOG_LEVEL: 'debug' } });
    assert.equal(mistakes[0]?.where, 'BONDY_LOG_LEVEL');
    assert.match(mistakes[0]?.advice ?? '', /BONDY_LOG__LEVEL/);
  });

  test('can name a realm', () => {
    const { values } = read({ environment: { BONDY_REALMS__SHOP__URI: 'com.example.shop' } });
    assert.deepEqual(values.realms, [{ uri: 'com.example.shop', users: [], name: 'shop' }]);
  });
});

describe('names chosen by the user', () => {
  test('become a list in the order they were first written', () => {
    const file =
      'realms.b.uri = 1\nrealms.a.users.joe.ticket = x\nrealms.b.users.eve.ticket = y\nrealms.a.uri = 2';
    const { realms } = read({ file }).values;
    assert.deepEqual(
      realms.map(({ name, uri }) => `${name}=${uri}`),
      ['b=1', 'a=2'],
    );
    assert.deepEqual(
      realms.map(({ users }) => users.map(({ name }) => name)),
      [['eve'], ['joe']],
    );
  });

  test('are letters, digits, hyphens and underscores', () => {
    assert.deepEqual(mistakesOf({ file: 'realms.$realm.uri = a\nrealms.-.uri = b' }), [
      'bondy.conf:1 | realms.$realm.uri | no such key',
      'bondy.conf:2 | realms.-.uri | no such key',
    ]);
  });

  test('may be words that objects have already', () => {
    const { values } = read({ file: 'realms.constructor.uri = a\nrealms.toString.uri = b' });
    assert.deepEqual(
      values.realms.map(({ name }) => name),
      ['constructor', 'toString'],
    );
  });
});

describe('unknown keys', () => {
  const adviceFor = (written: string): string =>
    read({ file: `${written} = 1` }).mistakes[0]?.advice ?? '';

  test('are refused with the nearest known name', () => {
    assert.equal(adviceFor('wamp.max_dept'), 'Did you mean wamp.max_depth?');
    assert.equal(adviceFor('log.leevl'), 'Did you mean log.level?');
    assert.equal(adviceFor('logs.level'), 'Did you mean log.level?');
  });

  test('keep the chosen name in what is proposed', () => {
    assert.equal(adviceFor('realms.shop.ur'), 'Did you mean realms.shop.uri?');
    assert.equal(
      adviceFor('realms.shop.users.joe.tikcet'),
      'Did you mean realms.shop.users.joe.ticket?',
    );
  });

  test('that resemble nothing are sent to the documentation', () => {
    assert.match(adviceFor('something.else.entirely'), /docs\/configuration\.md/);
  });
});

test('all mistakes of all sources are reported at once', () => {
  const written = {
    file: 'log.level = loud\nno equals sign\nwamp.max_depth = 0\nbad key = 1\nlog.levle = info',
    environment: { BONDY_WAMP__MAX_DEPTH: 'x', BONDY_NO__SUCH: '1' },
    flags: ['log.level', 'wamp.max_depth=101', ''],
  };
  assert.deepEqual(mistakesOf(written), [
    'bondy.conf:2 |  | there is no "="',
    'bondy.conf:4 |  | "bad key" cannot be a key',
    '--set number 1 |  | there is no "="',
    '--set number 3 |  | is empty',
    'bondy.conf:1 | log.level | "loud" is not a known word',
    'bondy.conf:3 | wamp.max_depth | 0 is too low',
    'bondy.conf:5 | log.levle | no such key',
    'BONDY_NO__SUCH | no.such | no such key',
    'BONDY_WAMP__MAX_DEPTH | wamp.max_depth | "x" is not an integer',
    '--set wamp.max_depth | wamp.max_depth | 101 is too high',
  ]);
  const text = renderMistakes(read(written).mistakes);
  assert.match(text, /^The configuration has 10 mistakes:\n/);
  assert.equal(text.split('\n').length, 11);
  assert.match(text, /^ {2}bondy\.conf:3: wamp\.max_depth: 0 is too low\./m);
  assert.match(text, /^ {2}--set wamp\.max_depth: 101 is too high\./m);
});
