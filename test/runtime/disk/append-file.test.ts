/** A log whose directory another process may have taken is not written any more, in no way. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppendFile } from '../../../runtime/disk/append-file.ts';
import { scratch } from '../../support/scratch.ts';

test('what is lost is not appended to, put aside or ended, and whoever writes hears why', async (t) => {
  const folder = scratch(t);
  const path = join(folder, 'audit.log');
  let lost: Error | undefined;
  const file = AppendFile.open(path, () => lost);
  const append = (text: string) =>
    new Promise<Error | undefined>((resolve) => file.append(text, true, resolve));
  assert.equal(await append('ours\n'), undefined);
  lost = new Error('taken over');
  assert.equal(await append('ours no more\n'), lost);
  file.rotate(1, 3);
  assert.throws(() => file.closeWith('last words\n'), lost);
  assert.equal(readFileSync(path, 'utf8'), 'ours\n');
  assert.deepEqual(readdirSync(folder), ['audit.log']);
});
