/** deploy/grafana/bondy.json asks for metrics that there are, by labels that they have, in panels that do not overlap. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT_ROOT } from '../support/project.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly h: number;
    readonly w: number;
    readonly x: number;
    readonly y: number;
  };
  readonly targets?: readonly { readonly expr: string }[];
}

const read = (...path: readonly string[]): string =>
  readFileSync(join(PROJECT_ROOT, ...path), 'utf8');
const dashboard = JSON.parse(read('deploy', 'grafana', 'bondy.json')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: unknown }[] };
};
const documented = new Set(
  [...read('docs', 'metrics.md').matchAll(/^\| `(bondy_[a-z0-9_]+)`/gm)].map(([, name]) => name),
);
/** Of every Node.js process (prom-client's default metrics). */
const OF_THE_PROCESS = new Set([
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'nodejs_eventloop_lag_p99_seconds',
]);

function metricsIn(text: string): readonly string[] {
  return text.match(/\b(?:bondy|process|nodejs)_[a-z0-9_]+/g) ?? [];
}

test('every metric that the dashboard queries is one that nodes export', () => {
  const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  assert(queries.length > 40, `${queries.length} queries`);
  const asked = [...queries, JSON.stringify(dashboard.templating)].flatMap(metricsIn);
  const unknown = asked.filter((name) => !documented.has(name) && !OF_THE_PROCESS.has(name));
  assert.deepEqual([...new Set(unknown)], []);
  for (const query of queries) assert.notEqual(metricsIn(query).length, 0, query);
});

test('counters are asked for as rates, gauges are not', () => {
  for (const { targets = [] } of dashboard.panels) {
    for (const { expr } of targets) {
      assert.equal(/rate\(/.test(expr), /_total\b/.test(expr), expr);
    }
  }
});

test('panels have ids of their own and do not overlap', () => {
  const { panels } = dashboard;
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Map<string, string>();
  for (const { title, gridPos } of panels) {
    assert(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.equal(taken.get(`${x} ${y}`), undefined, title);
        taken.set(`${x} ${y}`, title);
      }
    }
  }
});
