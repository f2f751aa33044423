import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { CLOSE, ERRORS } from '../../runtime/wamp/uris.ts';

it('docs/errors.md lists exactly the URIs this node sends', () => {
  const text = readFileSync('docs/errors.md', 'utf8');
  const documented = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]);
  assert.deepEqual(documented, [...Object.values(ERRORS), ...Object.values(CLOSE)]);
});
