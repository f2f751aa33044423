/** What /metrics says about the node as a whole; computed when somebody scrapes. */
import type { RealmDirectory } from '../actors/realms/api.ts';
import type { Kernel, TreeNode } from '../runtime/kernel/kernel.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { NetEnvironment } from '../runtime/net/environment.ts';

/** Actors looked at per scrape below one dynamic supervisor; the count is exact, the sums are of these. */
const CHILD_LIMIT = 1_000;

export function nodeGauges(
  metrics: Metrics,
  directory: RealmDirectory,
  kernel: Kernel,
  net: NetEnvironment,
): void {
  metrics.gauge(
    'sessions',
    'Open sessions by realm.',
    () =>
      [...directory.all()].map(({ uri, members }) => ({
        labels: { realm: uri },
        value: members.size,
      })),
    ['realm'],
  );
  metrics.gauge(
    'connections',
    'Connections that have a place, by listener.',
    () =>
      [...net.admissions].map(([listener, { connections }]) => ({
        labels: { listener },
        value: connections,
      })),
    ['listener'],
  );
  metrics.gauge(
    'backlog_bytes',
    'Bytes written to clients that do not read them now.',
    () => net.backlog.bytes,
  );
  const totals = treeTotals(kernel);
  metrics.gauge('actors', 'Living actors.', () => totals().actors);
  metrics.gauge('mailbox_messages', 'Messages waiting in mailboxes.', () => totals().mailbox);
  metrics.gauge(
    'restarts',
    'Restarts of the actors that are in the tree now.',
    () => totals().restarts,
  );
}

interface Totals {
  actors: number;
  mailbox: number;
  restarts: number;
}

/** A scrape asks all its gauges in one go, so the tree is walked once for them. */
function treeTotals(kernel: Kernel): () => Totals {
  let current: Totals | undefined;
  return () => {
    if (current === undefined) {
      current = { actors: 0, mailbox: 0, restarts: 0 };
      addTree(kernel.tree({ childLimit: CHILD_LIMIT }), current);
      queueMicrotask(() => (current = undefined));
    }
    return current;
  };
}

function addTree(node: TreeNode, totals: Totals): void {
  totals.actors += 1 + node.childCount - node.children.length;
  totals.mailbox += node.mailbox;
  totals.restarts += node.restarts;
  for (const child of node.children) addTree(child, totals);
}
