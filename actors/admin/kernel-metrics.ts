/** What the supervision tree says at a scrape: how many actors, what waits, what was restarted. */
import type { Kernel, TreeNode } from '../../runtime/kernel/kernel.ts';
import type { Metrics, Sample } from '../../runtime/metrics/metrics.ts';

interface Sums {
  mailbox: number;
  restarts: number;
  readonly byState: Map<string, number>;
}

/** One walk serves all gauges of a scrape, ms. */
const FRESH_MS = 100;

/** Adds the gauges of the tree; once per `metrics`. `kernel` is asked at each scrape. */
export function addKernelMetrics(metrics: Metrics, kernel: () => Kernel): void {
  let sums: Sums | undefined;
  let at = -Infinity;
  const walk = (): Sums => {
    const now = kernel().clock.now();
    if (sums !== undefined && now - at < FRESH_MS) return sums;
    at = now;
    sums = { mailbox: 0, restarts: 0, byState: new Map() };
    add(sums, kernel().tree({ childLimit: Infinity }));
    return sums;
  };
  metrics.gauge('actors', 'Actors in the tree by state.', () => byState(walk()), ['state']);
  metrics.gauge('mailbox_messages', 'Messages waiting in all mailboxes.', () => walk().mailbox);
  metrics.gauge(
    'actor_restarts',
    'Restarts of the actors that are in the tree now.',
    () => walk().restarts,
  );
  metrics.total(
    'crash_reports',
    'Actors that ended in a way nobody asked for.',
    () => kernel().crashes().at(-1)?.sequence ?? 0,
  );
}

function add(sums: Sums, node: TreeNode): void {
  sums.mailbox += node.mailbox;
  sums.restarts += node.restarts;
  sums.byState.set(node.state, (sums.byState.get(node.state) ?? 0) + 1);
  for (const child of node.children) add(sums, child);
}

function byState({ byState }: Sums): readonly Sample[] {
  return [...byState].map(([state, value]) => ({ labels: { state }, value }));
}
