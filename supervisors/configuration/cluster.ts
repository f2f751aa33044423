/** Keys of the cluster: who this node is to others, how they talk, what they share. */
import type { BroadcastConfig } from '../../actors/broadcast/config.ts';
import { BROADCAST_DEFAULTS } from '../../actors/broadcast/config.ts';
import type { LinksConfig } from '../../actors/links/config.ts';
import { DEFAULT_LINKS } from '../../actors/links/config.ts';
import type { RelayConfig } from '../../actors/relay/config.ts';
import { DEFAULT_RELAY_CONFIG } from '../../actors/relay/config.ts';
import type { MembershipConfig } from '../../actors/membership/config.ts';
import { MEMBERSHIP_DEFAULTS } from '../../actors/membership/config.ts';
import type { DiscoveryConfig } from '../../actors/membership/discovery-config.ts';
import type { Conflict } from '../../runtime/config/check.ts';
import { address, existingFile, hostName } from '../../runtime/config/place-types.ts';
import {
  byteSize,
  duration,
  integer,
  oneOf,
  onOff,
  port,
  text,
} from '../../runtime/config/scalar-types.ts';
import { key } from '../../runtime/config/schema.ts';
import type { Values } from '../../runtime/config/schema.ts';
import { secret } from '../../runtime/config/secret.ts';
import { optional } from '../../runtime/config/type.ts';
import { channelKeys, channelOptions } from './channels.ts';
import { discoveryConfig, discoveryConflicts, discoveryKeys } from './discovery.ts';
import { isLoopback } from './listeners.ts';

export interface ClusterConfig {
  readonly links: LinksConfig;
  readonly membership: MembershipConfig;
  readonly discovery: DiscoveryConfig;
  readonly broadcast: BroadcastConfig;
  readonly relay: RelayConfig;
  /** Where others reach this node; undefined: at the address it listens on. */
  readonly advertisedHost: string | undefined;
  /** Undefined: on the port it listens on. */
  readonly advertisedPort: number | undefined;
  readonly leavesOnStop: boolean;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const clusterKeys = {
  enabled: key({
    name: 'cluster.enabled',
    type: onOff,
    default: DEFAULT_LINKS.enabled,
    doc: 'Be a node of a cluster. Off: nothing listens for other nodes and nothing is dialled.',
  }),
  cluster: key({
    name: 'cluster.name',
    type: text({ name: 'name', pattern: /^[A-Za-z0-9._-]+$/, max: 128 }),
    default: DEFAULT_LINKS.cluster,
    doc:
      'Nodes of another name are refused before anything is said. The data directory remembers it: a cluster keeps ' +
      'its name.',
  }),
  address: key({
    name: 'cluster.peer_ip',
    type: address,
    default: DEFAULT_LINKS.address,
    doc: 'Address to listen on for other nodes. Beyond loopback only with `cluster.secret` or mutual TLS.',
  }),
  port: key({
    name: 'cluster.peer_port',
    type: port,
    default: DEFAULT_LINKS.port,
    doc: 'Port to listen on for other nodes; 0 takes a free one, which no other node can know in advance.',
  }),
  advertisedHost: key({
    name: 'cluster.advertised_host',
    type: optional(hostName),
    default: undefined,
    doc: 'Host name or address under which other nodes reach this one. Without it the address it listens on.',
  }),
  advertisedPort: key({
    name: 'cluster.advertised_port',
    type: optional(integer({ min: 1, max: 65_535 })),
    default: undefined,
    doc: 'Port under which other nodes reach this one, where something forwards it. Without it the port it listens on.',
  }),
  secret: key({
    name: 'cluster.secret',
    type: optional(secret),
    default: undefined,
    doc:
      'Shared by all nodes; each proves to know it before anything is said. At least 16 characters, better 32 ' +
      'random bytes as hex. Better as `@file:PATH`, or with the key `cluster.secret_file`.',
  }),
  tls: {
    enabled: key({
      name: 'cluster.tls.enabled',
      type: onOff,
      default: false,
      doc: 'Encrypt what nodes say to each other.',
    }),
    cert: key({
      name: 'cluster.tls.certfile',
      type: optional(existingFile),
      default: undefined,
      doc: 'PEM file with the certificate of this node and its chain.',
    }),
    key: key({
      name: 'cluster.tls.keyfile',
      type: optional(existingFile),
      default: undefined,
      doc: 'PEM file with the private key of the certificate.',
    }),
    ca: key({
      name: 'cluster.tls.cacertfile',
      type: optional(existingFile),
      default: undefined,
      doc: 'PEM file with an authority that signs certificates of this cluster and nothing else.',
    }),
    passphrase: key({
      name: 'cluster.tls.passphrase',
      type: optional(secret),
      default: undefined,
      doc: 'Of the private key.',
    }),
    mutual: key({
      name: 'cluster.tls.mutual',
      type: onOff,
      default: true,
      doc: 'Nodes that dial must show a certificate too. With it the secret may be left out.',
    }),
  },
  pingIntervalMs: key({
    name: 'cluster.ping_interval',
    type: duration({ min: 50, max: 60_000 }),
    default: DEFAULT_LINKS.pingIntervalMs,
    doc: 'Silence after which a connection says a ping. Low: half-open links are found sooner. High: fewer packets.',
  }),
  silenceMs: key({
    name: 'cluster.silence_timeout',
    type: duration({ min: 100, max: 600_000 }),
    default: DEFAULT_LINKS.silenceMs,
    doc: 'Silence of a peer after which its connection is cut. Low: a busy peer is cut. High: dead links live on.',
  }),
  channels: channelKeys,
  bulk: {
    queueingTargetMs: key({
      name: 'cluster.bulk.queueing_target',
      type: duration({ min: 1, max: 1_000 }),
      default: DEFAULT_LINKS.bulk.queueingTargetMs,
      doc:
        'How long large messages to a node may stand in the queues of the network, where heartbeats wait behind them; on a ' +
        'long way a quarter of the lowest round trip. ' +
        'Low: the pauses of a busy node slow them. High: heartbeats are late.',
    }),
    maxBytes: key({
      name: 'cluster.bulk.max_window',
      type: byteSize({ min: 64 * KIB, max: 64 * MIB }),
      default: DEFAULT_LINKS.bulk.maxBytes,
      doc:
        'Bytes of large messages on their way on one connection, however fast the network. Below its rate times the ' +
        'round trip it is not used to the full.',
    }),
  },
  topology: key({
    name: 'cluster.overlay.topology',
    type: oneOf(['fullmesh', 'p2p']),
    default: 'fullmesh',
    doc: '`fullmesh`: links to every node, right up to some dozens. `p2p`: a partial view (HyParView) above that.',
  }),
  lazyTickMs: key({
    name: 'cluster.lazy_tick_period',
    type: duration({ min: 50, max: 60_000 }),
    default: BROADCAST_DEFAULTS.lazyTickMs,
    doc: 'Between two announcements of broadcast ids. Low: more messages. High: a lost broadcast is noticed late.',
  }),
  exchangeTickMs: key({
    name: 'cluster.exchange_tick_period',
    type: duration({ min: 1_000, max: 86_400_000 }),
    default: BROADCAST_DEFAULTS.exchangeTickMs,
    doc: 'Between two comparisons of broadcast ids with a random node. High: what was lost stays lost longer.',
  }),
  causalPullMs: key({
    name: 'cluster.causal.pull_after',
    type: duration({ min: 1, max: 60_000 }),
    default: DEFAULT_RELAY_CONFIG.causalPullMs,
    doc:
      'A relayed call, or a session with a token, waits for what was written before it; after this it is asked for. ' +
      'Low: comparisons of stores that nobody needed. High: what a broadcast lost is late.',
  }),
  causalWaitMs: key({
    name: 'cluster.causal.timeout',
    type: duration({ min: 1, max: 600_000 }),
    default: DEFAULT_RELAY_CONFIG.causalWaitMs,
    doc:
      'After which a relayed call that still waits is `wamp.error.unavailable`, or goes to another callee, and an event ' +
      'is delivered all the same. Low: calls are refused while a store catches up. High: they are late instead.',
  }),
  leavesOnStop: key({
    name: 'cluster.automatic_leave',
    type: onOff,
    default: false,
    doc: 'Leave the cluster when the node stops, so that others forget it. Off: it is expected back.',
  }),
  discovery: discoveryKeys,
};

type ClusterValues = Values<typeof clusterKeys>;

export function clusterConfig(values: ClusterValues): ClusterConfig {
  const { enabled, cluster, address, port, pingIntervalMs, silenceMs, topology } = values;
  return {
    links: {
      ...DEFAULT_LINKS,
      enabled,
      cluster,
      address,
      port,
      secret: values.secret?.reveal(),
      tls: tlsConfig(values.tls),
      channels: channelOptions(values.channels),
      pingIntervalMs,
      silenceMs,
      bulk: values.bulk,
    },
    membership: {
      ...MEMBERSHIP_DEFAULTS,
      overlay: topology === 'fullmesh' ? 'full_mesh' : 'hyparview',
    },
    discovery: discoveryConfig(values.discovery, port),
    broadcast: {
      ...BROADCAST_DEFAULTS,
      lazyTickMs: values.lazyTickMs,
      exchangeTickMs: values.exchangeTickMs,
    },
    relay: {
      ...DEFAULT_RELAY_CONFIG,
      causalPullMs: values.causalPullMs,
      causalWaitMs: values.causalWaitMs,
    },
    advertisedHost: values.advertisedHost,
    advertisedPort: values.advertisedPort,
    leavesOnStop: values.leavesOnStop,
  };
}

export function clusterConflicts(values: ClusterValues, nodeName: string): readonly Conflict[] {
  if (!values.enabled) return [];
  return [
    ...secrecyConflicts(values),
    ...discoveryConflicts(values.discovery),
    ...(nodeName === 'bondy@localhost' && values.discovery.addresses.length > 0
      ? [
          {
            keys: ['node.name'],
            problem:
              'every node of a cluster needs a name of its own, and this one has the default',
            advice: 'Set node.name, for example bondy@node1.',
          },
        ]
      : []),
  ];
}

function secrecyConflicts({
  address,
  secret: shared,
  tls,
  silenceMs,
  pingIntervalMs,
}: ClusterValues): readonly Conflict[] {
  const conflicts: Conflict[] = [];
  if (!isLoopback(address) && shared === undefined && !(tls.enabled && tls.mutual)) {
    conflicts.push({
      keys: ['cluster.secret'],
      problem: `other machines can reach ${address}, and nothing proves that they are nodes of this cluster`,
      advice: 'Set cluster.secret (or cluster.secret_file), or cluster.tls with mutual = on.',
    });
  }
  if (shared !== undefined && shared.reveal().length < 16) {
    conflicts.push({
      keys: ['cluster.secret'],
      problem: 'the secret is too short to keep anybody out',
      advice: 'Use at least 16 characters, better 32 random bytes: openssl rand -hex 32.',
    });
  }
  if (silenceMs < 2 * pingIntervalMs) {
    conflicts.push({
      keys: ['cluster.silence_timeout'],
      problem: 'a peer is cut before it has missed two pings',
      advice: 'Make it at least twice cluster.ping_interval.',
    });
  }
  const isIncomplete = [tls.cert, tls.key, tls.ca].includes(undefined);
  if (tls.enabled && isIncomplete) {
    conflicts.push({
      keys: ['cluster.tls.enabled'],
      problem: 'TLS between nodes needs a certificate, its key and the authority',
      advice: 'Set cluster.tls.certfile, cluster.tls.keyfile and cluster.tls.cacertfile.',
    });
  }
  return conflicts;
}

function tlsConfig({ enabled, cert, key, ca, passphrase, mutual }: ClusterValues['tls']) {
  if (!enabled || cert === undefined || key === undefined || ca === undefined) return undefined;
  return { cert, key, ca, passphrase: passphrase?.reveal(), mutual };
}
