/** Knobs of the admin server. */
import type { TlsFiles } from '../../runtime/net/tls.ts';
import type { Openness } from './access/openness.ts';

/** A port of its own for the same over TLS. */
export interface AdminTlsConfig {
  readonly enabled: boolean;
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Undefined: it is off. */
  readonly tls: TlsFiles | undefined;
}

export interface AdminConfig {
  /** Of the port without TLS. */
  readonly enabled: boolean;
  /** Address to bind. Anything but loopback shows the node's inside to whoever reaches the port. */
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly https: AdminTlsConfig;
  /** Host names answered besides loopback names and the bound address, lower case, without port. */
  readonly allowedHosts: readonly string[];
  /** Who sees the node's inside without a login: access/openness.ts. */
  readonly openness: Openness;
  /** Origins of pages that may use the API with credentials of their own. */
  readonly allowedOrigins: readonly string[];
  /** Requests of one address that need a login, per second; twice as many in a burst. Low: scripts are refused. */
  readonly maxRate: number;
  /** Bytes of a body. Low: realms with many users cannot be written at once. High: one request holds up the node. */
  readonly maxBodyBytes: number;
  /** For how long a password is not checked again, ms. Low: a script costs a hash per request. */
  readonly rememberLoginMs: number;
  /** Connections at once. Low: probes are refused while somebody looks. High: a scanner holds descriptors. */
  readonly maxConnections: number;
  /** Followers of the live tree at once; each costs a write per tick. */
  readonly maxStreams: number;
  /** Between two reports to followers of the live tree, ms. Low: costs turns. High: the page looks frozen. */
  readonly tickMs: number;
  /** Wait after a change of the tree before it is reported, ms; changes within it travel together. */
  readonly changeDelayMs: number;
  /** A follower whose bytes wait for this many ticks in a row is cut (it reconnects and starts afresh). */
  readonly maxSlowTicks: number;
  /** A follower with more bytes than this waiting is cut at once. Must be above the size of a whole tree. */
  readonly maxStreamBacklogBytes: number;
  /** Children of one dynamic supervisor that are shown unless asked otherwise. */
  readonly childLimit: number;
  /** The most that can be asked for. High: one request holds up the node for as long as it takes to list them. */
  readonly maxChildLimit: number;
}

export const ADMIN_DEFAULTS: AdminConfig = {
  enabled: true,
  address: '127.0.0.1',
  port: 18081,
  https: { enabled: false, address: '127.0.0.1', port: 18084, tls: undefined },
  allowedHosts: [],
  openness: 'loopback',
  allowedOrigins: [],
  maxRate: 200,
  maxBodyBytes: 1024 * 1024,
  rememberLoginMs: 60_000,
  maxConnections: 128,
  maxStreams: 16,
  tickMs: 1_000,
  changeDelayMs: 150,
  maxSlowTicks: 10,
  maxStreamBacklogBytes: 16 * 1024 * 1024,
  childLimit: 200,
  maxChildLimit: 10_000,
};
