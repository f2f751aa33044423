/** docs/features.md against what the node announces and what the tests are. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { useTestNode } from '../support/node.ts';
import { PROJECT_ROOT } from '../support/project.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';

interface Row {
  readonly section: string;
  readonly feature: string;
  readonly status: string;
  readonly proofs: readonly string[];
}

const rows = readRows(readFileSync(join(PROJECT_ROOT, 'docs', 'features.md'), 'utf8'));

function readRows(page: string): readonly Row[] {
  let section = '';
  const found: Row[] = [];
  for (const line of page.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    if (!line.startsWith('| ') || line.startsWith('| feature |')) continue;
    const [feature, status, proof] = line.slice(1, -1).split('|') as [string, string, string];
    const proofs = [...proof.matchAll(/`([^`]+)`/g)].map(([, file]) => file!);
    found.push({ section, feature: feature.trim(), status: status.trim(), proofs });
  }
  return found;
}

const works = ({ status }: Row): boolean => /^works\b/.test(status);

/** The announcement keys in a section's first column: alone, in code. */
function keysThatWork(section: string): readonly string[] {
  return rows
    .filter((row) => row.section === section && works(row))
    .flatMap(({ feature }) => /^`([a-z_]+)`$/.exec(feature)?.[1] ?? []);
}

describe('docs/features.md', () => {
  const node = useTestNode();

  for (const role of ['dealer', 'broker'] as const) {
    test(`lists as working what WELCOME announces for the ${role}, and nothing else`, async (t) => {
      const { details } = await node.join(t, RAWSOCKET_MSGPACK);
      const roles = details['roles'] as Record<typeof role, { features: Record<string, boolean> }>;
      const announced = Object.keys(roles[role].features);
      const documented = keysThatWork(role === 'dealer' ? 'Dealer' : 'Broker');
      assert.deepEqual([...documented].sort(), announced.sort());
    });
  }

  test('says of every feature that it works, or that it is not offered and why', () => {
    assert.ok(rows.length > 50);
    for (const row of rows) {
      assert.match(row.status, /^(works\b|not offered: .)/, row.feature);
    }
  });

  test('names for every feature that works a test that exists', () => {
    for (const row of rows) {
      if (works(row)) assert.notDeepEqual(row.proofs, [], `${row.feature} has no proof`);
      for (const file of row.proofs) {
        assert.ok(existsSync(join(PROJECT_ROOT, file)), `${file} does not exist`);
        assert.match(file, /^test\/.*\.test\.ts$/);
      }
    }
  });
});
