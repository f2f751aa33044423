import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member } from '../../actors/membership/api.ts';
import { View } from '../../actors/membership/api.ts';
import { SetTable } from '../../runtime/kernel/table.ts';
import { Metrics } from '../../runtime/metrics/metrics.ts';
import type { PeerSwitch } from '../../runtime/net/peer/switch.ts';
import { clusterGauges } from '../../supervisors/gauges.ts';

const self = { name: 'a', incarnation: 1 };

function member(name: string, fields: Partial<Member>): Member {
  return {
    name,
    incarnation: 1,
    status: 'up',
    version: 1,
    addresses: [],
    beat: 1,
    health: 'alive',
    ...fields,
  };
}

function scrape(view: View | undefined): Promise<string> {
  const metrics = new Metrics({ processMetrics: false });
  const relay = {
    ...{ queuedBytes: 1, sentBytes: 2, receivedBytes: 3 },
    ...{ sentMessages: 4, receivedMessages: 5, overloaded: 6 },
  };
  const traffic = new Map([['relay', relay]]);
  const network: Pick<PeerSwitch, 'connected' | 'traffic'> = {
    connected: () => [{ name: 'b', incarnation: 1 }],
    traffic: () => traffic as ReturnType<PeerSwitch['traffic']>,
  };
  clusterGauges(metrics, { network: network as PeerSwitch, roster: { view } });
  return metrics.text();
}

test('a scrape tells members by health, links, and bytes by channel', async () => {
  const members = new SetTable<string, Member>('members');
  const writer = members.claim({ own: () => {}, self: { path: 'test' } } as never);
  const all = [
    member('a', {}),
    member('b', {}),
    member('c', { health: 'dead' }),
    member('d', { status: 'left', health: 'dead' }),
  ];
  for (const one of all) writer.set(one.name, one);
  const lines = (await scrape(new View(self, members))).split('\n');
  const expected = [
    'bondy_members{health="unknown"} 0',
    'bondy_members{health="alive"} 2',
    'bondy_members{health="suspect"} 0',
    'bondy_members{health="dead"} 1',
    'bondy_links 1',
    'bondy_link_queued_bytes{channel="relay"} 1',
    'bondy_link_sent_bytes_total{channel="relay"} 2',
    'bondy_link_received_bytes_total{channel="relay"} 3',
    'bondy_link_sent_messages_total{channel="relay"} 4',
    'bondy_link_received_messages_total{channel="relay"} 5',
    'bondy_link_overloaded_total{channel="relay"} 6',
  ];
  assert.deepEqual(
    lines.filter((line) => line.startsWith('bondy_')),
    expected,
  );
});

test('before the cluster has started nobody is a member', async () => {
  assert.match(await scrape(undefined), /^bondy_members\{health="alive"\} 0$/m);
});
