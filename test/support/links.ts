/**
 * The transports as a client sees them: WAMP message bytes in and out of websocket messages (batched or not) and
 * rawsocket frames. Everything a test may want to break is reachable: raw bytes, frame types, reading itself.
 */
import net from 'node:net';
import { once } from 'node:events';
import WebSocket from 'ws';
import { Inbox } from './inbox.ts';
import type { Serializer, Wire } from './wire.ts';

export interface Closing {
  /** Websocket close code; undefined on rawsocket. */
  readonly code: number | undefined;
  readonly reason: string;
}

export interface Link {
  /** WAMP messages as the router sent them. */
  readonly messages: Inbox<Uint8Array>;
  readonly closing: Promise<Closing>;
  /** One transport message per WAMP message, or one batch of all of them. */
  send(messages: readonly Uint8Array[]): void;
  /** Bytes below the transport's framing. */
  write(bytes: Uint8Array): void;
  pauseReading(): void;
  resumeReading(): void;
  /** The transport's own polite end. */
  end(): void;
  destroy(): void;
}

const RECORD_SEPARATOR = 0x1e;

export function subprotocol({ serializer, batched }: Wire): string {
  return `wamp.2.${serializer}${batched ? '.batched' : ''}`;
}

export async function openWebSocket(url: string, wire: Wire): Promise<WebSocketLink> {
  const socket = new WebSocket(url, [subprotocol(wire)], { perMessageDeflate: false });
  const link = new WebSocketLink(socket, wire);
  await once(socket, 'open');
  return link;
}

export class WebSocketLink implements Link {
  readonly messages = new Inbox<Uint8Array>();
  /** Whole websocket messages, and whether they were binary. */
  readonly frames: { readonly bytes: Uint8Array; readonly isBinary: boolean }[] = [];
  readonly closing: Promise<Closing>;
  readonly socket: WebSocket;
  readonly #wire: Wire;

  constructor(socket: WebSocket, wire: Wire) {
    this.socket = socket;
    this.#wire = wire;
    socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary));
    // The close event that follows says what there is to say.
    socket.on('error', () => {});
    this.closing = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.messages.end(`the websocket closed (${code} ${reason})`);
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  send(messages: readonly Uint8Array[]): void {
    if (this.#wire.batched) {
      this.sendData(Buffer.concat(messages.map((each) => this.#batchItem(each))));
    } else for (const each of messages) this.sendData(each);
  }

  /** A whole websocket message of the subprotocol's type, whatever is in it. */
  sendData(data: Uint8Array, binary = this.#wire.serializer !== 'json'): void {
    this.socket.send(data, { binary });
  }

  write(bytes: Uint8Array): void {
    const { _socket } = this.socket as unknown as { readonly _socket: net.Socket };
    _socket.write(bytes);
  }

  pauseReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.socket.resume();
  }

  end(): void {
    this.socket.close(1000);
  }

  destroy(): void {
    this.socket.terminate();
  }

  #batchItem(message: Uint8Array): Uint8Array {
    if (this.#wire.serializer === 'json')
      return Buffer.concat([message, Buffer.of(RECORD_SEPARATOR)]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    return Buffer.concat([length, message]);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.frames.push({ bytes: data, isBinary });
    if (!this.#wire.batched) return this.messages.push(data);
    if (this.#wire.serializer === 'json') {
      if (data.at(-1) !== RECORD_SEPARATOR) throw new Error('a JSON batch must end in 0x1e');
      for (let start = 0; start < data.length;) {
        const end = data.indexOf(RECORD_SEPARATOR, start);
        this.messages.push(data.subarray(start, end));
        start = end + 1;
      }
      return;
    }
    for (let at = 0; at < data.length;) {
      const end = at + 4 + data.readUInt32BE(at);
      this.messages.push(data.subarray(at + 4, end));
      at = end;
    }
  }
}

const RAW_SERIALIZERS: Record<Serializer, number> = { json: 1, msgpack: 2, cbor: 3 };

export interface RawSocketOptions {
  /** Most this client accepts: 2^(9 + exponent) octets. */
  readonly lengthExponent?: number;
}

/** Connects and shakes hands. */
export async function openRawSocket(
  url: string,
  serializer: Serializer,
  { lengthExponent = 15 }: RawSocketOptions = {},
): Promise<RawSocketLink> {
  const link = await connectRawSocket(url);
  link.write(Buffer.of(0x7f, (lengthExponent << 4) | RAW_SERIALIZERS[serializer], 0, 0));
  const reply = await link.handshake(3000);
  if (reply[0] !== 0x7f || (reply[1] & 0x0f) !== RAW_SERIALIZERS[serializer]) {
    link.destroy();
    throw new Error(`handshake refused: ${Buffer.from(reply).toString('hex')}`);
  }
  return link;
}

/** Connects and says nothing. */
export async function connectRawSocket(url: string): Promise<RawSocketLink> {
  const { hostname, port } = new URL(url);
  const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
  const link = new RawSocketLink(socket);
  await once(socket, 'connect');
  return link;
}

export interface RawFrame {
  readonly type: number;
  readonly bytes: Uint8Array;
}

export class RawSocketLink implements Link {
  readonly messages = new Inbox<Uint8Array>();
  readonly pongs = new Inbox<Uint8Array>();
  readonly closing: Promise<Closing>;
  readonly socket: net.Socket;
  /** The router's octets 2-4 decide how large a message may be sent to it. */
  routerLimit = 0;
  readonly #handshakes = new Inbox<Uint8Array>();
  #isNegotiated = false;
  #pending: Buffer = Buffer.alloc(0);

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    // The close event that follows says what there is to say.
    socket.on('error', () => {});
    this.closing = new Promise((resolve) => {
      socket.on('close', () => {
        const why = 'the rawsocket closed';
        for (const inbox of [this.messages, this.pongs, this.#handshakes]) inbox.end(why);
        resolve({ code: undefined, reason: '' });
      });
    });
  }

  handshake(timeoutMs: number): Promise<Uint8Array> {
    return this.#handshakes.next(timeoutMs, 'handshake reply');
  }

  send(messages: readonly Uint8Array[]): void {
    this.write(Buffer.concat(messages.map((bytes) => rawFrame(0, bytes))));
  }

  sendFrame(type: number, payload: Uint8Array): void {
    this.write(rawFrame(type, payload));
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  pauseReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.socket.resume();
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    if (!this.#isNegotiated) {
      if (this.#pending.length < 4) return;
      this.#isNegotiated = true;
      this.routerLimit = 2 ** (9 + (this.#pending[1] >> 4));
      this.#handshakes.push(this.#pending.subarray(0, 4));
      at = 4;
    }
    while (this.#pending.length - at >= 4) {
      const head = this.#pending.readUInt32BE(at);
      const length = (head & 0x0800_0000) !== 0 ? 2 ** 24 : head & 0x00ff_ffff;
      if (this.#pending.length - at - 4 < length) break;
      const payload = this.#pending.subarray(at + 4, at + 4 + length);
      this.#frame((head >>> 24) & 0x07, payload);
      at += 4 + length;
    }
    this.#pending = this.#pending.subarray(at);
  }

  #frame(type: number, bytes: Uint8Array): void {
    if (type === 0) this.messages.push(bytes);
    else if (type === 1) this.sendFrame(2, bytes);
    else this.pongs.push(bytes);
  }
}

export function rawFrame(type: number, payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(payload.length === 2 ** 24 ? 0x0800_0000 : payload.length);
  head[0] |= type;
  return Buffer.concat([head, payload]);
}
