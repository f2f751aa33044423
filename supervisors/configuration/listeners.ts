/** The ports that WAMP clients connect to, as their keys describe them. */
import { isIP } from 'node:net';
import type { Conflict } from '../../runtime/config/check.ts';
import type { Secret } from '../../runtime/config/secret.ts';
import type { Values } from '../../runtime/config/schema.ts';
import type { ConnectionLimits } from '../../runtime/net/limits.ts';
import type { listenerKeys } from './listener-keys.ts';

export interface TlsSettings {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string | undefined;
  readonly passphrase: Secret | undefined;
  readonly isClientCertificateRequired: boolean;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
}

export interface ListenerSettings {
  /** The prefix of its keys: `wamp.tcp`. */
  readonly name: string;
  readonly kind: 'websocket' | 'rawsocket';
  readonly enabled: boolean;
  readonly address: string;
  readonly port: number;
  readonly maxConnections: number;
  readonly handshakeTimeoutMs: number;
  readonly proxyProtocol: boolean;
  readonly trustedProxies: readonly string[];
  readonly tls: TlsSettings | undefined;
  readonly limits: ConnectionLimits;
  /** Of WebSocket only. */
  readonly allowedOrigins: readonly string[];
  readonly isDeflateEnabled: boolean;
}

export type ListenerValues = Values<typeof listenerKeys>;
type Socket = ListenerValues['websocket'];
type TlsValues = ListenerValues['websocketTls']['tls'];
type Ping = ListenerValues['rawsocket']['ping'];

export function listenerSettings(
  values: ListenerValues,
  maxBacklogBytes: number,
): readonly ListenerSettings[] {
  const { websocket, websocketTls, rawsocket, rawsocketTls, common } = values;
  const limitsOf = (maxMessageBytes: number, ping: Ping): ConnectionLimits => ({
    maxMessageBytes,
    maxBacklogBytes,
    highWaterBytes: common.highWaterBytes,
    lowWaterBytes: common.lowWaterBytes,
    maxHeldBytes: common.maxHeldBytes,
    closeTimeoutMs: common.closeTimeoutMs,
    pingIntervalMs: ping.enabled ? ping.intervalMs : 0,
    pingTimeoutMs: ping.timeoutMs,
  });
  const ofWebSocket = {
    kind: 'websocket',
    limits: limitsOf(common.websocket.maxMessageBytes, common.websocket.ping),
    allowedOrigins: common.websocket.allowedOrigins,
    isDeflateEnabled: common.websocket.isDeflateEnabled,
  } as const;
  const ofRawSocket = (socket: ListenerValues['rawsocket']) =>
    ({
      kind: 'rawsocket',
      limits: limitsOf(socket.maxMessageBytes, socket.ping),
      allowedOrigins: [],
      isDeflateEnabled: false,
    }) as const;
  return [
    { name: 'api_gateway.http', ...socketOf(websocket), ...ofWebSocket, tls: undefined },
    {
      name: 'api_gateway.https',
      ...socketOf(websocketTls),
      ...ofWebSocket,
      tls: tlsOf(websocketTls),
    },
    { name: 'wamp.tcp', ...socketOf(rawsocket), ...ofRawSocket(rawsocket), tls: undefined },
    {
      name: 'wamp.tls',
      ...socketOf(rawsocketTls),
      ...ofRawSocket(rawsocketTls),
      tls: tlsOf(rawsocketTls),
    },
  ];
}

function socketOf(socket: Socket): Socket {
  const { enabled, address, port, maxConnections } = socket;
  const { handshakeTimeoutMs, proxyProtocol, trustedProxies } = socket;
  return {
    enabled,
    address,
    port,
    maxConnections,
    handshakeTimeoutMs,
    proxyProtocol,
    trustedProxies,
  };
}

/** Undefined only where a conflict has been found. */
function tlsOf({ tls }: { readonly tls: TlsValues }): TlsSettings | undefined {
  const { certFile, keyFile, caFile, passphrase, verify, versions } = tls;
  if (certFile === undefined || keyFile === undefined) return undefined;
  return {
    certFile,
    keyFile,
    caFile,
    passphrase,
    isClientCertificateRequired: verify === 'verify_peer',
    minVersion: versions.includes('1.2') ? 'TLSv1.2' : 'TLSv1.3',
    maxVersion: versions.includes('1.3') ? 'TLSv1.3' : 'TLSv1.2',
  };
}

export function listenerConflicts(values: ListenerValues, maxBacklogBytes: number): Conflict[] {
  const { highWaterBytes, lowWaterBytes } = values.common;
  const conflicts = [
    ...tlsConflicts('api_gateway.https', values.websocketTls),
    ...tlsConflicts('wamp.tls', values.rawsocketTls),
  ];
  if (lowWaterBytes >= highWaterBytes) {
    conflicts.push({
      keys: ['wamp.backlog.low_water', 'wamp.backlog.high_water'],
      problem: 'the low-water mark is not below the high-water mark',
      advice: 'Lower wamp.backlog.low_water, or raise wamp.backlog.high_water.',
    });
  }
  if (highWaterBytes >= maxBacklogBytes) {
    conflicts.push({
      keys: ['wamp.backlog.high_water', 'wamp.max_backlog'],
      problem: 'the high-water mark is not below the backlog that ends a session',
      advice: 'Lower wamp.backlog.high_water, or raise wamp.max_backlog.',
    });
  }
  return conflicts;
}

interface TlsSocket extends Socket {
  readonly tls: TlsValues;
}

function tlsConflicts(prefix: string, { enabled, tls }: TlsSocket): Conflict[] {
  if (!enabled) return [];
  const conflicts: Conflict[] = [];
  const missing = (key: string, problem: string, advice: string): void => {
    conflicts.push({ keys: [`${prefix}.${key}`, `${prefix}.enabled`], problem, advice });
  };
  const off = `or set ${prefix}.enabled = off`;
  if (tls.certFile === undefined) {
    missing('certfile', 'TLS needs a certificate', `Set ${prefix}.certfile = PATH, ${off}.`);
  }
  if (tls.keyFile === undefined) {
    missing('keyfile', 'TLS needs a private key', `Set ${prefix}.keyfile = PATH, ${off}.`);
  }
  if (tls.versions.length === 0) {
    missing('versions', 'no TLS version is left', `Set ${prefix}.versions = 1.2, 1.3.`);
  }
  if (tls.verify === 'verify_peer' && tls.caFile === undefined) {
    const advice = `Set ${prefix}.cacertfile = PATH, or ${prefix}.verify = verify_none.`;
    missing('verify', 'client certificates cannot be checked without their authorities', advice);
  }
  return conflicts;
}

export interface Opened {
  readonly name: string;
  readonly enabled: boolean;
  readonly address: string;
  readonly port: number;
}

/** Two that want the same port. */
export function portConflicts(sockets: readonly Opened[]): Conflict[] {
  const opened = sockets.filter(({ enabled, port }) => enabled && port !== 0);
  return opened.flatMap((socket, at) => {
    const other = opened.slice(0, at).find((earlier) => isSamePlace(earlier, socket));
    if (other === undefined) return [];
    return [
      {
        keys: [`${socket.name}.port`, `${other.name}.port`],
        problem: `${socket.name} and ${other.name} both want port ${socket.port}`,
        advice: 'Give one of them another port.',
      },
    ];
  });
}

function isSamePlace(left: Opened, right: Opened): boolean {
  return (
    left.port === right.port &&
    (left.address === right.address || isEverywhere(left.address) || isEverywhere(right.address))
  );
}

function isEverywhere(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Only this machine can connect. */
export function isLoopback(address: string): boolean {
  if (isIP(address) === 4) return address.startsWith('127.');
  return address === '::1' || address === 'localhost';
}
