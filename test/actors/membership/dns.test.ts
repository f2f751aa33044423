/** Discovery asks a real DNS server: A, AAAA and SRV records, and a headless service of Kubernetes by either. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { MEMBERSHIP, View } from '../../../actors/membership/api.ts';
import type { MembershipMessage } from '../../../actors/membership/api.ts';
import type { DiscoverySource } from '../../../actors/membership/discovery-config.ts';
import { DISCOVERY_DEFAULTS } from '../../../actors/membership/discovery-config.ts';
import { discovery, dnsResolver } from '../../../actors/membership/discovery.actor.ts';
import { addressText } from '../../../actors/membership/member.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import { NactScheduler } from '../../../runtime/kernel/nact-scheduler.ts';
import { SetTable } from '../../../runtime/kernel/table.ts';
import { worker } from '../../../runtime/kernel/worker.ts';
import { DnsServer } from '../../support/dns-server.ts';
import { Inbox } from '../../support/inbox.ts';

const TIMEOUT_MS = 300;
const PATIENCE_MS = 10_000;
const PORT = 18_086;

/** What a node says and does that looks for others there. */
async function look(t: TestContext, source: DiscoverySource) {
  const server = await DnsServer.start(t);
  const joins = new Inbox<string>();
  const events = new Inbox<string>();
  const counts = new Inbox<string>();
  const resolver = dnsResolver(TIMEOUT_MS);
  resolver.setServers([server.address]);
  const config = { sources: [source], initialDelayMs: 0, pollMs: 50, timeoutMs: 2 * TIMEOUT_MS };
  const kernel = boot({
    scheduler: new NactScheduler({ onFault: (error) => assert.fail(String(error)) }),
    log: { crash: ({ reason }) => assert.fail(reason), event: () => {} },
    root: {
      ...{ kind: 'supervisor', strategy: 'one_for_one' },
      children: () => [
        worker<MembershipMessage>('membership', {
          init(context) {
            context.register(MEMBERSHIP);
            return {
              handle(message) {
                if (message.kind === 'join') joins.push(addressText(message.address));
              },
            };
          },
        }),
        worker(
          'discovery',
          discovery({
            config: { ...DISCOVERY_DEFAULTS, ...config },
            view: new View({ name: 'me', incarnation: 1 }, new SetTable('members'), () => []),
            own: () => [{ host: '10.0.0.1', port: PORT }],
            resolver,
            count: (what) => counts.push(what),
            log: (_level, event, fields) =>
              events.push(`${event} ${String(Object.values(fields))}`),
          }),
        ),
      ],
    },
  });
  t.after(() => kernel.stop());
  return { server, joins, events, counts };
}

const KUBERNETES = {
  kind: 'kubernetes',
  service: 'bondy',
  namespace: 'prod',
  clusterDomain: 'cluster.local',
  port: PORT,
} as const;
const SRV = [
  { name: 'n1.example.com', port: 1 },
  { name: 'n2.example.com', port: 2 },
];
const HOSTS = ['10.0.0.3', '10.0.0.1', '10.0.0.2'];
const FOUND = [`10.0.0.2:${PORT}`, `10.0.0.3:${PORT}`];
const SERVICE = 'bondy.prod.svc.cluster.local';

for (const [what, source, question, records, found] of [
  ['A', { kind: 'dns', name: 'all.test', record: 'a', port: PORT }, 'a all.test', HOSTS, FOUND],
  [
    'AAAA',
    { kind: 'dns', name: 'all.test', record: 'aaaa', port: PORT },
    'aaaa all.test',
    ['fd00:0:0:0:0:0:0:2'],
    [addressText({ host: 'fd00::2', port: PORT })],
  ],
  [
    'SRV',
    { kind: 'dns', name: '_bondy._tcp.all.test', record: 'srv', port: PORT },
    'srv _bondy._tcp.all.test',
    SRV,
    ['n1.example.com:1', 'n2.example.com:2'],
  ],
  ["a headless service's A", { ...KUBERNETES, portName: undefined }, `a ${SERVICE}`, HOSTS, FOUND],
  [
    "a headless service's SRV",
    { ...KUBERNETES, portName: 'peer' },
    `srv _peer._tcp.${SERVICE}`,
    SRV,
    ['n1.example.com:1', 'n2.example.com:2'],
  ],
] as const) {
  test(`nodes named by ${what} records are joined, and said once`, async (t) => {
    const { server, joins, events } = await look(t, source);
    assert.match(await events.next(PATIENCE_MS, 'no such name'), /^discovery_failed .*ENOTFOUND/);
    server.records.set(question, records);
    // Twice: who is not reached is joined again, and nothing more is said.
    for (const address of [...found, ...found]) {
      assert.equal(await joins.next(PATIENCE_MS, 'a join'), address);
    }
    const said: string[] = [];
    while (events.size > 0) said.push(await events.next(PATIENCE_MS, 'an event'));
    const joined = said.filter((event) => event.startsWith('discovery_join'));
    assert.deepEqual(
      joined,
      found.map((address) => `discovery_join ${address}`),
    );
    assert(
      server.asked.every((asked) => asked === question),
      server.asked.join(),
    );
  });
}

test('a name server that does not answer is asked again', async (t) => {
  const { server, joins, events } = await look(t, {
    ...{ kind: 'dns', name: 'all.test', record: 'a', port: PORT },
  } as const);
  server.isSilent = true;
  server.records.set('a all.test', ['10.0.0.2']);
  let event: string;
  do event = await events.next(PATIENCE_MS, 'a time limit');
  while (!event.includes('ETIMEOUT'));
  server.isSilent = false;
  assert.equal(await joins.next(PATIENCE_MS, 'a join'), FOUND[0]);
});
