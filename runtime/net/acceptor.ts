/**
 * A listening TCP port and the way of a new socket up to its first protocol byte: the limit of connections, the
 * PROXY header, TLS, a deadline for all of it and for the handshake that follows.
 */
import type { AddressInfo, BlockList, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { SecureContext } from 'node:tls';
import { TLSSocket } from 'node:tls';
import type { Admission, Place } from './admission.ts';
import type { NetEnvironment, NetLevel } from './environment.ts';
import { isListed, unmapped } from './forwarded.ts';
import type { PeerAddress } from './proxy-protocol.ts';
import { parseProxyHeader } from './proxy-protocol.ts';
import { WaitingRoom } from './waiting-room.ts';

/** Between two log lines about the same kind of trouble; the counters have each of them. */
const QUIET_MS = 10_000;

export interface AcceptorOptions {
  /** Names the listener in logs and in `TransportInfo`. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Connections the operating system holds until we take them. */
  readonly backlog: number;
  readonly maxConnections: number;
  /** From the accept to the end of the transport's handshake, milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** Idle time until TCP itself probes the peer, milliseconds; 0: never. Begins when the connection is half as old. */
  readonly tcpKeepAliveMs: number;
  readonly secureContext: SecureContext | undefined;
  /** Clients are asked for a certificate; without an accepted one they are what they are without TLS. */
  readonly requestCert?: boolean | undefined;
  /** Every connection must begin with a PROXY header. */
  readonly proxyProtocol: boolean;
  /** Who may send a PROXY header; undefined: everybody. */
  readonly trustedProxies: BlockList | undefined;
}

/** A socket whose next byte is the transport's first. */
export interface Accepted {
  readonly socket: Socket;
  readonly peer: PeerAddress;
  readonly isTls: boolean;
  /** The limit is reached: refuse in the transport's own words. */
  readonly isFull: boolean;
  /** The transport's handshake is over; lifts the deadline. */
  settled(): void;
}

export interface AcceptorEvents {
  onListening(address: string, port: number): void;
  /** The port could not be opened. */
  onFailure(error: NodeJS.ErrnoException): void;
  onSocket(accepted: Accepted): void;
}

export class Acceptor {
  readonly #environment: NetEnvironment;
  readonly #events: AcceptorEvents;
  readonly #server: Server;
  readonly #admission: Admission;
  #options: AcceptorOptions;
  /** Who has not shaken hands; the last room is for newcomers, those before are of earlier options. */
  #shaking: readonly WaitingRoom<Socket>[] = [];
  /** Who has, and is not old enough for TCP's keep-alive: short connections need not pay for it. */
  #young: WaitingRoom<Socket> | undefined;
  #isListening = false;
  readonly #loggedAt = new Map<string, number>();

  constructor(options: AcceptorOptions, environment: NetEnvironment, events: AcceptorEvents) {
    this.#options = options;
    this.#environment = environment;
    this.#events = events;
    this.#admission = environment.admission(options.name);
    this.#openRooms(options);
    this.#server = createServer({ noDelay: true });
    this.#server.on('connection', (socket) => this.#onConnection(socket));
    this.#server.on('error', (error) => this.#onError(error));
    this.#server.on('listening', () => {
      this.#isListening = true;
      const { address, port } = this.#server.address() as AddressInfo;
      events.onListening(address, port);
    });
  }

  listen(): void {
    const { address, port, backlog } = this.#options;
    this.#server.listen({ host: address, port, backlog });
  }

  /** New connections follow the new options; address and port stay. */
  reload(options: AcceptorOptions): void {
    this.#options = options;
    this.#openRooms(options);
  }

  /** Frees the port and drops whoever is still shaking hands. Established connections stay. */
  close(): void {
    this.#server.close();
    for (const room of this.#shaking) for (const socket of room) socket.destroy();
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (!this.#isListening) return this.#events.onFailure(error);
    // Out of descriptors, mostly, unless libuv has refused the client by itself and told nobody. Those who are
    // connected stay, the next one may succeed. It repeats until somebody leaves, so it is not logged each time.
    this.#environment.count('listener_accept_errors');
    this.#logRarely('error', 'accept_failed', { code: error.code });
  }

  /** What strangers can bring about must not fill the log. */
  #logRarely(level: NetLevel, event: string, fields: Record<string, unknown>): void {
    const now = performance.now();
    if (now - (this.#loggedAt.get(event) ?? -Infinity) < QUIET_MS) return;
    this.#loggedAt.set(event, now);
    this.#environment.log(level, event, { listener: this.#options.name, ...fields });
  }

  #onConnection(socket: Socket): void {
    const options = this.#options;
    socket.on('error', ignore); // always followed by close, which is what we act on
    const place = this.#admission.enter(options.maxConnections);
    if (place === 'cut') {
      this.#environment.count('listener_connections_cut');
      return void socket.destroy();
    }
    const isFull = place === 'refused';
    if (isFull) this.#environment.count('listener_connections_refused');
    const settled = this.#expectHandshake(socket, place);
    const peer = new SocketPeer(socket);
    const proceed = (from: PeerAddress): void =>
      this.#secure(socket, options, (ready) =>
        this.#events.onSocket({
          socket: ready,
          peer: from,
          isTls: ready !== socket,
          isFull,
          settled,
        }),
      );
    if (options.proxyProtocol) this.#readProxyHeader(socket, peer, options, proceed);
    else proceed(peer);
  }

  #openRooms({ handshakeTimeoutMs, tcpKeepAliveMs }: AcceptorOptions): void {
    const newcomers = new WaitingRoom<Socket>(handshakeTimeoutMs, (socket) => {
      this.#environment.count('listener_handshake_timeouts');
      socket.destroy();
    });
    this.#shaking = [...this.#shaking.filter((room) => !room.isEmpty), newcomers];
    this.#young =
      tcpKeepAliveMs > 0
        ? new WaitingRoom(tcpKeepAliveMs / 2, (socket) => socket.setKeepAlive(true, tcpKeepAliveMs))
        : undefined;
  }

  #expectHandshake(socket: Socket, place: Place): () => void {
    const shaking = this.#shaking.at(-1)!;
    const young = this.#young;
    shaking.enter(socket);
    socket.on('close', () => {
      shaking.leave(socket);
      young?.leave(socket);
      this.#admission.leave(place);
    });
    return () => {
      shaking.leave(socket);
      young?.enter(socket);
    };
  }

  #readProxyHeader(
    socket: Socket,
    peer: PeerAddress,
    { trustedProxies, secureContext }: AcceptorOptions,
    proceed: (peer: PeerAddress) => void,
  ): void {
    const refuse = (detail: string): void => {
      this.#environment.count('listener_proxy_header_refused');
      this.#logRarely('warn', 'proxy_header_refused', { detail });
      socket.destroy();
    };
    if (trustedProxies && !isListed(trustedProxies, peer.address)) {
      return refuse(`${peer.address} is not a trusted proxy`);
    }
    let bytes: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const header = parseProxyHeader(bytes);
      if (header.kind === 'incomplete') return;
      socket.off('data', onData);
      socket.pause();
      if (header.kind === 'invalid') return refuse(header.detail);
      if (header.length < bytes.length) socket.unshift(bytes.subarray(header.length));
      proceed(header.peer ?? peer);
      // TLS reads below the stream; resuming the stream would take its bytes away.
      if (!secureContext) socket.resume();
    };
    socket.on('data', onData);
  }

  #secure(
    socket: Socket,
    { secureContext, requestCert = false }: AcceptorOptions,
    proceed: (ready: Socket) => void,
  ): void {
    if (!secureContext) return proceed(socket);
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext,
      requestCert,
      rejectUnauthorized: false,
    });
    secured.disableRenegotiation(); // each would cost us far more than the client
    secured.on('error', () => {
      this.#environment.count('listener_tls_errors');
      socket.destroy();
    });
    secured.once('secure', () => proceed(secured));
  }
}

/** Asked of the operating system when somebody wants to know: most sessions are never asked for their address. */
class SocketPeer implements PeerAddress {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Empty when the socket had closed before anybody asked. */
  get address(): string {
    return unmapped(this.#socket.remoteAddress ?? '');
  }

  get port(): number {
    return this.#socket.remotePort ?? 0;
  }
}

function ignore(): void {}
