/**
 * WAMP over WebSocket, the server's side of one socket. The `ws` package reads (masks, fragments, control frames,
 * limits); data frames are written by us, so that all messages of a turn leave in one write.
 */
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import type { CloseCause, Connection, TransportInfo } from './connection.ts';
import { DeflateOutlet } from './websocket-deflate.ts';
import type { NetEnvironment } from './environment.ts';
import type { KeepAlive } from './keep-alive.ts';
import type { ConnectionLimits } from './limits.ts';
import { Outbound } from './outbound.ts';
import type { Wire } from './socket-connection.ts';
import { SocketConnection } from './socket-connection.ts';
import type { Subprotocol } from './subprotocol.ts';
import { splitBatch } from './websocket-batch.ts';
import { BatchedFraming, controlHeader, WebSocketFraming } from './websocket-frames.ts';

const NORMAL = 1000;
const PROTOCOL_ERROR = 1002;
const UNSUPPORTED_DATA = 1003;
const MAX_REASON_BYTES = 123;
const NOTHING = new Uint8Array(0);
const PING = controlHeader('ping', 0);

/**
 * The class `ws` makes for us. It closes by itself when it finds an error or when the peer closes; we want to say
 * ABORT before the first, and nothing at all after the second.
 */
export class GuardedWebSocket extends WebSocket {
  guard: { onPeerClose(): void } | undefined = undefined;
  /** The close code for the error `ws` found, until we close with it. */
  errorCode: number | undefined = undefined;

  override close(code?: number, reason?: string | Buffer): void {
    // Only the error path of `ws` gives a code and no reason. Its 'error' event follows, which we act on.
    if (this.guard && code !== undefined && reason === undefined) {
      this.errorCode = code;
      return;
    }
    this.guard?.onPeerClose();
    super.close(code, reason);
  }

  closeFromHere(code: number, reason: string): void {
    super.close(code, reason);
  }
}

export interface WebSocketHost {
  readonly environment: NetEnvironment;
  readonly limits: ConnectionLimits;
  readonly keepAlive: KeepAlive;
}

export function openWebSocket(
  ws: GuardedWebSocket,
  socket: Socket,
  info: TransportInfo,
  subprotocol: Subprotocol,
  { environment, limits, keepAlive }: WebSocketHost,
): Connection {
  const connection = new SocketConnection(info, limits, keepAlive, environment);
  const { serializer, isBatched } = subprotocol;
  const codec = environment.codecs[serializer];
  const isCompressed = ws.extensions !== '';
  const framing = isBatched ? new BatchedFraming(serializer) : new WebSocketFraming(serializer);
  const outbound = isCompressed
    ? new DeflateOutlet(codec, ws, environment, limits, connection)
    : new Outbound(codec, socket, framing, environment, limits, connection);
  const wire = new WebSocketWire(ws, outbound, connection, subprotocol, environment);
  wire.listen(socket);
  connection.connect(wire, outbound);
  return connection;
}

class WebSocketWire implements Wire {
  readonly #ws: GuardedWebSocket;
  readonly #outbound: Outbound | DeflateOutlet;
  readonly #connection: SocketConnection;
  readonly #isJson: boolean;
  readonly #isBatched: boolean;
  readonly #environment: NetEnvironment;
  #isDeaf = false;
  #error: string | undefined;
  #closeCode = PROTOCOL_ERROR;
  /** Messages of the chunk that is being read; all of them lie in this memory. */
  #chunk: Buffer | undefined;
  #memory: Buffer | undefined;
  #ranges: number[] = [];

  constructor(
    ws: GuardedWebSocket,
    outbound: Outbound | DeflateOutlet,
    connection: SocketConnection,
    { serializer, isBatched }: Subprotocol,
    environment: NetEnvironment,
  ) {
    this.#ws = ws;
    this.#outbound = outbound;
    this.#connection = connection;
    this.#isJson = serializer === 'json';
    this.#isBatched = isBatched;
    this.#environment = environment;
  }

  listen(socket: Socket): void {
    const ws = this.#ws;
    const isInflating = ws.extensions !== '';
    ws.guard = { onPeerClose: () => this.#onPeerClose() };
    ws.on('message', (data, isBinary) => {
      this.#onMessage(data as Buffer, isBinary);
      if (isInflating) this.#deliver();
    });
    ws.on('ping', (body: Buffer) => this.#onPing(body));
    ws.on('error', (error) => this.#onError(error));
    ws.on('close', () => this.#connection.closed(this.#error));
    socket.on(
      'error',
      (error: NodeJS.ErrnoException) => (this.#error = error.code ?? error.message),
    );
    // Registered after the listener of `ws`, so every message of the chunk has been seen when it runs.
    socket.on('data', () => {
      this.#connection.quietTicks = 0;
      this.#deliver();
    });
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#isDeaf) return;
    if (isBinary === this.#isJson) {
      const kind = isBinary ? 'binary' : 'text';
      return this.#violate(`${kind} message on ${this.#ws.protocol}`, UNSUPPORTED_DATA);
    }
    if (this.#chunk === undefined) this.#chunk = data;
    else if (this.#chunk.buffer !== data.buffer) {
      this.#deliver();
      this.#chunk = data;
    }
    // Ranges are places in the chunk's memory, of which `data` is a view.
    const start = data.byteOffset;
    const end = start + data.length;
    if (!this.#isBatched) {
      this.#ranges.push(start, end);
      return;
    }
    this.#memory ??= Buffer.from(data.buffer);
    const wrong = splitBatch(this.#isJson, this.#memory, start, end, this.#ranges);
    if (wrong !== undefined) this.#violate(wrong, PROTOCOL_ERROR);
  }

  /** Hands on what the chunk had. */
  #deliver(): void {
    const chunk = this.#chunk;
    if (chunk === undefined) return;
    const ranges = this.#ranges;
    const bytes = this.#memory ?? Buffer.from(chunk.buffer);
    this.#chunk = undefined;
    this.#memory = undefined;
    this.#ranges = [];
    if (ranges.length > 0) this.#connection.deliver({ bytes, ranges }, bytes.length);
  }

  #onPing(body: Buffer): void {
    this.#outbound.control(controlHeader('pong', body.length), body);
    this.#connection.holdIfCongested();
  }

  #onError(error: Error): void {
    if (this.#ws.errorCode === undefined) {
      this.#error = error.message;
      return; // of the socket; close follows
    }
    this.#violate(error.message, this.#ws.errorCode);
  }

  #violate(detail: string, closeCode: number): void {
    this.#deliver();
    if (this.#isDeaf) return;
    this.#isDeaf = true;
    this.#closeCode = closeCode;
    this.#environment.count('websocket_violations');
    this.#connection.violate(detail);
  }

  /** The peer said close and `ws` is about to answer: after that no data frame may follow. */
  #onPeerClose(): void {
    this.#deliver();
    this.#isDeaf = true;
    this.#outbound.flushNow();
    this.#outbound.dispose();
  }

  stopReading(): void {
    this.#ws.pause();
  }

  startReading(): void {
    this.#ws.resume();
  }

  ping(): void {
    this.#outbound.control(PING, NOTHING);
  }

  flush(): void {
    this.#outbound.flushNow();
  }

  finish(cause: CloseCause, detail: string): void {
    this.#isDeaf = true;
    const code = cause.kind === 'violation' ? this.#closeCode : NORMAL;
    this.#ws.closeFromHere(code, shortened(detail));
    this.#outbound.dispose();
  }

  cut(): void {
    this.#outbound.dispose();
    this.#ws.terminate();
  }

  dispose(): void {
    this.#outbound.dispose();
  }
}

/** A close frame's reason has 123 bytes at most. */
function shortened(text: string): string {
  let short = text.slice(0, MAX_REASON_BYTES);
  while (Buffer.byteLength(short) > MAX_REASON_BYTES) short = short.slice(0, -1);
  return short;
}
