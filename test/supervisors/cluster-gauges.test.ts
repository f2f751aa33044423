/** What /metrics makes of a cluster's status, with parts that do not answer. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { EnabledCluster } from '../../actors/admin/api.ts';
import { Metrics } from '../../runtime/metrics/metrics.ts';
import { clusterStatusGauges } from '../../supervisors/cluster-gauges.ts';

const MEMBER = { incarnation: 1, addresses: [], since: null, rttMs: null, isLinked: false };
const TRAFFIC = { sentBytes: 20, receivedBytes: 30, sentMessages: 2, receivedMessages: 3 };

const STATUS: EnabledCluster = {
  enabled: true,
  at: 0,
  node: {
    ...{ name: 'a', incarnation: 1, cluster: 'c', strategy: 'full_mesh', addresses: [] },
    ...{ state: 'up', out: null, rosterDigest: null, localHealth: 2 },
  },
  members: {
    total: 3,
    states: { up: 1, suspect: 1, left: 1 },
    list: [
      { ...MEMBER, name: 'a', state: 'up', isSelf: true },
      { ...MEMBER, name: 'b', state: 'suspect', isSelf: false },
      { ...MEMBER, name: 'c', state: 'left', isSelf: false },
    ],
  },
  links: {
    total: 1,
    list: [
      {
        ...{ peer: 'b', incarnation: 1, state: 'up', isDialler: true, rttMs: 250 },
        ...{ bulkWindowBytes: 65_536, queueingMs: 5 },
        channels: [
          {
            ...{ channel: 'relay', connections: 1, parallelism: 1, queuedBytes: 10, overloaded: 0 },
            ...TRAFFIC,
          },
        ],
      },
    ],
  },
  dialling: [],
  broadcast: {
    ...{ origin: 'a#1/1', mode: 'direct', members: 2, neighbours: ['b'], roots: 1, trees: [] },
    ...{ origins: 1, cachedPayloads: 1, cachedBytes: 99, missing: 3, waiting: 4, backlog: 5 },
  },
  store: {
    ...{ engine: 'memory', health: { ok: true, why: [] }, exchanges: [], exchanging: null },
    partitions: [
      {
        ...{ partition: 0, state: 'ready', rows: 1, root: '00', damaged: 1 },
        ...{ tombstones: 2, quarantined: 3 },
      },
      {
        ...{ partition: 1, state: 'loading', rows: 0, root: '00', damaged: 0 },
        ...{ tombstones: null, quarantined: null },
      },
    ],
  },
  registry: {
    owners: [
      owner('a', { sequence: 12, acked: null, entries: 4 }),
      owner('b', { sequence: 40, acked: 9, entries: 7 }),
    ],
  },
  relay: { held: [{ node: 'b', messages: 2, bytes: 100 }] },
};

function owner(node: string, fields: { sequence: number; acked: number | null; entries: number }) {
  return { node, incarnation: 1, state: 'up' as const, digest: '0', ...fields };
}

async function scrape(status: () => Promise<EnabledCluster>): Promise<readonly string[]> {
  const metrics = new Metrics({ processMetrics: false });
  clusterStatusGauges(metrics, status);
  return (await metrics.text()).split('\n').filter((line) => line.startsWith('bondy_'));
}

it('a scrape tells the figures of the status, with a label per node, channel or partition', async () => {
  const peer = 'peer="b",channel="relay"';
  assert.deepEqual(await scrape(async () => STATUS), [
    'bondy_member_up{node="a"} 1',
    'bondy_member_up{node="b"} 0',
    'bondy_membership_local_health 2',
    'bondy_link_rtt_seconds{peer="b"} 0.25',
    'bondy_link_bulk_window_bytes{peer="b"} 65536',
    'bondy_link_bulk_queueing_seconds{peer="b"} 0.005',
    `bondy_link_peer_queued_bytes{${peer}} 10`,
    `bondy_link_peer_sent_bytes_total{${peer}} 20`,
    `bondy_link_peer_received_bytes_total{${peer}} 30`,
    'bondy_broadcast_direct 1',
    'bondy_broadcast_neighbours 1',
    'bondy_broadcast_roots 1',
    'bondy_broadcast_missing 3',
    'bondy_broadcast_unannounced 4',
    'bondy_broadcast_cached_bytes 99',
    'bondy_broadcast_backlog 5',
    'bondy_store_tombstones{partition="0"} 2',
    'bondy_store_damaged_rows{partition="0"} 1',
    'bondy_store_damaged_rows{partition="1"} 0',
    'bondy_store_quarantined_rows{partition="0"} 3',
    'bondy_registry_entries{node="a"} 4',
    'bondy_registry_entries{node="b"} 7',
    'bondy_registry_unacknowledged{node="b"} 3',
    'bondy_relay_waiting_messages{node="b"} 2',
    'bondy_relay_waiting_bytes{node="b"} 100',
  ]);
});

it('a part that does not answer has no samples, and takes no other with it', async () => {
  const node = { ...STATUS.node, localHealth: null };
  const lines = await scrape(async () => ({ ...STATUS, node, broadcast: null, registry: null }));
  assert.equal(lines.filter((line) => /local_health|broadcast|registry/.test(line)).length, 0);
  assert.ok(lines.includes('bondy_link_rtt_seconds{peer="b"} 0.25'));
});

it('two scrapes at once tell the same, and do not add up', async () => {
  const metrics = new Metrics({ processMetrics: false });
  clusterStatusGauges(metrics, async () => STATUS);
  const [one, two] = await Promise.all([metrics.text(), metrics.text()]);
  assert.equal(one, two);
  assert.match(one, /sent_bytes_total\{.*\} 20$/m);
});
