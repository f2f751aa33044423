/** Keys of the ports that WAMP clients connect to. */
import type { ListenerConfig } from '../../actors/listeners/config.ts';
import {
  DEFAULT_RAWSOCKET,
  DEFAULT_RAWSOCKET_TLS,
  DEFAULT_WEBSOCKET,
  DEFAULT_WEBSOCKET_TLS,
} from '../../actors/listeners/config.ts';
import { address, existingFile, network } from '../../runtime/config/place-types.ts';
import { key } from '../../runtime/config/schema.ts';
import {
  byteSize,
  duration,
  integer,
  oneOf,
  onOff,
  port,
  text,
} from '../../runtime/config/scalar-types.ts';
import { secret } from '../../runtime/config/secret.ts';
import { list, optional } from '../../runtime/config/type.ts';

const KB = 1024;
const MB = 1024 * KB;

/** Where to listen. */
export function placeKeys(
  prefix: string,
  what: string,
  defaults: Pick<ListenerConfig, 'enabled' | 'address' | 'port'>,
) {
  return {
    enabled: key({
      name: `${prefix}.enabled`,
      type: onOff,
      default: defaults.enabled,
      doc: `Listen for ${what}.`,
    }),
    address: key({
      name: `${prefix}.ip`,
      type: address,
      default: defaults.address,
      doc: 'Address to listen on. `0.0.0.0` or `::` let every machine connect that can reach this one.',
    }),
    port: key({
      name: `${prefix}.port`,
      type: port,
      default: defaults.port,
      doc: 'Port to listen on; 0 takes a free one.',
    }),
  };
}

function socketKeys(prefix: string, what: string, defaults: ListenerConfig) {
  return {
    ...placeKeys(prefix, what, defaults),
    maxConnections: key({
      name: `${prefix}.max_connections`,
      type: integer({ min: 1, max: 10_000_000 }),
      default: defaults.maxConnections,
      isReloadable: true,
      doc:
        'Connections at once; more are refused. Low: clients are locked out. High: the limit of file ' +
        'descriptors (`ulimit -n`) is met first.',
    }),
    handshakeTimeoutMs: key({
      name: `${prefix}.handshake_timeout`,
      type: duration({ min: 10, max: 600_000 }),
      default: defaults.handshakeTimeoutMs,
      isReloadable: true,
      doc: 'Time for TLS and the handshake of the transport. Low: slow links fail. High: idle sockets pile up.',
    }),
    acceptBacklog: key({
      name: `${prefix}.backlog`,
      type: integer({ min: 1, max: 65_535 }),
      default: defaults.acceptBacklog,
      doc: 'Connections the operating system queues until they are accepted. Low: a storm of reconnects is slow.',
    }),
    tcpKeepAliveMs: key({
      name: `${prefix}.tcp_keepalive`,
      type: duration({ min: 0, max: 86_400_000 }),
      default: defaults.tcpKeepAliveMs,
      isReloadable: true,
      doc: "Silence after which TCP probes the client's host, ten times, a second apart; 0s: never.",
    }),
    proxyProtocol: key({
      name: `${prefix}.proxy_protocol`,
      type: onOff,
      default: defaults.proxyProtocol,
      isReloadable: true,
      doc:
        'Connections start with a PROXY protocol header (version 1 or 2) that says who the client is. Only ' +
        'behind a proxy that sends it: anybody else could claim any address.',
    }),
    trustedProxies: key({
      name: `${prefix}.trusted_proxies`,
      type: list(network),
      default: defaults.trustedProxies,
      isReloadable: true,
      doc:
        'Networks of the proxies that are believed about the address of a client. `proxy_protocol` needs them; ' +
        'so does `forwarded_header`.',
    }),
  };
}

/** Who the server is. */
export function certificateKeys(prefix: string) {
  return {
    cert: key({
      name: `${prefix}.certfile`,
      type: optional(existingFile),
      default: undefined,
      isReloadable: true,
      doc: 'Certificate chain of this server, PEM. Read again on SIGHUP.',
    }),
    key: key({
      name: `${prefix}.keyfile`,
      type: optional(existingFile),
      default: undefined,
      isReloadable: true,
      doc: 'Private key of the certificate, PEM.',
    }),
    passphrase: key({
      name: `${prefix}.passphrase`,
      type: optional(secret),
      default: undefined,
      isReloadable: true,
      doc: 'Passphrase of the private key, when it has one.',
    }),
  };
}

function tlsKeys(prefix: string) {
  return {
    ...certificateKeys(prefix),
    ca: key({
      name: `${prefix}.cacertfile`,
      type: optional(existingFile),
      default: undefined,
      isReloadable: true,
      doc: 'Authorities whose client certificates are accepted, PEM. Only with `verify = verify_peer`.',
    }),
    verify: key({
      name: `${prefix}.verify`,
      type: oneOf(['verify_none', 'verify_peer']),
      default: 'verify_none',
      isReloadable: true,
      doc:
        '`verify_peer` asks clients for a certificate, which the method `tls` takes for who they are: its common name or ' +
        'an alternative name is the username. Who has none enters by another method.',
    }),
  };
}

function messageKeys(prefix: string, defaults: ListenerConfig, pingDoc: string) {
  return {
    maxMessageBytes: key({
      name: `${prefix}.max_frame_size`,
      type: byteSize({ min: 512, max: 16 * MB }),
      default: defaults.maxMessageBytes,
      isReloadable: true,
      doc:
        'The longest message taken from a client. Low: large arguments end sessions. High: each client may make ' +
        'this node hold as much.',
    }),
    isPingEnabled: key({
      name: `${prefix}.ping.enabled`,
      type: onOff,
      default: defaults.pingIntervalMs > 0,
      isReloadable: true,
      doc: pingDoc,
    }),
    pingIntervalMs: key({
      name: `${prefix}.ping.idle_timeout`,
      type: duration({ min: 10, max: 86_400_000 }),
      default: defaults.pingIntervalMs || DEFAULT_WEBSOCKET.pingIntervalMs,
      isReloadable: true,
      doc: 'Silence after which a client is asked. Low: wakes phones. High: dead clients are found late.',
    }),
    pingTimeoutMs: key({
      name: `${prefix}.ping.timeout`,
      type: duration({ min: 10, max: 600_000 }),
      default: defaults.pingTimeoutMs,
      isReloadable: true,
      doc: 'Time for the answer, then the connection is cut.',
    }),
  };
}

const origin = text({
  name: 'origin',
  pattern: /^(\*|https?:\/\/(\*\.)?[^\s/*]+)$/,
  advice:
    'Write scheme, host and port as browsers do: https://shop.example.com, https://*.example.com, or *.',
});

const websocketKeys = {
  ...messageKeys(
    'wamp.websocket',
    DEFAULT_WEBSOCKET,
    'Ask silent clients for a sign of life. Off: only the probes of TCP find those that vanished.',
  ),
  path: key({
    name: 'wamp.websocket.path',
    type: text({ name: 'path', pattern: /^\/[\w./~-]*$/, advice: 'Write a path such as /ws.' }),
    default: DEFAULT_WEBSOCKET.path,
    isReloadable: true,
    doc: 'Where in the URL WebSocket clients connect.',
  }),
  allowedOrigins: key({
    name: 'wamp.websocket.allowed_origins',
    type: list(origin),
    default: DEFAULT_WEBSOCKET.allowedOrigins,
    isReloadable: true,
    doc:
      'Web pages that may connect: `https://shop.example.com`, `https://*.example.com`, or `*` for all. Empty: ' +
      'those of this machine. Programs, which send no Origin, always may.',
  }),
  deflate: key({
    name: 'wamp.websocket.compression_enabled',
    type: onOff,
    default: DEFAULT_WEBSOCKET.deflate,
    isReloadable: true,
    doc: 'Offer permessage-deflate. Saves bandwidth; costs five times the processor time of plain frames.',
  }),
  forwardedHeader: key({
    name: 'wamp.websocket.forwarded_header',
    type: oneOf(['none', 'x_forwarded_for', 'forwarded']),
    default: DEFAULT_WEBSOCKET.forwardedHeader ?? 'none',
    isReloadable: true,
    doc: 'The HTTP header in which one of `trusted_proxies` names its client.',
  }),
};

const rawSocketKeys = (prefix: string, what: string, defaults: ListenerConfig) => ({
  ...socketKeys(prefix, what, defaults),
  ...messageKeys(
    prefix,
    defaults,
    'Ask silent clients for a sign of life. Off, because Autobahn|Python on Twisted takes a PING for a message that ' +
      'is too long and hangs up; the probes of TCP find a host that vanished. On: also a program that hangs is found.',
  ),
});

/** One for both RawSocket ports: what a client must be able to take. */
const minPeerBytes = key({
  name: 'wamp.rawsocket.min_peer_frame_size',
  type: byteSize({ min: 512, max: 16 * MB }),
  default: DEFAULT_RAWSOCKET.minPeerBytes,
  isReloadable: true,
  doc: 'A client that accepts only shorter messages than this is refused.',
});

const WS = 'WebSocket clients';
const RS = 'RawSocket clients';

export const listenerKeys = {
  websocket: socketKeys('api_gateway.http', WS, DEFAULT_WEBSOCKET),
  websocketTls: {
    ...socketKeys('api_gateway.https', `${WS} over TLS`, DEFAULT_WEBSOCKET_TLS),
    tls: tlsKeys('api_gateway.https'),
  },
  bothWebSocket: websocketKeys,
  rawsocket: rawSocketKeys('wamp.tcp', RS, DEFAULT_RAWSOCKET),
  rawsocketTls: {
    ...rawSocketKeys('wamp.tls', `${RS} over TLS`, DEFAULT_RAWSOCKET_TLS),
    tls: tlsKeys('wamp.tls'),
  },
  bothRawSocket: { minPeerBytes },
  all: {
    highWaterBytes: key({
      name: 'wamp.backlog.high_water',
      type: byteSize({ min: 4 * KB, max: 1024 * MB }),
      default: DEFAULT_WEBSOCKET.highWaterBytes,
      isReloadable: true,
      doc:
        'Bytes waiting for one client at which it counts as slow. Low: bursts look like slow clients. High: ' +
        'many slow clients cost much memory.',
    }),
    lowWaterBytes: key({
      name: 'wamp.backlog.low_water',
      type: byteSize({ min: 1 * KB, max: 1024 * MB }),
      default: DEFAULT_WEBSOCKET.lowWaterBytes,
      isReloadable: true,
      doc: 'Bytes waiting at which a slow client counts as recovered. Below the high-water mark.',
    }),
    maxTotalBacklogBytes: key({
      name: 'wamp.backlog.max_total',
      type: byteSize({ min: 1 * MB, max: 1024 * 1024 * MB }),
      default: 1024 * MB,
      isReloadable: true,
      doc:
        'Bytes waiting for all clients together; above it the connections with most are cut. Low: a burst to many ' +
        'slow clients ends sessions. High: the process may run out of memory before. At most half of it.',
    }),
    maxHeldBytes: key({
      name: 'wamp.backlog.max_held',
      type: byteSize({ min: 4 * KB, max: 1024 * MB }),
      default: DEFAULT_WEBSOCKET.maxHeldBytes,
      isReloadable: true,
      doc: 'Bytes received and kept for a session that is paused; then its socket is not read any more.',
    }),
    closeTimeoutMs: key({
      name: 'wamp.close_timeout',
      type: duration({ min: 10, max: 600_000 }),
      default: DEFAULT_WEBSOCKET.closeTimeoutMs,
      isReloadable: true,
      doc: 'How long a connection that is being closed may take to send what is queued, then it is cut.',
    }),
  },
};
