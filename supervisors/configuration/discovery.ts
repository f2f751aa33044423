/** Keys of peer discovery: where a node looks for the others of its cluster, and how often. */
import type { PeerAddress } from '../../actors/links/api.ts';
import type { DiscoveryConfig, DiscoverySource } from '../../actors/membership/discovery-config.ts';
import { DISCOVERY_DEFAULTS } from '../../actors/membership/discovery-config.ts';
import type { Conflict } from '../../runtime/config/check.ts';
import { duration, oneOf, onOff, text } from '../../runtime/config/scalar-types.ts';
import type { Values } from '../../runtime/config/schema.ts';
import { key } from '../../runtime/config/schema.ts';
import { list, optional } from '../../runtime/config/type.ts';

const peerAddress = text({
  name: 'address of a node',
  pattern: /^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/,
  advice: 'Write host:port, for example node2:18086.',
  max: 300,
});

export const discoveryKeys = {
  enabled: key({
    name: 'cluster.peer_discovery.enabled',
    type: onOff,
    default: true,
    doc: 'Look for other nodes and join them.',
  }),
  type: key({
    name: 'cluster.peer_discovery.type',
    type: oneOf(['list', 'dns', 'kubernetes']),
    default: 'list',
    doc: 'Where the addresses of other nodes come from.',
  }),
  addresses: key({
    name: 'cluster.peer_discovery.addresses',
    type: list(peerAddress),
    default: [],
    doc: 'For `list`: nodes to join through, any of them, as host:port. This node may be among them.',
  }),
  query: key({
    name: 'cluster.peer_discovery.query',
    type: optional(text({ name: 'DNS name', max: 255 })),
    default: undefined,
    doc: 'For `dns`: the name whose records are the nodes. For `kubernetes`: the headless service.',
  }),
  record: key({
    name: 'cluster.peer_discovery.record_type',
    type: oneOf(['a', 'aaaa', 'srv']),
    default: 'a',
    doc: 'For `dns`: `a` and `aaaa` name hosts, which listen on `cluster.peer_port`; `srv` names hosts and ports.',
  }),
  namespace: key({
    name: 'cluster.peer_discovery.namespace',
    type: text({ name: 'namespace', max: 253 }),
    default: 'default',
    doc: 'For `kubernetes`: the namespace of the service.',
  }),
  clusterDomain: key({
    name: 'cluster.peer_discovery.cluster_domain',
    type: text({ name: 'DNS name', max: 253 }),
    default: 'cluster.local',
    doc: 'For `kubernetes`: the DNS suffix of the cluster.',
  }),
  portName: key({
    name: 'cluster.peer_discovery.port_name',
    type: optional(text({ name: 'port name', max: 63 })),
    default: undefined,
    doc: 'For `kubernetes`: the name of the port in the service; its SRV records outlive the addresses of pods.',
  }),
  initialDelayMs: key({
    name: 'cluster.peer_discovery.initial_delay',
    type: duration({ min: 0, max: 600_000 }),
    default: DISCOVERY_DEFAULTS.initialDelayMs,
    doc: 'Wait before the first look. Low: names of a starting deployment are not there yet. High: a late start.',
  }),
  pollMs: key({
    name: 'cluster.peer_discovery.polling_interval',
    type: duration({ min: 100, max: 3_600_000 }),
    default: DISCOVERY_DEFAULTS.pollMs,
    doc: 'Between two looks. Low: load on DNS. High: new nodes are found late.',
  }),
  timeoutMs: key({
    name: 'cluster.peer_discovery.timeout',
    type: duration({ min: 100, max: 60_000 }),
    default: DISCOVERY_DEFAULTS.timeoutMs,
    doc: 'After which a look counts as failed.',
  }),
};

type DiscoveryValues = Values<typeof discoveryKeys>;

export function discoveryConflicts({ enabled, type, query }: DiscoveryValues): readonly Conflict[] {
  if (!enabled || type === 'list' || query !== undefined) return [];
  return [
    {
      keys: ['cluster.peer_discovery.type'],
      problem: `discovery by ${type} needs a name to ask for`,
      advice: 'Set cluster.peer_discovery.query.',
    },
  ];
}

/** `port`: of nodes of which only the host is found. */
export function discoveryConfig(values: DiscoveryValues, port: number): DiscoveryConfig {
  const { initialDelayMs, pollMs, timeoutMs } = values;
  const sources = values.enabled ? sourcesOf(values, port) : [];
  return { ...DISCOVERY_DEFAULTS, sources, initialDelayMs, pollMs, timeoutMs };
}

function sourcesOf(values: DiscoveryValues, port: number): readonly DiscoverySource[] {
  const { type, addresses, query, record, namespace, clusterDomain, portName } = values;
  if (type === 'list') {
    return addresses.length === 0
      ? []
      : [{ kind: 'static', addresses: addresses.map(readPeerAddress) }];
  }
  if (query === undefined) return [];
  if (type === 'dns') return [{ kind: 'dns', name: query, record, port }];
  return [{ kind: 'kubernetes', service: query, namespace, clusterDomain, portName, port }];
}

function readPeerAddress(written: string): PeerAddress {
  const colon = written.lastIndexOf(':');
  const host = written.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: Number(written.slice(colon + 1)) };
}
