/** Keys of the ports that WAMP clients connect to. */
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
const LOOPBACK = '127.0.0.1';

interface SocketDefaults {
  readonly enabled: boolean;
  readonly port: number;
  readonly what: string;
}

function socketKeys(prefix: string, defaults: SocketDefaults) {
  return {
    enabled: key({
      name: `${prefix}.enabled`,
      type: onOff,
      default: defaults.enabled,
      doc: `Listen for ${defaults.what}.`,
    }),
    address: key({
      name: `${prefix}.ip`,
      type: address,
      default: LOOPBACK,
      doc: 'Address to listen on. `0.0.0.0` or `::` let every machine connect that can reach this one.',
    }),
    port: key({
      name: `${prefix}.port`,
      type: port,
      default: defaults.port,
      doc: 'Port to listen on; 0 takes a free one.',
    }),
    maxConnections: key({
      name: `${prefix}.max_connections`,
      type: integer({ min: 1, max: 10_000_000 }),
      default: 100_000,
      isReloadable: true,
      doc:
        'Connections at once; more are refused. Low: clients are locked out. High: the limit of file ' +
        'descriptors (`ulimit -n`) is met first.',
    }),
    handshakeTimeoutMs: key({
      name: `${prefix}.handshake_timeout`,
      type: duration({ min: 10, max: 600_000 }),
      default: 5_000,
      isReloadable: true,
      doc: 'Time for TLS and the handshake of the transport. Low: slow links fail. High: idle sockets pile up.',
    }),
    proxyProtocol: key({
      name: `${prefix}.proxy_protocol`,
      type: onOff,
      default: false,
      doc:
        'Connections start with a PROXY protocol header (version 1 or 2) that says who the client is. Only ' +
        'behind a proxy that sends it: anybody else could claim any address.',
    }),
    trustedProxies: key({
      name: `${prefix}.trusted_proxies`,
      type: list(network),
      default: [],
      doc:
        'Networks of the proxies that are believed about the address of a client. Empty: nobody is, and with ' +
        '`proxy_protocol` every connection is refused.',
    }),
  };
}

function tlsKeys(prefix: string) {
  return {
    certFile: key({
      name: `${prefix}.certfile`,
      type: optional(existingFile),
      default: undefined,
      isReloadable: true,
      doc: 'Certificate chain of this server, PEM. Read again on SIGHUP.',
    }),
    keyFile: key({
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
    caFile: key({
      name: `${prefix}.cacertfile`,
      type: optional(existingFile),
      default: undefined,
      isReloadable: true,
      doc: 'Authorities that client certificates are checked against, PEM.',
    }),
    verify: key({
      name: `${prefix}.verify`,
      type: oneOf(['verify_none', 'verify_peer']),
      default: 'verify_none',
      doc: '`verify_peer` asks clients for a certificate of one of `cacertfile` and refuses those without.',
    }),
    versions: key({
      name: `${prefix}.versions`,
      type: list(oneOf(['1.2', '1.3'])),
      default: ['1.2', '1.3'],
      doc: 'TLS versions that are spoken.',
    }),
  };
}

function pingKeys(prefix: string) {
  return {
    enabled: key({
      name: `${prefix}.ping.enabled`,
      type: onOff,
      default: true,
      doc: 'Ask silent clients for a sign of life. Off: the names of a client that vanished stay taken.',
    }),
    intervalMs: key({
      name: `${prefix}.ping.idle_timeout`,
      type: duration({ min: 10, max: 86_400_000 }),
      default: 20_000,
      doc: 'Silence after which a client is asked. Low: wakes phones. High: dead clients are found late.',
    }),
    timeoutMs: key({
      name: `${prefix}.ping.timeout`,
      type: duration({ min: 10, max: 600_000 }),
      default: 10_000,
      doc: 'Time for the answer, then the connection is cut.',
    }),
  };
}

function frameSize(prefix: string) {
  return key({
    name: `${prefix}.max_frame_size`,
    type: byteSize({ min: 512, max: 16 * MB }),
    default: 4 * MB,
    isReloadable: true,
    doc:
      'The longest message taken from a client. Low: large arguments end sessions. High: each client may make ' +
      'this node hold as much.',
  });
}

const websocketKeys = {
  ping: pingKeys('wamp.websocket'),
  maxMessageBytes: frameSize('wamp.websocket'),
  allowedOrigins: key({
    name: 'wamp.websocket.allowed_origins',
    type: list(
      text({
        name: 'origin',
        pattern: /^(\*|https?:\/\/[^\s/]+)$/,
        advice:
          'Write scheme, host and port as browsers do, such as https://shop.example.com, or *.',
      }),
    ),
    default: [],
    doc:
      'Web pages that may connect, besides those of this machine. `*`: all of them. Clients that are no ' +
      'browsers are not concerned.',
  }),
  isDeflateEnabled: key({
    name: 'wamp.websocket.compression_enabled',
    type: onOff,
    default: false,
    doc: 'Offer permessage-deflate. Saves bandwidth; costs much time and some 100 KB per connection.',
  }),
};

function rawSocketKeys(prefix: string, defaults: SocketDefaults) {
  return {
    ...socketKeys(prefix, defaults),
    ping: pingKeys(prefix),
    maxMessageBytes: frameSize(prefix),
  };
}

export const listenerKeys = {
  websocket: socketKeys('api_gateway.http', {
    enabled: true,
    port: 18080,
    what: 'WebSocket clients, at the path `/ws`',
  }),
  websocketTls: {
    ...socketKeys('api_gateway.https', {
      enabled: false,
      port: 18083,
      what: 'WebSocket clients over TLS, at the path `/ws`',
    }),
    tls: tlsKeys('api_gateway.https'),
  },
  rawsocket: rawSocketKeys('wamp.tcp', {
    enabled: true,
    port: 18082,
    what: 'RawSocket clients',
  }),
  rawsocketTls: {
    ...rawSocketKeys('wamp.tls', {
      enabled: false,
      port: 18085,
      what: 'RawSocket clients over TLS',
    }),
    tls: tlsKeys('wamp.tls'),
  },
  common: {
    websocket: websocketKeys,
    highWaterBytes: key({
      name: 'wamp.backlog.high_water',
      type: byteSize({ min: 4 * KB, max: 1024 * MB }),
      default: 1 * MB,
      doc:
        'Bytes waiting for one client at which it counts as slow. Low: bursts look like slow clients. High: ' +
        'many slow clients cost much memory.',
    }),
    lowWaterBytes: key({
      name: 'wamp.backlog.low_water',
      type: byteSize({ min: 1 * KB, max: 1024 * MB }),
      default: 256 * KB,
      doc: 'Bytes waiting at which a slow client counts as recovered. Below the high-water mark.',
    }),
    maxHeldBytes: key({
      name: 'wamp.backlog.max_held',
      type: byteSize({ min: 4 * KB, max: 1024 * MB }),
      default: 1 * MB,
      doc: 'Bytes received and kept for a session that is paused; then its socket is not read any more.',
    }),
    closeTimeoutMs: key({
      name: 'wamp.close_timeout',
      type: duration({ min: 10, max: 600_000 }),
      default: 5_000,
      doc: 'How long a connection that is being closed may take to send what is queued, then it is cut.',
    }),
  },
};
