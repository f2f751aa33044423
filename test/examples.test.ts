/** The examples do what they say, against a node as `npm start` runs it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { useTestNode } from './support/node.ts';
import { PROJECT_ROOT } from './support/project.ts';

const node = useTestNode();
const FOLDER = join(PROJECT_ROOT, 'examples');

const OUTPUT: Readonly<Record<string, RegExp>> = {
  'rpc-autobahn.mjs': /84 \/ 2 = 42\n[^]*1 \/ 0 fails with com\.example\.error\.division_by_zero/,
  'pubsub-wampy.mjs': /kitchen\.temperature 21\.5 [^]*cellar\.temperature 12 from session \d+\n$/,
  'progressive-results.mjs':
    /^all of it:\n3\n2\n1\nlift-off\nhalf of it:\n3\n2\ncancelled: wamp\.error\.canceled\n$/,
  // Both addresses are the one node here; test/cluster and the compose script have several.
  'across-nodes.mjs': /the procedure is at ws:[^]*heard: hello from ws:/,
};

for (const [file, expected] of Object.entries(OUTPUT)) {
  test(`${file} runs to its end`, async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(FOLDER, file), node.urls.websocket, node.urls.websocket],
      { timeout: 20_000 },
    );
    assert.match(stdout, expected);
  });
}

test('every example is run here and described in the README', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.mjs'));
  assert.deepEqual(files.sort(), Object.keys(OUTPUT).sort());
  const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  for (const file of files) assert(readme.includes(`\`${file}\``), file);
});
