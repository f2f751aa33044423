import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { COUNTER_HELP } from '../../actors/admin/counter-help.ts';
import type { RealmDirectory } from '../../actors/realms/api.ts';
import type { Kernel } from '../../runtime/kernel/kernel.ts';
import { Metrics } from '../../runtime/metrics/metrics.ts';
import type { NetEnvironment } from '../../runtime/net/environment.ts';
import { nodeGauges } from '../../supervisors/gauges.ts';

it('docs/metrics.md lists exactly the metrics this node exports', () => {
  const metrics = new Metrics({ counterHelp: COUNTER_HELP, processMetrics: false });
  nodeGauges(metrics, {} as RealmDirectory, {} as Kernel, {} as NetEnvironment); // asked for nothing before a scrape
  const exported = metrics.describe().map(({ name, help }) => `| \`${name}\` | ${help} |`);
  const text = readFileSync('docs/metrics.md', 'utf8');
  const documented = text.split('\n').filter((line) => line.startsWith('| `'));
  assert.deepEqual(documented.sort(), exported.sort());
});

it('every counter the code counts has its help', () => {
  const missing = ['actors', 'runtime', 'supervisors'].flatMap(sources).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bcount(?:er)?\(\s*'([a-z0-9_]+)'/g)]
      .map((match) => match[1] ?? '')
      .filter((name) => !(name in COUNTER_HELP))
      .map((name) => `${file} counts ${name}: describe it in actors/admin/counter-help.ts`),
  );
  assert.deepEqual(missing, []);
});

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}
