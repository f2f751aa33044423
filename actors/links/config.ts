/** Every knob of the connections between nodes. */
import type { BulkLimits } from '../../runtime/net/peer/bulk-window.ts';
import type { ChannelName } from '../../runtime/net/peer/port.ts';
import type { ChannelOptions } from '../../runtime/net/peer/settings.ts';

export interface LinkTlsConfig {
  /** PEM file with this node's certificate and its chain. */
  readonly cert: string;
  /** PEM file with its private key. */
  readonly key: string;
  /**
   * PEM file with the cluster's own authority. Every certificate of it is believed to be a member's, whatever host name
   * it bears, because nodes move: use an authority that signs nothing else.
   */
  readonly ca: string;
  /** Of the private key. */
  readonly passphrase?: string | undefined;
  /** Whether nodes that dial must show a certificate. With it the secret may be left out. */
  readonly mutual: boolean;
}

export interface LinksConfig {
  /** Off: a single node; nothing listens and nothing is dialled. */
  readonly enabled: boolean;
  /** Nodes of another cluster are refused. */
  readonly cluster: string;
  /** Address other nodes connect to. Loopback unless somebody writes otherwise, and then only with a secret. */
  readonly address: string;
  /** 0 takes a free one (tests). */
  readonly port: number;
  /**
   * Shared by all nodes; proves membership before anything is said. At least 16 characters, better 32 random bytes.
   * Undefined: only loopback, or mutual TLS.
   */
  readonly secret: string | undefined;
  /** Undefined: plain TCP, where the secret proves who a node is and hides nothing. */
  readonly tls: LinkTlsConfig | undefined;

  /**
   * Connections per channel (`parallelism`): one is right on one core; more only help long, fast networks. Latest wins
   * per key (`isMonotonic`). Deflate from a size on (`compressFromBytes`): less network for more processor. Bytes queued
   * per peer (`queueBytes`): too low and bursts are refused as overloaded, too high and a slow peer costs memory.
   */
  readonly channels: Readonly<Record<ChannelName, ChannelOptions>>;

  /** Silence after which a connection says a ping, ms. Lower: half-open links are found sooner, more packets. */
  readonly pingIntervalMs: number;
  /** Silence of a peer after which its connection is cut, ms. Too low: a busy peer is cut; keep it above 3 pings. */
  readonly silenceMs: number;
  /** How long a channel may be without a connection before the whole link is given up and dialled anew, ms. */
  readonly incompleteMs: number;
  /** From the dial to the end of the handshake, ms. Too low: slow networks fail; too high: strangers hold slots. */
  readonly handshakeTimeoutMs: number;
  /** Handshakes under way from outside at once; more are refused. Too low: a mass restart is slow. */
  readonly maxPendingHandshakes: number;
  /**
   * ... and from one address, so that nobody takes all the places. Too low: a machine with many nodes, or a network
   * behind one address, is slow to come up.
   */
  readonly maxPendingPerAddress: number;

  /**
   * Wait after the first failed dial, ms; it doubles, with jitter: half of it less for a node that was linked before, up
   * to half more for one that never was or that refuses.
   */
  readonly redialMinMs: number;
  readonly redialMaxMs: number;
  /** Nodes dialled at once and kept. Above any cluster that works as a full mesh. */
  readonly maxTargets: number;

  /** Wait for an acknowledgement before a message is sent again, ms; it doubles. */
  readonly resendMinMs: number;
  readonly resendMaxMs: number;
  /** Bytes sent and not acknowledged, per peer and channel; more are refused as overloaded. */
  readonly unacknowledgedBytes: number;
  /**
   * Pieces from 8 KiB on. `queueingTargetMs`: how long they may stand in the network's queues, where heartbeats wait behind
   * them; too low and a pause of an event loop slows them, too high and heartbeats are late. `maxBytes`: on their way on
   * one connection; below rate times round trip a long, fast network is not used to the full.
   */
  readonly bulk: BulkLimits;
  /** Time one connection may take of a turn of the event loop, ms. Higher: more throughput, later heartbeats. */
  readonly drainBudgetMs: number;
}

const MIB = 1024 * 1024;

const CHANNEL: ChannelOptions = {
  parallelism: 1,
  isMonotonic: true,
  compressFromBytes: undefined,
  queueBytes: 64 * MIB,
};

export const DEFAULT_LINKS: LinksConfig = {
  enabled: false,
  cluster: 'bondy',
  address: '127.0.0.1',
  port: 18086,
  secret: undefined,
  tls: undefined,
  channels: {
    control: { ...CHANNEL, queueBytes: 8 * MIB },
    broadcast: { ...CHANNEL, queueBytes: 32 * MIB },
    relay: CHANNEL,
    store: CHANNEL,
  },
  pingIntervalMs: 1_000,
  silenceMs: 4_000,
  incompleteMs: 5_000,
  handshakeTimeoutMs: 5_000,
  maxPendingHandshakes: 256,
  maxPendingPerAddress: 64,
  redialMinMs: 100,
  redialMaxMs: 30_000,
  maxTargets: 10_000,
  resendMinMs: 1_000,
  resendMaxMs: 30_000,
  unacknowledgedBytes: 16 * MIB,
  bulk: { queueingTargetMs: 5, maxBytes: 16 * MIB },
  drainBudgetMs: 1,
};

const SHORTEST_SECRET = 16;

/** What is wrong with it, each with what to change; the prefix of its keys is `cluster`. */
export function linkMistakes(config: LinksConfig, isLoopback: boolean): readonly string[] {
  if (!config.enabled) return [];
  const mistakes: string[] = [];
  const { secret, tls, silenceMs, pingIntervalMs } = config;
  if (secret === undefined && tls?.mutual !== true && !isLoopback) {
    mistakes.push(
      `cluster.address ${config.address} can be reached from other machines; ` +
        `set cluster.secret, or cluster.tls with mutual = on`,
    );
  }
  if (secret !== undefined && secret.length < SHORTEST_SECRET) {
    mistakes.push(`cluster.secret must have at least ${SHORTEST_SECRET} characters`);
  }
  if (silenceMs < 2 * pingIntervalMs) {
    mistakes.push('cluster.silence_timeout must be at least twice cluster.ping_interval');
  }
  return mistakes;
}
