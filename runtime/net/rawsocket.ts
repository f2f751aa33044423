/**
 * WAMP over RawSocket, the server's side of one socket: handshake, frames in, frames out, PING and PONG.
 * The two machines are in rawsocket-handshake.ts and rawsocket-frames.ts; here is what touches the socket.
 */
import type { Socket } from 'node:net';
import type { Accepted } from './acceptor.ts';
import type { CloseCause, Connection, TransportInfo } from './connection.ts';
import type { NetEnvironment } from './environment.ts';
import type { KeepAlive } from './keep-alive.ts';
import type { ConnectionLimits } from './limits.ts';
import { Outbound } from './outbound.ts';
import type { HandshakeResult } from './rawsocket-handshake.ts';
import { lengthExponent, lengthOf, RawSocketHandshake } from './rawsocket-handshake.ts';
import type { RawFrameSink } from './rawsocket-frames.ts';
import { controlHeader, RawFrameSplitter, RawSocketFraming } from './rawsocket-frames.ts';
import type { Wire } from './socket-connection.ts';
import { SocketConnection } from './socket-connection.ts';
import { tlsPeer } from './tls-peer.ts';

const LINGER_MS = 1000;
/** Not empty: autobahn-js answers an empty PING only when the next frame comes. */
const PING_BODY = Buffer.from('ping');
const PING = controlHeader('ping', PING_BODY.length);

/** What a listener gives to each of its sockets. */
export interface RawSocketHost {
  readonly environment: NetEnvironment;
  readonly limits: ConnectionLimits;
  /** See `HandshakeRules`. */
  readonly minPeerExponent: number;
  readonly keepAlive: KeepAlive;
}

export class RawSocketFront {
  readonly #host: RawSocketHost;
  readonly #name: string;
  readonly #onConnection: (connection: Connection) => void;

  constructor(host: RawSocketHost, name: string, onConnection: (connection: Connection) => void) {
    this.#host = host;
    this.#name = name;
    this.#onConnection = onConnection;
  }

  /** Takes over a socket that has not said anything yet. */
  serve(accepted: Accepted): void {
    const { socket, isFull } = accepted;
    const { limits, minPeerExponent } = this.#host;
    const exponent = lengthExponent(limits.maxMessageBytes);
    const handshake = new RawSocketHandshake({ lengthExponent: exponent, minPeerExponent, isFull });
    // One listener for the life of the socket: taking it away and adding another costs as much as a frame.
    let receive = (chunk: Buffer): void => {
      const result = handshake.push(chunk);
      if (result.kind === 'incomplete') return;
      if (result.kind === 'refused') {
        receive = ignore;
        return this.#refuse(socket, result);
      }
      accepted.settled();
      socket.write(result.reply);
      const wire = this.#open(accepted, result, lengthOf(exponent));
      receive = wire.receive;
      if (result.rest < chunk.length) wire.receive(chunk.subarray(result.rest));
    };
    socket.on('data', (chunk) => receive(chunk));
  }

  #refuse(socket: Socket, { error, reply }: Extract<HandshakeResult, { kind: 'refused' }>): void {
    this.#host.environment.count(`rawsocket_refused_${error}`);
    if (reply === undefined) return void socket.destroy();
    // Read on for a moment: closing over unread bytes would reset the connection before the reply is seen.
    socket.end(reply);
    socket.resume();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }

  #open(
    { socket, peer, isTls }: Accepted,
    { serializer, peerMaxBytes }: Extract<HandshakeResult, { kind: 'accepted' }>,
    maxBytes: number,
  ): RawSocketWire {
    const { environment, limits, keepAlive } = this.#host;
    const info: TransportInfo = {
      kind: 'rawsocket',
      batched: false,
      tls: isTls,
      ...tlsPeer(socket),
      peer,
      listener: this.#name,
    };
    const connection = new SocketConnection(info, limits, keepAlive, environment);
    const codec = environment.codecs[serializer];
    const framing = new RawSocketFraming(peerMaxBytes);
    const outbound = new Outbound(codec, socket, framing, environment, limits, connection);
    const wire = new RawSocketWire(socket, outbound, connection, maxBytes, environment);
    connection.connect(wire, outbound);
    this.#onConnection(connection);
    return wire;
  }
}

function ignore(): void {}

class RawSocketWire implements Wire, RawFrameSink {
  readonly #socket: Socket;
  readonly #outbound: Outbound;
  readonly #connection: SocketConnection;
  readonly #splitter: RawFrameSplitter;
  readonly #environment: NetEnvironment;
  #isDeaf = false;
  #error: string | undefined;

  constructor(
    socket: Socket,
    outbound: Outbound,
    connection: SocketConnection,
    maxBytes: number,
    environment: NetEnvironment,
  ) {
    this.#socket = socket;
    this.#outbound = outbound;
    this.#connection = connection;
    this.#environment = environment;
    this.#splitter = new RawFrameSplitter(maxBytes);
    socket.on(
      'error',
      (error: NodeJS.ErrnoException) => (this.#error = error.code ?? error.message),
    );
    socket.on('close', () => connection.closed(this.#error));
  }

  readonly receive = (chunk: Buffer): void => {
    this.#connection.quietTicks = 0;
    if (this.#isDeaf) return;
    const violation = this.#splitter.push(chunk, this);
    if (violation === undefined) return;
    this.#isDeaf = true;
    this.#environment.count('rawsocket_violations');
    this.#connection.violate(violation);
  };

  onBatch(batch: { readonly bytes: Uint8Array; readonly ranges: readonly number[] }): void {
    this.#connection.deliver(batch, batch.bytes.length);
  }

  onPing(body: Uint8Array): void {
    this.#outbound.control(controlHeader('pong', body.length), body);
    this.#connection.holdIfCongested();
  }

  onPong(): void {} // heard: the chunk it came in has said so

  stopReading(): void {
    this.#socket.pause();
  }

  startReading(): void {
    this.#socket.resume();
  }

  ping(): void {
    this.#outbound.control(PING, PING_BODY);
  }

  flush(): void {
    this.#outbound.flushNow();
  }

  finish(_cause: CloseCause, _detail: string): void {
    this.#isDeaf = true;
    this.#socket.end();
  }

  cut(): void {
    this.#outbound.dispose();
    this.#socket.destroy();
  }

  dispose(): void {
    this.#outbound.dispose();
  }
}
