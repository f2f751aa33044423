/**
 * Wires between nodes of one machine: a port in front of each node, which others dial instead of its own. Each wire
 * knows who has dialled and for which channel, from the HELLO, and can be cut, silenced, slowed and weighed.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { parseHandshake } from '../../runtime/net/peer/handshake-messages.ts';
import type { ChannelName } from '../../runtime/net/peer/port.ts';
import { Pipe } from './pipe.ts';

export interface Wire {
  /** The node that has dialled, by its own word. */
  readonly from: string;
  readonly to: string;
  readonly channel: ChannelName;
  cut(): void;
}

interface Line {
  readonly near: Socket;
  readonly far: Socket;
  readonly pipes: readonly Pipe[];
  readonly to: string;
  from: string | undefined;
  channel: ChannelName | undefined;
}

export class Wires {
  readonly #lines = new Set<Line>();
  readonly #servers: Server[] = [];
  readonly #silent = new Set<string>();
  #delay: () => number = () => 0;

  constructor(t: TestContext) {
    t.after(() => {
      for (const server of this.#servers) server.close();
      for (const line of this.#lines) hangUp(line);
    });
  }

  /** The port to be dialled instead of `port`. */
  async before(node: string, port: number): Promise<number> {
    const server = createServer((near) => this.#accept(near, node, port));
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  /** Those over which a node and another talk now, whoever has dialled. */
  between(a: string, b: string): readonly Wire[] {
    return [...this.#lines].flatMap((line) => {
      const { from, to, channel } = line;
      if (from === undefined || channel === undefined) return [];
      if (!(from === a && to === b) && !(from === b && to === a)) return [];
      const cut = (): void => {
        this.#lines.delete(line);
        hangUp(line);
      };
      return [{ from, to, channel, cut }];
    });
  }

  /** Nothing passes to or from this node any more, and nothing is closed: a pulled cable. New wires are as silent. */
  silence(node: string): void {
    this.#silent.add(node);
    for (const line of this.#lines) this.#applySilence(line);
  }

  /** This node alone is heard again, by those who are not silent. */
  restore(node: string): void {
    this.#silent.delete(node);
    for (const line of this.#lines) this.#applySilence(line);
  }

  heal(): void {
    this.#silent.clear();
    for (const line of this.#lines) this.#applySilence(line);
  }

  /** Ms that each chunk is late; its order within a wire stays. */
  delayBy(delay: () => number): void {
    this.#delay = delay;
  }

  #accept(near: Socket, to: string, port: number): void {
    const far = connect({ host: '127.0.0.1', port, noDelay: true });
    near.setNoDelay(true);
    const delay = (): number => this.#delay();
    const pipes = [new Pipe(near, far, delay), new Pipe(far, near, delay)];
    const line: Line = { near, far, pipes, to, from: undefined, channel: undefined };
    this.#lines.add(line);
    near.once('data', (chunk: Buffer) => {
      const hello = parseHandshake(chunk.subarray(4));
      if (hello?.kind !== 'hello') return;
      line.from = hello.node.name;
      line.channel = hello.purpose.channel;
      this.#applySilence(line);
    });
    this.#applySilence(line);
    for (const socket of [near, far]) {
      socket.on('error', () => {}); // followed by close
      socket.on('close', () => {
        this.#lines.delete(line);
        hangUp(line);
      });
    }
    for (const pipe of pipes) pipe.start();
  }

  #applySilence({ pipes, to, from }: Line): void {
    const isSilent = this.#silent.has(to) || (from !== undefined && this.#silent.has(from));
    for (const pipe of pipes) pipe.isOpen = !isSilent;
  }
}

function hangUp({ near, far }: Line): void {
  near.destroy();
  far.destroy();
}
