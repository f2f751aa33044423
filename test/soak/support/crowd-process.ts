/**
 * Clients by the thousand, in a process of their own: descriptors, memory and processor time of the crowd are not
 * those of the test. Speaks JSON over bare sockets, as little of the protocols as it needs.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Command, Deed, Target } from './crowd.ts';

const HELLO = '[1,"realm1",{"roles":{"caller":{},"callee":{},"publisher":{},"subscriber":{}}}]';
const SHAKE = Buffer.from([0x7f, 0xf1, 0, 0]);
const UPGRADE =
  'GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
  'Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n';
/** Connections that are being opened at once. */
const AT_ONCE = 100;

const open = new Set<Socket>();
let deadline = 0;

function dial({ port, tls }: Target): Socket {
  const at = { port, host: '127.0.0.1' };
  const socket = tls ? connectTls({ ...at, rejectUnauthorized: false }) : connect(at);
  open.add(socket);
  socket.on('error', () => {});
  socket.on('close', () => open.delete(socket));
  return socket;
}

function framed({ transport }: Target, message: string): Buffer {
  const body = Buffer.from(message);
  if (transport === 'rawsocket') {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(body.length);
    return Buffer.concat([header, body]);
  }
  // A mask of zeros is a mask.
  const head =
    body.length < 126
      ? [0x81, 0x80 | body.length]
      : [0x81, 0xfe, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(4), body]);
}

/** Answers the keep-alive of the node, which is all that an idle session hears. */
function pong(socket: Socket, bytes: Buffer): void {
  if (bytes[0] !== 0x89) return;
  const length = bytes[1];
  const head = Buffer.of(0x8a, 0x80 | length, 0, 0, 0, 0);
  socket.write(Buffer.concat([head, bytes.subarray(2, 2 + length)]));
}

/** Until WELCOME; false when the connection was closed before. */
function join(target: Target): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = dial(target);
    let text = '';
    let hasShaken = false;
    socket.write(target.transport === 'rawsocket' ? SHAKE : UPGRADE);
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (
        !hasShaken &&
        (target.transport === 'rawsocket' ? text.length >= 4 : text.includes('\r\n\r\n'))
      ) {
        hasShaken = true;
        socket.write(framed(target, HELLO));
      }
      if (!text.includes('[2,')) return;
      socket.off('data', onData);
      socket.off('close', onClose);
      if (target.transport === 'websocket')
        socket.on('data', (bytes: Buffer) => pong(socket, bytes));
      socket.resume();
      resolve(socket);
    };
    const onClose = (): void => resolve(undefined);
    socket.on('data', onData);
    socket.on('close', onClose);
  });
}

async function each(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(count, AT_ONCE) }, worker));
}

/** Writes for as long as the deadline allows, as fast as the socket takes it. */
function pour(socket: Socket, next: () => Buffer): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      if (performance.now() > deadline || socket.destroyed) return resolve();
      if (socket.write(next())) setImmediate(go);
    };
    socket.on('drain', go);
    socket.on('close', () => resolve());
    setTimeout(resolve, Math.max(0, deadline - performance.now()));
    go();
  });
}

function batch(target: Target, count: number, message: (id: number) => string): () => Buffer {
  let id = 0;
  return () => Buffer.concat(Array.from({ length: count }, () => framed(target, message(++id))));
}

const FLOODS: readonly ((id: number) => string)[] = [
  (id) => `[48,${id},{},"soak.nobody",["${'x'.repeat(100)}"]]`,
  (id) => `[48,${id},{},"wamp.session.count"]`,
  (id) => `[32,${id},{},"soak.topic"]`,
  (id) => `[16,${id},{"acknowledge":true},"soak.elsewhere"]`,
  (id) => `[66,${id},${id}]`,
];

/** Requests without end; the answers are never read. */
async function flood(target: Target, index: number): Promise<void> {
  const socket = await join(target);
  if (!socket) return;
  socket.pause();
  await pour(socket, batch(target, 100, FLOODS[index % FLOODS.length]));
}

async function publish(target: Target): Promise<void> {
  const socket = await join(target);
  if (!socket) return;
  const body = 'x'.repeat(4000);
  await pour(
    socket,
    batch(target, 10, (id) => `[16,${id},{},"soak.flood",["${body}"]]`),
  );
}

async function subscribeAndSleep(target: Target): Promise<void> {
  const socket = await join(target);
  if (!socket) return;
  await new Promise((resolve) => {
    socket.once('data', resolve);
    socket.write(framed(target, '[32,1,{},"soak.flood"]'));
  });
  socket.pause();
}

/** What nobody sent in earnest: noise, or noise where the protocol has got a little further. */
function garbage(target: Target): Promise<void> {
  return new Promise((resolve) => {
    const socket = dial(target);
    socket.on('close', resolve);
    socket.resume();
    const step = Math.floor(Math.random() * 5);
    if (step > 0) socket.write(target.transport === 'rawsocket' ? SHAKE : UPGRADE);
    if (step > 2) socket.write(framed(target, HELLO));
    const noise = randomBytes(1 + Math.floor(Math.random() * 2000));
    socket.write(step % 2 ? framed(target, noise.toString('latin1').slice(0, 500)) : noise);
    socket.write(randomBytes(64));
    setTimeout(() => socket.destroy(), 20);
  });
}

async function churn(target: Target): Promise<void> {
  const socket = await join(target);
  if (!socket) return;
  const answered = new Promise<void>((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.includes('[65,') && text.includes('[33,')) resolve();
    });
    socket.on('close', () => resolve());
  });
  const name = `soak.churn.${randomBytes(8).toString('hex')}`;
  socket.write(framed(target, `[64,1,{},"${name}"]`));
  socket.write(framed(target, `[32,2,{},"${name}"]`));
  await answered;
  if (target.tls) socket.destroy();
  else socket.resetAndDestroy(); // leaves no port waiting
}

async function stall(target: Target, text: string): Promise<void> {
  const socket = dial({ ...target, tls: false });
  socket.resume();
  await new Promise((resolve) => socket.once('connect', resolve));
  if (text.length > 0) socket.write(Buffer.from(text, 'latin1'));
}

async function repeat(atOnce: number, ms: number, work: () => Promise<void>): Promise<number> {
  deadline = performance.now() + ms;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < deadline) {
      await work();
      done++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return done;
}

async function perform({ target, count, deed, ms = 0, text = '' }: Command): Promise<number> {
  deadline = performance.now() + ms;
  let joined = 0;
  const deeds: Readonly<Record<Deed, () => Promise<unknown>>> = {
    idle: () => each(count, async () => void ((await join(target)) && joined++)),
    flood: () => Promise.all(Array.from({ length: count }, (_, index) => flood(target, index))),
    publish: () => Promise.all(Array.from({ length: count }, () => publish(target))),
    sleep: () => each(count, () => subscribeAndSleep(target)),
    stall: () => each(count, () => stall(target, text)),
    garbage: async () => (joined = await repeat(count, ms, () => garbage(target))),
    churn: async () => (joined = await repeat(count, ms, () => churn(target))),
    leave: async () => {
      for (const socket of [...open].slice(0, count)) socket.destroy();
    },
    count: async () => (joined = open.size),
  };
  await deeds[deed]();
  return joined;
}

process.on('message', (command: Command) => {
  void perform(command).then((done) => process.send?.({ id: command.id, done }));
});
process.on('disconnect', () => process.exit());
