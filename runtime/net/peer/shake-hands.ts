/** Runs a handshake over a socket, under a deadline, and hands the socket over with what came behind it. */
import type { Socket } from 'node:net';
import { ByteWriter } from '../../wamp/writer.ts';
import { FrameReader } from './frame-reader.ts';
import type { Established, Handshake, HandshakeStep } from './handshake.ts';
import type { PeerIdentity, Refusal } from './handshake-messages.ts';
import { HANDSHAKE_BYTES } from './handshake-messages.ts';

export type HandshakeOutcome =
  | {
      readonly kind: 'established';
      readonly result: Established;
      readonly socket: Socket;
      readonly rest: readonly Uint8Array[];
    }
  | {
      readonly kind: 'refused';
      readonly reason: Refusal;
      readonly text: string;
      readonly by: 'us' | 'peer';
      readonly claimed: PeerIdentity | undefined;
    }
  /** No connection, or it was lost. */
  | { readonly kind: 'failed'; readonly detail: string };

/** For a refused peer to read why. */
const LINGER_MS = 250;

/** `done` is called once. The returned function gives up: the socket is cut, and `done` not called any more. */
export function shakeHands(
  socket: Socket,
  handshake: Handshake,
  timeoutMs: number,
  done: (outcome: HandshakeOutcome) => void,
): () => void {
  const reader = new FrameReader(HANDSHAKE_BYTES);
  let isOver = false;
  const timer = setTimeout(() => run(handshake.abandon('timeout', 'too slow')), timeoutMs);

  const finish = (outcome: HandshakeOutcome | undefined): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    socket.off('data', onData);
    socket.off('close', onClose);
    if (outcome !== undefined) done(outcome);
  };
  const run = (steps: readonly HandshakeStep[]): void => {
    for (const step of steps) {
      switch (step.kind) {
        case 'send':
          socket.write(framed(step.bytes));
          break;
        case 'established':
          socket.pause();
          finish({ kind: 'established', result: step.result, socket, rest: reader.rest() });
          break;
        case 'refused':
          endSoon(socket);
          finish(step);
          break;
        default:
          never(step);
      }
    }
  };
  const onData = (chunk: Buffer): void => {
    reader.push(chunk);
    while (!isOver) {
      const found = reader.next();
      if (found === 'none') return;
      if (found !== 'frame') return run(handshake.abandon('protocol', 'not a handshake'));
      run(handshake.receive(reader.bytes.subarray(reader.start, reader.end)));
    }
  };
  const onClose = (): void => finish({ kind: 'failed', detail: 'closed during the handshake' });

  socket.on('error', () => {}); // always followed by close
  socket.on('data', onData);
  socket.on('close', onClose);
  run(handshake.start());
  return () => {
    finish(undefined);
    socket.destroy();
  };
}

/** Ends a socket that nobody takes, after what was written. */
export function endSoon(socket: Socket): void {
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

function framed(bytes: Uint8Array): Uint8Array {
  const frame = new ByteWriter(4 + bytes.length);
  frame.buffer.writeUInt32BE(bytes.length, 0);
  frame.at = 4;
  frame.append(bytes, 0, bytes.length);
  return frame.buffer.subarray(0, frame.at);
}

function never(step: never): never {
  throw new Error(`unexpected step ${JSON.stringify(step)}`);
}
