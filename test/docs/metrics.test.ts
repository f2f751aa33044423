import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import type { RealmDirectory } from '../../actors/realms/api.ts';
import type { Kernel } from '../../runtime/kernel/kernel.ts';
import { Metrics } from '../../runtime/metrics/metrics.ts';
import type { NetEnvironment } from '../../runtime/net/environment.ts';
import type { ClusterParts } from '../../supervisors/cluster-parts.ts';
import { clusterStatusGauges } from '../../supervisors/cluster-gauges.ts';
import { COUNTER_HELP, COUNTERS_BY_SUBSYSTEM } from '../../supervisors/counters.ts';
import { clusterGauges, nodeGauges } from '../../supervisors/gauges.ts';
import { storeGauges } from '../../supervisors/store-health.ts';

it('docs/metrics.md lists exactly the metrics this node exports', () => {
  const metrics = new Metrics({ counterHelp: COUNTER_HELP, processMetrics: false });
  // Asked for nothing before a scrape.
  nodeGauges(metrics, {} as RealmDirectory, {} as Kernel, {} as NetEnvironment);
  clusterGauges(metrics, {} as ClusterParts);
  clusterStatusGauges(metrics, () => Promise.reject(new Error('nobody scrapes')));
  storeGauges(metrics, {} as ClusterParts['store']);
  const exported = metrics.describe().map(({ name, help }) => `| \`${name}\` | ${help} |`);
  const text = readFileSync('docs/metrics.md', 'utf8');
  const documented = text.split('\n').filter((line) => line.startsWith('| `'));
  assert.deepEqual(documented.sort(), exported.sort());
});

/** Folders whose cores count short names, because their shell adds this. */
const PREFIXES: Readonly<Record<string, string>> = { membership: 'membership_' };

/** `count('a')`, `count(isB ? 'b' : 'c')`, and what hands a name on: `#stray('d')`. */
const COUNTED =
  /(?:\bcount(?:er)?|#stray)\(\s*(?:[^'`?;\n]*\?\s*)?'([a-z0-9_]+)'(?:\s*:\s*'(\w+)')?/g;

it('every counter the code counts has its help', () => {
  const missing = ['actors', 'runtime', 'supervisors'].flatMap(sources).flatMap((file) => {
    const prefix = PREFIXES[file.split(/[\\/]/)[1] ?? ''] ?? '';
    return [...readFileSync(file, 'utf8').matchAll(COUNTED)]
      .flatMap(([, ...names]) => names.filter((name) => name !== undefined))
      .filter((name) => !(name in COUNTER_HELP) && !(prefix + name in COUNTER_HELP))
      .map((name) => `${file} counts ${name}: describe it in the counters.ts of its folder`);
  });
  assert.deepEqual(missing, []);
});

it('no counter is described twice', () => {
  const names = Object.values(COUNTERS_BY_SUBSYSTEM).flatMap((help) => Object.keys(help));
  assert.deepEqual(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
});

it('every counter that is described is counted somewhere', () => {
  const text = ['actors', 'runtime', 'supervisors']
    .flatMap(sources)
    .filter((file) => !/[\\/]counters\.ts$/.test(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const unused = Object.keys(COUNTER_HELP).filter((name) => {
    const short = Object.values(PREFIXES).find((prefix) => name.startsWith(prefix)) ?? '';
    const isMade = /^(peer|websocket|rawsocket)_refused_|^admin_/.test(name); // of a reason
    return (
      !isMade && !text.includes(`'${name}'`) && !text.includes(`'${name.slice(short.length)}'`)
    );
  });
  assert.deepEqual(unused, []);
});

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}
