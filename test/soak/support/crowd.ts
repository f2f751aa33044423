/** Tells a process full of clients what to do; see crowd-process.ts. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { extname } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export interface Target {
  readonly transport: 'rawsocket' | 'websocket';
  readonly port: number;
  readonly tls?: boolean;
}

export type Deed =
  /** Open sessions and say no more. Answers how many got one. */
  | 'idle'
  /** Requests without end for `ms`, reading nothing. */
  | 'flood'
  /** Publishes to soak.flood for `ms`. */
  | 'publish'
  /** Subscribes to soak.flood and reads nothing. */
  | 'sleep'
  /** Says `text` on a bare TCP connection and waits. */
  | 'stall'
  /** `count` at a time for `ms`: connects, says garbage, goes. Answers how often. */
  | 'garbage'
  /** `count` at a time for `ms`: joins, registers, subscribes, vanishes. Answers how often. */
  | 'churn'
  /** `count` of the open connections close. */
  | 'leave'
  /** Answers how many connections are open. */
  | 'count';

export interface Command {
  readonly id: number;
  readonly deed: Deed;
  readonly target: Target;
  readonly count: number;
  readonly ms?: number;
  readonly text?: string;
}

const NOWHERE: Target = { transport: 'rawsocket', port: 0 };

export class Crowd {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (done: number) => void>();
  #lastId = 0;

  constructor(t: TestContext) {
    const file = `./crowd-process${extname(import.meta.url)}`;
    this.#child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      execArgv: process.execArgv.filter((argument) => !argument.startsWith('--test')),
    });
    this.#child.on('message', ({ id, done }: { readonly id: number; readonly done: number }) => {
      this.#waiting.get(id)?.(done);
      this.#waiting.delete(id);
    });
    t.after(() => this.#child.kill('SIGKILL'));
  }

  do(deed: Deed, target: Target, rest: Omit<Command, 'id' | 'deed' | 'target'>): Promise<number> {
    const id = ++this.#lastId;
    this.#child.send({ id, deed, target, ...rest } satisfies Command);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  get open(): Promise<number> {
    return this.do('count', NOWHERE, { count: 0 });
  }

  leave(count = Infinity): Promise<number> {
    return this.do('leave', NOWHERE, { count: Math.min(count, 1e9) });
  }
}
