/** Secrets are read from text or from files, and are printed by nothing. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { format, inspect } from 'node:util';
import { renderMistakes } from '../../../runtime/config/mistake.ts';
import { integer } from '../../../runtime/config/scalar-types.ts';
import { key } from '../../../runtime/config/schema.ts';
import { Secret, secret } from '../../../runtime/config/secret.ts';
import { optional } from '../../../runtime/config/type.ts';
import { load } from './support.ts';
import type { Written } from './support.ts';

const schema = {
  ticket: key({
    name: 'user.ticket',
    type: optional(secret),
    default: undefined,
    doc: 'A secret.',
  }),
  number: key({
    name: 'user.number',
    type: integer({ min: 0, max: 9 }),
    default: 0,
    doc: 'No secret.',
  }),
};
const others = { '/etc/bondy/ticket.txt': 'hunter2\n', '/etc/bondy/empty': '\n' };
const read = (written: Written) => load(schema, { others, ...written });
const ticketOf = (written: Written): string | undefined => read(written).values.ticket?.reveal();

describe('a secret', () => {
  test('is the text itself', () => assert.equal(ticketOf({ file: 'user.ticket = a=b' }), 'a=b'));

  test('comes from a file next to the configuration, without its last line end', () => {
    assert.equal(ticketOf({ file: 'user.ticket = @file:ticket.txt' }), 'hunter2');
  });

  test('comes from a file named by the key with _file', () => {
    assert.equal(ticketOf({ environment: { BONDY_USER__TICKET_FILE: 'ticket.txt' } }), 'hunter2');
  });

  test('may not be given both ways', () => {
    const { mistakes } = read({ file: 'user.ticket = x\nuser.ticket_file = ticket.txt' });
    assert.match(mistakes[0]?.problem ?? '', /given already in bondy\.conf:1/);
  });

  test('is a mistake when its file is missing or empty', () => {
    for (const [file, problem] of [
      ['user.ticket = @file:nowhere', /"\/etc\/bondy\/nowhere" cannot be read/],
      ['user.ticket = @file:empty', /is empty/],
    ] as const) {
      assert.match(read({ file }).mistakes[0]?.problem ?? '', problem);
    }
  });

  test('is the only kind of key that has a _file form', () => {
    assert.equal(
      read({ file: 'user.number_file = ticket.txt' }).mistakes[0]?.problem,
      'no such key',
    );
  });
});

test('a secret is blanked however it is printed', () => {
  const hidden = new Secret('hunter2');
  const printed = [
    `${hidden}`,
    JSON.stringify({ hidden }),
    inspect({ nested: { hidden } }, { depth: 9, showHidden: true }),
    format('%s %o %j', hidden, hidden, hidden),
    JSON.stringify(read({ file: 'user.ticket = hunter2' }).effective),
  ];
  for (const text of printed) {
    assert.doesNotMatch(text, /hunter2/);
    assert.match(text, /\[secret\]/);
  }
});

test('no mistake quotes what may be a secret', () => {
  const file = [
    'user.tiket = hunter2', // a key misspelt
    'user.ticket hunter2', // no equals sign
    'user.ticket = x',
    'user.ticket = hunter2', // given twice
    `user.ticket = hunter2\u0001`, // control characters
  ].join('\n');
  const { mistakes } = read({ file, flags: ['user.ticket:hunter2'] });
  assert.equal(mistakes.length, 5);
  assert.doesNotMatch(renderMistakes(mistakes), /hunter2/);
});
