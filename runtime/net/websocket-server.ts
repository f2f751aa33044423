/**
 * The HTTP side of a WebSocket listener: who may upgrade, and what the others hear. Listens on nothing itself; an
 * acceptor hands it sockets.
 */
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer, STATUS_CODES } from 'node:http';
import type { BlockList } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Accepted } from './acceptor.ts';
import type { Connection, TransportInfo } from './connection.ts';
import type { ForwardedHeader } from './limits.ts';
import { clientAddress } from './forwarded.ts';
import { isOriginAllowed } from './origin.ts';
import type { Subprotocol } from './subprotocol.ts';
import { offeredSubprotocols, selectSubprotocol } from './subprotocol.ts';
import type { WebSocketHost } from './websocket.ts';
import { tlsPeer } from './tls-peer.ts';
import { GuardedWebSocket, openWebSocket } from './websocket.ts';

const MAX_HEADER_BYTES = 16 * 1024;
/** Pieces of one message, by the client and by the network. Each costs far more memory than its bytes. */
const MAX_FRAGMENTS = 1024;
const MAX_CHUNKS = 16 * 1024;
/**
 * Shorter messages are not worth compressing. The windows are small: each compressed connection keeps both of its
 * streams for as long as it lives, 300 KB with the defaults of zlib.
 */
const DEFLATE = {
  threshold: 4096,
  serverMaxWindowBits: 12,
  zlibDeflateOptions: { memLevel: 5 },
} as const;

export interface WebSocketOptions {
  /** The listener's name. */
  readonly name: string;
  readonly path: string;
  /** See origin.ts. */
  readonly allowedOrigins: readonly string[];
  readonly deflate: boolean;
  /** Which header of a trusted proxy names the client; undefined: none is believed. */
  readonly forwardedHeader: ForwardedHeader | undefined;
  readonly trustedProxies: BlockList | undefined;
  /** What is asked for besides the WebSocket; without it everything else is 404. */
  readonly onRequest?: RequestListener | undefined;
}

export class WebSocketFront {
  readonly #host: WebSocketHost;
  readonly #options: WebSocketOptions;
  readonly #onConnection: (connection: Connection) => void;
  readonly #http: Server;
  readonly #plain: WebSocketServer;
  readonly #deflating: WebSocketServer | undefined;
  readonly #accepted = new WeakMap<Duplex, Accepted>();

  constructor(
    host: WebSocketHost,
    options: WebSocketOptions,
    onConnection: (connection: Connection) => void,
  ) {
    this.#host = host;
    this.#options = options;
    this.#onConnection = onConnection;
    const { maxMessageBytes } = host.limits;
    this.#plain = upgrader(maxMessageBytes, false);
    this.#deflating = options.deflate ? upgrader(maxMessageBytes, true) : undefined;
    this.#http = createServer(
      { maxHeaderSize: MAX_HEADER_BYTES },
      options.onRequest ?? this.#refer,
    );
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#onUpgrade(request, socket, head),
    );
    this.#http.on('clientError', (_error, socket) => this.#reject(socket, 400, 'malformed'));
  }

  serve(accepted: Accepted): void {
    this.#accepted.set(accepted.socket, accepted);
    this.#http.emit('connection', accepted.socket);
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const accepted = this.#accepted.get(socket);
    if (!accepted) return void socket.destroy();
    const { path, allowedOrigins } = this.#options;
    if (accepted.isFull) return this.#reject(socket, 503, 'full');
    if (pathOf(request) !== path) return this.#reject(socket, 404, 'path');
    if (!isOriginAllowed(request.headers.origin, allowedOrigins)) {
      return this.#reject(socket, 403, 'origin');
    }
    const subprotocol = selectSubprotocol(
      offeredSubprotocols(request.headers['sec-websocket-protocol']),
    );
    if (!subprotocol) return this.#reject(socket, 400, 'subprotocol');
    const server = subprotocol.isBatched ? this.#plain : (this.#deflating ?? this.#plain);
    server.handleUpgrade(request, socket, head, (ws) =>
      this.#open(ws as GuardedWebSocket, accepted, request, subprotocol),
    );
  }

  #open(
    ws: GuardedWebSocket,
    accepted: Accepted,
    request: IncomingMessage,
    subprotocol: Subprotocol,
  ): void {
    accepted.settled();
    const info = this.#describe(accepted, request, subprotocol);
    this.#onConnection(openWebSocket(ws, accepted.socket, info, subprotocol, this.#host));
  }

  #describe(
    { isTls, peer, socket }: Accepted,
    { headers }: IncomingMessage,
    { isBatched }: Subprotocol,
  ): TransportInfo {
    const { name, forwardedHeader, trustedProxies } = this.#options;
    const { origin, 'user-agent': userAgent } = headers;
    let address = peer.address;
    if (forwardedHeader && trustedProxies) {
      const header = headers[forwardedHeader === 'forwarded' ? 'forwarded' : 'x-forwarded-for'];
      const text = Array.isArray(header) ? header.join(',') : header;
      address = clientAddress(peer.address, text, forwardedHeader, trustedProxies);
    }
    return {
      kind: 'websocket',
      batched: isBatched,
      tls: isTls,
      ...tlsPeer(socket),
      peer: { address, port: address === peer.address ? peer.port : 0 },
      listener: name,
      http: { ...(origin !== undefined && { origin }), ...(userAgent && { userAgent }) },
    };
  }

  #reject(socket: Duplex, status: number, reason: string): void {
    this.#host.environment.count(`websocket_refused_${reason}`);
    if (!socket.writable) return void socket.destroy();
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      () => socket.destroy(),
    );
  }

  /** What a browser sees that opens the address. */
  readonly #refer: RequestListener = (request, response) => {
    const isOurs = pathOf(request) === this.#options.path;
    response.writeHead(isOurs ? 426 : 404, {
      connection: 'close',
      'content-type': 'text/plain',
      ...(isOurs && { upgrade: 'websocket' }),
    });
    response.end(isOurs ? 'This is a WAMP router: connect with a WebSocket.\n' : 'Not found.\n');
  };
}

function upgrader(maxPayload: number, isDeflating: boolean): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    autoPong: false, // a pong goes through our own queue, between whole frames
    maxPayload,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_CHUNKS,
    skipUTF8Validation: true, // the codec checks, and its refusal is an ABORT
    perMessageDeflate: isDeflating && DEFLATE,
    WebSocket: GuardedWebSocket,
    handleProtocols: (offered) => selectSubprotocol(offered)?.name ?? false,
  });
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
