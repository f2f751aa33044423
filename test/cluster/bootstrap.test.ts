/** Two real nodes with one bootstrap file: they agree, and none of them writes again what is there. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratch } from '../support/scratch.ts';
import type { StoreNode } from './store-nodes.ts';
import { allLinked, sameDump, startStores } from './store-nodes.ts';

const REALMS = [
  {
    uri: 'com.example.app',
    prototype_uri: 'com.example.prototype',
    authmethods: ['wampcra'],
    groups: [{ name: 'services' }],
    users: [{ username: 'billing', password: 'a long password', groups: ['services'] }],
    sources: [{ usernames: 'all', authmethod: 'wampcra' }],
    grants: [{ permissions: ['wamp.call'], roles: ['services'], uri: 'com.example.' }],
  },
  { uri: 'com.example.prototype', is_prototype: true },
];

/** Of its last start. */
function changesOf(node: StoreNode): number {
  const all = [...node.output.matchAll(/bootstrap_file .*changes=(\d+)/g)];
  return Number(all.at(-1)?.[1]);
}

test('two nodes that start at once with one file agree, and write nothing when they start again', async (t) => {
  const file = join(scratch(t), 'realms.json');
  writeFileSync(file, JSON.stringify(REALMS));
  const nodes = await startStores(t, { size: 2, settings: { 'security.config_file': file } });
  for (const node of nodes) assert(changesOf(node) >= 0, node.output);
  assert(nodes.some((node) => changesOf(node) > 5));
  for (let round = 0; round < 2; round++) {
    for (const node of nodes) {
      await node.end('SIGTERM');
      await node.start();
      assert.equal(changesOf(node), 0, `${node.name} in round ${round}`);
      await allLinked(nodes);
    }
  }
  await sameDump(nodes);
});
