/** The ports that WAMP clients connect to, as their keys describe them. */
import { isIP } from 'node:net';
import type {
  ListenerTlsConfig,
  RawSocketListenerConfig,
  WebSocketListenerConfig,
} from '../../actors/listeners/config.ts';
import type { Conflict } from '../../runtime/config/check.ts';
import type { Values } from '../../runtime/config/schema.ts';
import type { TlsFiles } from '../../runtime/net/tls.ts';
import type { certificateKeys, listenerKeys } from './listener-keys.ts';

export interface ListenersConfig {
  readonly websocket: WebSocketListenerConfig;
  readonly websocketTls: WebSocketListenerConfig;
  readonly rawsocket: RawSocketListenerConfig;
  readonly rawsocketTls: RawSocketListenerConfig;
}

export type ListenerValues = Values<typeof listenerKeys>;
type Socket = ListenerValues['websocket'];
type TlsValues = ListenerValues['websocketTls']['tls'];
interface TlsSocket extends Socket {
  readonly tls: TlsValues;
}

export function listenersConfig(values: ListenerValues, maxBacklogBytes: number): ListenersConfig {
  const { websocket, websocketTls, rawsocket, rawsocketTls } = values;
  const { maxTotalBacklogBytes: _, ...all } = values.all;
  const { forwardedHeader, ...ofWebSocket } = withPings(values.bothWebSocket);
  const both = {
    ...all,
    ...ofWebSocket,
    maxBacklogBytes,
    forwardedHeader: forwardedHeader === 'none' ? undefined : forwardedHeader,
  };
  const ofRawSocket = { ...all, ...values.bothRawSocket, maxBacklogBytes };
  return {
    websocket: { ...websocket, ...both, section: 'api_gateway.http', tls: undefined },
    websocketTls: {
      ...websocketTls,
      ...both,
      section: 'api_gateway.https',
      tls: tlsOf(websocketTls),
    },
    rawsocket: { ...withPings(rawsocket), ...ofRawSocket, section: 'wamp.tcp', tls: undefined },
    rawsocketTls: {
      ...withPings(rawsocketTls),
      ...ofRawSocket,
      section: 'wamp.tls',
      tls: tlsOf(rawsocketTls),
    },
  };
}

/** An interval of 0 is how a listener is told not to ping. */
function withPings<V extends { readonly isPingEnabled: boolean; readonly pingIntervalMs: number }>({
  isPingEnabled,
  ...values
}: V): Omit<V, 'isPingEnabled'> {
  return { ...values, pingIntervalMs: isPingEnabled ? values.pingIntervalMs : 0 };
}

/** Undefined when the listener is off, or where a conflict has been found. */
function tlsOf({ tls }: TlsSocket): ListenerTlsConfig | undefined {
  const files = certificateOf(tls);
  return files && { ...files, ca: tls.ca, requestCert: tls.verify === 'verify_peer' };
}

type CertificateValues = Values<ReturnType<typeof certificateKeys>>;

export function certificateOf({ cert, key, passphrase }: CertificateValues): TlsFiles | undefined {
  if (cert === undefined || key === undefined) return undefined;
  return { cert, key, passphrase: passphrase?.reveal() };
}

export function listenerConflicts(values: ListenerValues, maxBacklogBytes: number): Conflict[] {
  const { websocket, websocketTls, rawsocket, rawsocketTls } = values;
  const { highWaterBytes, lowWaterBytes } = values.all;
  const conflicts = [
    ...proxyConflicts('api_gateway.http', websocket),
    ...proxyConflicts('api_gateway.https', websocketTls),
    ...proxyConflicts('wamp.tcp', rawsocket),
    ...proxyConflicts('wamp.tls', rawsocketTls),
    ...tlsConflicts('api_gateway.https', websocketTls),
    ...tlsConflicts('wamp.tls', rawsocketTls),
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
  if (values.all.maxTotalBacklogBytes < maxBacklogBytes) {
    conflicts.push({
      keys: ['wamp.backlog.max_total', 'wamp.max_backlog'],
      problem: 'one session may leave more unread than all together',
      advice: 'Lower wamp.max_backlog, or raise wamp.backlog.max_total.',
    });
  }
  return conflicts;
}

/** Whoever connects could claim to come from anywhere. */
function proxyConflicts(
  prefix: string,
  { enabled, proxyProtocol, trustedProxies }: Socket,
): Conflict[] {
  if (!enabled || !proxyProtocol || trustedProxies.length > 0) return [];
  return [
    {
      keys: [`${prefix}.proxy_protocol`, `${prefix}.trusted_proxies`],
      problem: 'nobody is trusted to say who the client is',
      advice: `Set ${prefix}.trusted_proxies to the networks of your proxies, such as 10.0.0.0/8.`,
    },
  ];
}

export function certificateConflicts(
  prefix: string,
  { enabled, tls }: { readonly enabled: boolean; readonly tls: CertificateValues },
): Conflict[] {
  if (!enabled) return [];
  const missing = (key: string, problem: string): Conflict => ({
    keys: [`${prefix}.${key}`, `${prefix}.enabled`],
    problem,
    advice: `Set ${prefix}.${key} = PATH, or ${prefix}.enabled = off.`,
  });
  return [
    ...(tls.cert === undefined ? [missing('certfile', 'TLS needs a certificate')] : []),
    ...(tls.key === undefined ? [missing('keyfile', 'TLS needs a private key')] : []),
  ];
}

function tlsConflicts(prefix: string, { enabled, tls }: TlsSocket): Conflict[] {
  return [
    ...certificateConflicts(prefix, { enabled, tls }),
    // Otherwise whoever any public authority has given a certificate would be who it says.
    ...(enabled && tls.verify === 'verify_peer' && tls.ca === undefined
      ? [
          {
            keys: [`${prefix}.verify`, `${prefix}.cacertfile`],
            problem: 'certificates of clients are asked for, and no authority is accepted',
            advice: `Set ${prefix}.cacertfile = PATH, or ${prefix}.verify = verify_none.`,
          },
        ]
      : []),
  ];
}

/** What a listener and the admin server have in common. */
export interface Opened {
  readonly section: string;
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
        keys: [`${socket.section}.port`, `${other.section}.port`],
        problem: `${socket.section} and ${other.section} both want port ${socket.port}`,
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
