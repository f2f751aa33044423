/**
 * What /metrics says of the cluster beyond what tables hold: made of the status that `GET /cluster` answers, asked for once
 * per scrape. A part that does not answer has no samples. Series with a node in their label are as many as there are rows
 * in the status, and Metrics cuts what is over its limit and counts it.
 */
import type {
  BroadcastStatus,
  EnabledCluster,
  LinkStatus,
  PartitionStatusRow,
} from '../actors/admin/cluster-status.ts';
import type { Metrics, Sample } from '../runtime/metrics/metrics.ts';

type Status = () => Promise<EnabledCluster>;

export function clusterStatusGauges(metrics: Metrics, status: Status): void {
  memberGauges(metrics, status);
  linkGauges(metrics, status);
  broadcastGauges(metrics, status);
  partitionGauges(metrics, status);
  routingGauges(metrics, status);
}

function memberGauges(metrics: Metrics, status: Status): void {
  metrics.gauge(
    'member_up',
    'Members that have not left: 1 while a node takes part and answers, else 0.',
    async () => {
      const { members } = await status();
      return members.list
        .filter(({ state }) => state !== 'left' && state !== 'removed')
        .map(({ name, state }) => sample({ node: name }, Number(state === 'up')));
    },
    ['node'],
  );
  metrics.gauge(
    'membership_local_health',
    '0: this node is on time; each step more, it is later, and slower to accuse others.',
    async () => present((await status()).node.localHealth),
  );
}

function linkGauges(metrics: Metrics, status: Status): void {
  metrics.gauge(
    'link_rtt_seconds',
    'Round trip of the last ping to each node with a link.',
    async () =>
      (await status()).links.list.flatMap(({ peer, rttMs }) =>
        rttMs === null ? [] : [sample({ peer }, rttMs / 1000)],
      ),
    ['peer'],
  );
  metrics.gauge(
    'link_bulk_window_bytes',
    'Bytes of large messages that each connection to a node may have on their way.',
    async () =>
      (await status()).links.list.map(({ peer, bulkWindowBytes }) =>
        sample({ peer }, bulkWindowBytes),
      ),
    ['peer'],
  );
  metrics.gauge(
    'link_bulk_queueing_seconds',
    'What large messages to each node added to the lowest round trip lately.',
    async () =>
      (await status()).links.list.flatMap(({ peer, queueingMs }) =>
        queueingMs === null ? [] : [sample({ peer }, queueingMs / 1000)],
      ),
    ['peer'],
  );
  const byPeer = (what: 'queuedBytes' | 'sentBytes' | 'receivedBytes') => async () =>
    (await status()).links.list.flatMap(({ peer, channels }: LinkStatus) =>
      channels.map((row) => sample({ peer, channel: row.channel }, row[what])),
    );
  const labels = ['peer', 'channel'];
  metrics.gauge(
    'link_peer_queued_bytes',
    'Bytes that wait to be sent, by node and channel.',
    byPeer('queuedBytes'),
    labels,
  );
  metrics.total(
    'link_peer_sent_bytes',
    'Bytes sent, by node and channel; from zero with each new link.',
    byPeer('sentBytes'),
    labels,
  );
  metrics.total(
    'link_peer_received_bytes',
    'Bytes received, by node and channel; from zero with each new link.',
    byPeer('receivedBytes'),
    labels,
  );
}

function broadcastGauges(metrics: Metrics, status: Status): void {
  const gauge = (name: string, help: string, value: (of: BroadcastStatus) => number): void =>
    metrics.gauge(`broadcast_${name}`, help, async () => {
      const { broadcast } = await status();
      return present(broadcast && value(broadcast));
    });
  gauge(
    'direct',
    '1 while this node sends its broadcasts to each member itself, 0 while it uses trees.',
    ({ mode }) => Number(mode === 'direct'),
  );
  gauge(
    'neighbours',
    'Nodes that broadcast trees may use from here.',
    ({ neighbours }) => neighbours.length,
  );
  gauge('roots', 'Broadcast roots with a tree of their own here.', ({ roots }) => roots);
  gauge('missing', 'Broadcasts announced to this node that have not come.', (of) => of.missing);
  gauge(
    'unannounced',
    'Ids of broadcasts that wait for the next announcement, over all neighbours.',
    ({ waiting }) => waiting,
  );
  gauge(
    'cached_bytes',
    'Bytes of broadcasts kept for nodes that ask for them.',
    ({ cachedBytes }) => cachedBytes,
  );
  gauge('backlog', 'Broadcasts that wait for subsystems of this node.', ({ backlog }) => backlog);
}

function partitionGauges(metrics: Metrics, status: Status): void {
  const gauge = (
    name: string,
    help: string,
    value: (of: PartitionStatusRow) => number | null,
  ): void =>
    metrics.gauge(
      `store_${name}`,
      help,
      async () =>
        (await status()).store.partitions.flatMap((row) =>
          present(value(row)).map((each) => sample({ partition: `${row.partition}` }, each.value)),
        ),
      ['partition'],
    );
  gauge(
    'tombstones',
    'Deleted rows by partition that wait until every member knows.',
    ({ tombstones }) => tombstones,
  );
  gauge(
    'damaged_rows',
    'Rows by partition that are not what they were and have not been healed.',
    ({ damaged }) => damaged,
  );
  gauge(
    'quarantined_rows',
    'Rows by partition that were set aside and not written since; the list is bounded.',
    ({ quarantined }) => quarantined,
  );
}

function routingGauges(metrics: Metrics, status: Status): void {
  metrics.gauge(
    'registry_entries',
    'Registrations and patterns with subscribers, by the node that has them.',
    async () =>
      ((await status()).registry?.owners ?? []).map(({ node, entries }) =>
        sample({ node }, entries),
      ),
    ['node'],
  );
  metrics.gauge(
    'registry_unacknowledged',
    'Changes of this node’s registrations and subscriptions that each node has not said to have.',
    async () => {
      const owners = (await status()).registry?.owners ?? [];
      const own = owners[0]?.sequence ?? 0;
      return owners.flatMap(({ node, acked }) =>
        acked === null ? [] : [sample({ node }, Math.max(0, own - acked))],
      );
    },
    ['node'],
  );
  const held = (what: 'messages' | 'bytes') => async () =>
    (await status()).relay.held.map((row) => sample({ node: row.node }, row[what]));
  metrics.gauge(
    'relay_waiting_messages',
    'Answers and events held for nodes whose link is down or full.',
    held('messages'),
    ['node'],
  );
  metrics.gauge('relay_waiting_bytes', 'The same, in bytes.', held('bytes'), ['node']);
}

function sample(labels: Sample['labels'], value: number): Sample {
  return { labels, value };
}

/** Null has no sample. */
function present(value: number | null): readonly Sample[] {
  return value === null ? [] : [sample({}, value)];
}
