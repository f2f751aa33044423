/** What people are told of a document that is no JSON: where, and nothing of what stands there. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { jsonMistake } from '../../../runtime/wamp/json/mistake.ts';

const SECRET = 'my-secret-pass';
const MISTAKES: readonly (readonly [text: string, where: string])[] = [
  ['', 'it ends too early'],
  ['[{"uri":"com.a"', 'it ends too early'],
  ['[{]', 'line 1, column 3'],
  ['[1,\n 2,,3]', 'line 2, column 4'],
  ['[1] x', 'line 1, column 5'],
  [`[{"password": ${SECRET}}]`, 'line 1, column 15'],
  [`[\n  {"password": "${SECRET}" "enabled": true}]`, 'line 2, column 33'],
  [`["ü😀", "${SECRET}\n"]`, 'line 1, column 24'],
  [`${'[1,'.repeat(50_000)}]`, 'line 1, column'],
];

it('a text that is no JSON is told with its place, and not quoted', () => {
  for (const [text, where] of MISTAKES) {
    assert.throws(() => JSON.parse(text), SyntaxError);
    const said = jsonMistake(text);
    assert(said.startsWith('is not JSON') && said.includes(where), `${said}: ${text.slice(0, 50)}`);
    assert(!/secret|pass/.test(said), said);
  }
});
