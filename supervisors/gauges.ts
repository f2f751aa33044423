/** What /metrics says about the node as a whole; computed when somebody scrapes. */
import type { RealmDirectory } from '../actors/realms/api.ts';
import type { Kernel, TreeNode } from '../runtime/kernel/kernel.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';

/** Actors looked at per scrape below one dynamic supervisor; the count is exact, the sums are of these. */
const CHILD_LIMIT = 1_000;

export function nodeGauges(metrics: Metrics, directory: RealmDirectory, kernel: Kernel): void {
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
  metrics.gauge('actors', 'Living actors.', () => sum(kernel, (node) => 1 + hidden(node)));
  metrics.gauge('mailbox_messages', 'Messages waiting in mailboxes.', () =>
    sum(kernel, (node) => node.mailbox),
  );
  metrics.gauge('restarts', 'Restarts of the actors that are in the tree now.', () =>
    sum(kernel, (node) => node.restarts),
  );
}

function hidden(node: TreeNode): number {
  return node.childCount - node.children.length;
}

function sum(kernel: Kernel, measure: (node: TreeNode) => number): number {
  const add = (node: TreeNode): number =>
    node.children.reduce((total, child) => total + add(child), measure(node));
  return add(kernel.tree({ childLimit: CHILD_LIMIT }));
}
