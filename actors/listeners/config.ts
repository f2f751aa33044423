/** Every knob of the ports clients connect to. */
import type { ForwardedHeader } from '../../runtime/net/limits.ts';

export interface ListenerTlsConfig {
  /** PEM file with the certificate and its chain. */
  readonly cert: string;
  /** PEM file with the private key. */
  readonly key: string;
  /** PEM file with the authorities of client certificates; undefined: the system's. */
  readonly ca?: string | undefined;
  /** Clients are asked for a certificate, which the method `tls` takes for who they are. */
  readonly requestCert?: boolean | undefined;
  /** Of the private key. */
  readonly passphrase?: string | undefined;
}

export interface ListenerConfig {
  /** Prefix of its keys in the configuration file, and its name in logs. */
  readonly section: string;
  readonly enabled: boolean;
  /** Address to listen on. Loopback unless somebody writes otherwise. */
  readonly address: string;
  /** 0 takes a free one (tests). */
  readonly port: number;
  /** Undefined: plain TCP. */
  readonly tls: ListenerTlsConfig | undefined;

  /**
   * Connections held at once. Too low: clients are refused (RawSocket error 4, HTTP 503); too high: the process runs
   * out of descriptors or memory before it refuses.
   */
  readonly maxConnections: number;
  /** Connections the operating system queues until they are accepted. Too low: a storm of reconnects is slow. */
  readonly acceptBacklog: number;
  /** From accept to the end of the handshake, ms. Too low: slow networks fail; too high: idle sockets cost slots. */
  readonly handshakeTimeoutMs: number;
  /** Longest message from a client, bytes. RawSocket announces the power of two at or under it, at most 16 MiB. */
  readonly maxMessageBytes: number;

  /** Unsent bytes at which a client counts as congested. Too low: bursts look like slow readers; too high: memory. */
  readonly highWaterBytes: number;
  /** Unsent bytes under which it does not any more. */
  readonly lowWaterBytes: number;
  /** Unsent bytes at which the connection is cut at once. The last defence of the node's memory. */
  readonly maxBacklogBytes: number;
  /** Bytes held for a paused session before its socket is not read any more. */
  readonly maxHeldBytes: number;

  /**
   * Silence after which the client is pinged, ms; 0: never. Too low: traffic and battery; too high: a dead client
   * keeps its registrations.
   */
  readonly pingIntervalMs: number;
  /** From the ping to the cut, ms. */
  readonly pingTimeoutMs: number;
  /** Idle time after which TCP probes the client's host, ms; 0: never. Ten probes, a second apart. */
  readonly tcpKeepAliveMs: number;
  /** From our close to the cut, ms. Too low: a last message may be lost; too high: shutdown waits for the dead. */
  readonly closeTimeoutMs: number;

  /** Every connection begins with a PROXY header (version 1 or 2); one without it is dropped. */
  readonly proxyProtocol: boolean;
  /**
   * Addresses and CIDRs of the proxies in front. PROXY headers are taken from these only (empty: from everybody);
   * forwarding headers count only from these (empty: from nobody).
   */
  readonly trustedProxies: readonly string[];
}

export interface WebSocketListenerConfig extends ListenerConfig {
  readonly path: string;
  /**
   * Pages that may connect, as origins (`https://app.example.com`, `https://*.example.com`) or `*`. Empty: pages of
   * this machine. Programs, which send no Origin, always may.
   */
  readonly allowedOrigins: readonly string[];
  /** permessage-deflate. Costs five times the processor time of plain frames. */
  readonly deflate: boolean;
  /** The header in which the trusted proxy names the client; undefined: none. */
  readonly forwardedHeader: ForwardedHeader | undefined;
}

export interface RawSocketListenerConfig extends ListenerConfig {
  /** A client that accepts less than this many bytes is refused (error 2). */
  readonly minPeerBytes: number;
}

const MIB = 1024 * 1024;

const COMMON = {
  enabled: true,
  address: '127.0.0.1',
  tls: undefined,
  maxConnections: 100_000,
  acceptBacklog: 1024,
  handshakeTimeoutMs: 10_000,
  maxMessageBytes: 4 * MIB,
  highWaterBytes: 1 * MIB,
  lowWaterBytes: MIB / 4,
  maxBacklogBytes: 64 * MIB,
  maxHeldBytes: MIB / 4,
  pingTimeoutMs: 10_000,
  tcpKeepAliveMs: 20_000,
  closeTimeoutMs: 5_000,
  proxyProtocol: false,
  trustedProxies: [],
} as const;

const WEBSOCKET = {
  ...COMMON,
  pingIntervalMs: 20_000,
  path: '/ws',
  allowedOrigins: [],
  deflate: false,
  forwardedHeader: undefined,
} as const;

const RAWSOCKET = {
  ...COMMON,
  // Off: some RawSocket clients (Autobahn|Python on Twisted) take a PING for an oversized message and hang up.
  // The probes of TCP find a dead host within half a minute.
  pingIntervalMs: 0,
  minPeerBytes: 512,
} as const;

export const DEFAULT_WEBSOCKET: WebSocketListenerConfig = {
  ...WEBSOCKET,
  section: 'listeners.websocket',
  port: 18080,
};

export const DEFAULT_WEBSOCKET_TLS: WebSocketListenerConfig = {
  ...WEBSOCKET,
  section: 'listeners.websocket_tls',
  enabled: false,
  port: 18083,
};

export const DEFAULT_RAWSOCKET: RawSocketListenerConfig = {
  ...RAWSOCKET,
  section: 'listeners.rawsocket',
  port: 18082,
};

export const DEFAULT_RAWSOCKET_TLS: RawSocketListenerConfig = {
  ...RAWSOCKET,
  section: 'listeners.rawsocket_tls',
  enabled: false,
  port: 18085,
};
