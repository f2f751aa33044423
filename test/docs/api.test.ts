import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { reference } from '../../actors/management/reference.ts';
import { operationTable } from '../../actors/management/table.ts';
import { DEFAULT_POLICY } from '../../actors/security/policy/view.ts';

const FILE = 'docs/api.md';
const table = operationTable({ masterRealm: 'com.leapsight.bondy', defaults: DEFAULT_POLICY });

/** `UPDATE_DOCS=1 node --import tsx --test test/docs/api.test.ts` writes it anew. */
it('docs/api.md is what the table of operations says', () => {
  const made = reference(table);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, made);
  assert.equal(readFileSync(FILE, 'utf8'), made);
});

it('every operation has a name of its own, in lower case, and a sentence', () => {
  const names = table.map(({ uri }) => uri);
  assert.deepEqual([...new Set(names)], names);
  for (const { uri, summary } of table) {
    assert.match(uri, /^bondy(\.[a-z_]+)+$/);
    assert.match(summary, /^\S.*\.$/, uri);
  }
});
