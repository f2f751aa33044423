/** A wire in the middle that tests can cut or silence, per channel; it learns the channel from the dialler's HELLO. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { PeerAddress } from '../../../actors/links/api.ts';
import { parseHandshake } from '../../../runtime/net/peer/handshake-messages.ts';
import type { ChannelName } from '../../../runtime/net/peer/port.ts';
import { Peer, startPeer } from './peers.ts';
import type { PeerOptions } from './peers.ts';

interface Wire {
  readonly near: Socket;
  readonly far: Socket;
  channel: ChannelName | undefined;
}

export class Middle {
  address: PeerAddress = { host: '127.0.0.1', port: 0 };
  readonly #to: PeerAddress;
  readonly #wires = new Set<Wire>();
  readonly #server = createServer((near) => this.#accept(near));
  /** While true, whoever dials is hung up on. */
  isClosed = false;

  constructor(to: PeerAddress) {
    this.#to = to;
  }

  static async before(t: TestContext, peer: Peer): Promise<Middle> {
    const middle = new Middle(peer.address);
    await new Promise<void>((resolve) => middle.#server.listen(0, '127.0.0.1', resolve));
    const { port } = middle.#server.address() as AddressInfo;
    middle.address = { host: '127.0.0.1', port };
    t.after(() => {
      middle.#server.close();
      middle.cut();
    });
    return middle;
  }

  /** Resets connections: all, or those of one channel. */
  cut(channel?: ChannelName): void {
    for (const { near, far } of this.#of(channel)) {
      near.destroy();
      far.destroy();
    }
  }

  /** Neither passes anything on nor closes anything: a pulled cable. */
  silence(channel?: ChannelName): void {
    for (const { near, far } of this.#of(channel)) {
      near.pause();
      far.pause();
    }
  }

  /** What was held back goes on. */
  resume(channel?: ChannelName): void {
    for (const { near, far } of this.#of(channel)) {
      near.resume();
      far.resume();
    }
  }

  #of(channel: ChannelName | undefined): readonly Wire[] {
    return [...this.#wires].filter((wire) => channel === undefined || wire.channel === channel);
  }

  #accept(near: Socket): void {
    if (this.isClosed) return void near.destroy();
    const far = connect({ ...this.#to, noDelay: true });
    near.setNoDelay(true);
    const wire: Wire = { near, far, channel: undefined };
    this.#wires.add(wire);
    near.once('data', (chunk: Buffer) => {
      const hello = parseHandshake(chunk.subarray(4));
      wire.channel = hello?.kind === 'hello' ? hello.purpose.channel : undefined;
    });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from.on('data', (chunk: Buffer) => {
        if (to.write(chunk)) return;
        from.pause();
        to.once('drain', () => from.resume());
      });
      from.on('error', () => {}); // followed by close
      from.on('close', () => {
        this.#wires.delete(wire);
        to.destroy();
      });
    }
  }
}

/** Node `a` has dialled node `b` through the wire. */
export async function pairWithMiddle(
  t: TestContext,
  first: Partial<PeerOptions> = {},
  second: Partial<PeerOptions> = {},
): Promise<{ readonly a: Peer; readonly b: Peer; readonly middle: Middle }> {
  const a = await startPeer(t, { name: 'a', ...first });
  const b = await startPeer(t, { name: 'b', ...second });
  const middle = await Middle.before(t, b);
  a.connectTo({ address: middle.address, name: 'b' });
  await Promise.all([a.untilLinked(b), b.untilLinked(a)]);
  return { a, b, middle };
}
