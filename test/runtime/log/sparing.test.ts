/** A log line for each of thousands of damaged rows would bury the others: some are written, the rest are counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sparing } from '../../../runtime/log/sparing.ts';

test('of each event so many lines per period are said, and the next one tells how many were not', () => {
  const said: unknown[] = [];
  let now = 5;
  const say = sparing(
    (event, fields) => said.push([event, fields]),
    () => now,
    { lines: 2, periodMs: 100 },
  );
  for (let row = 0; row < 5; row++) say('damaged', { row });
  say('other', {});
  now = 104;
  say('damaged', { row: 5 });
  now = 105;
  say('damaged', { row: 6 });
  say('damaged', { row: 7 });
  assert.deepEqual(said, [
    ['damaged', { row: 0 }],
    ['damaged', { row: 1 }],
    ['other', {}],
    ['damaged', { row: 6, unsaid: 4 }],
    ['damaged', { row: 7 }],
  ]);
});
