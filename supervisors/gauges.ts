/** What /metrics says about the node as a whole; computed when somebody scrapes. */
import { HEALTHS, isMember } from '../actors/membership/member.ts';
import type { RealmDirectory } from '../actors/realms/api.ts';
import type { Kernel, TreeNode } from '../runtime/kernel/kernel.ts';
import type { Metrics, Sample } from '../runtime/metrics/metrics.ts';
import type { NetEnvironment } from '../runtime/net/environment.ts';
import type { ChannelTraffic } from '../runtime/net/peer/switch.ts';
import type { ClusterParts } from './cluster-parts.ts';

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

/** What only a node with links to others has. */
export function clusterGauges(
  metrics: Metrics,
  { network, roster }: Pick<ClusterParts, 'network' | 'roster'>,
): void {
  metrics.gauge(
    'members',
    'Members of the cluster by health, this node among them; those that left are none.',
    () => {
      const members = [...(roster.view?.members() ?? [])].filter(isMember);
      return HEALTHS.map((health) => ({
        labels: { health },
        value: members.filter((member) => member.health === health).length,
      }));
    },
    ['health'],
  );
  metrics.gauge('links', 'Links to other nodes that are up.', () => network.connected().length);
  const byChannel = (what: keyof ChannelTraffic) => (): readonly Sample[] =>
    [...network.traffic()].map(([channel, traffic]) => ({
      labels: { channel },
      value: traffic[what],
    }));
  metrics.gauge(
    'link_queued_bytes',
    'Bytes that wait to be sent to other nodes, by channel.',
    byChannel('queuedBytes'),
    ['channel'],
  );
  metrics.total(
    'link_sent_bytes',
    'Bytes sent to other nodes, by channel.',
    byChannel('sentBytes'),
    ['channel'],
  );
  metrics.total(
    'link_received_bytes',
    'Bytes received from other nodes, by channel.',
    byChannel('receivedBytes'),
    ['channel'],
  );
  metrics.total(
    'link_sent_messages',
    'Messages sent to other nodes, by channel.',
    byChannel('sentMessages'),
    ['channel'],
  );
  metrics.total(
    'link_received_messages',
    'Messages received from other nodes, by channel.',
    byChannel('receivedMessages'),
    ['channel'],
  );
  metrics.total(
    'link_overloaded',
    'Messages not taken because the queue to a node was full, by channel.',
    byChannel('overloaded'),
    ['channel'],
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
