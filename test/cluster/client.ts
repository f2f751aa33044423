/**
 * An autobahn-js client that stays, whatever happens to its node. The library tries again after a lost connection, not after
 * a GOODBYE, which is what a node says that is restarted in order: so each try is a connection of its own.
 */
import autobahn from 'autobahn';
import type { Session } from 'autobahn';

const RETRY_MS = 100;
/** A node that accepts and then says nothing, as one that is paused. */
const HANDSHAKE_MS = 10_000;

export interface Joined {
  readonly session: Session;
  /** Settled when the session is over: autobahn leaves requests without an answer then. */
  readonly ended: Promise<void>;
}

export class LastingClient {
  readonly url: string;
  readonly #prepare: (session: Session) => Promise<void>;
  #connection: autobahn.Connection | undefined;
  #joined: Joined | undefined;
  #waiting: ((joined: Joined | undefined) => void)[] = [];
  #retry: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** Sessions it has had. */
  sessions = 0;

  /** `prepare` registers and subscribes, for each session anew. */
  constructor(url: string, prepare: (session: Session) => Promise<void> = async () => {}) {
    this.url = url;
    this.#prepare = prepare;
    this.#open();
  }

  /** Once there is a session and it is prepared; undefined after `stop`. */
  joined(): Promise<Joined | undefined> {
    if (this.#joined !== undefined || this.#isStopped) return Promise.resolve(this.#joined);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    this.#tell(undefined);
    close(this.#connection);
  }

  #open(): void {
    const connection = new autobahn.Connection({ url: this.url, realm: 'realm1', max_retries: 0 });
    this.#connection = connection;
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    const late = setTimeout(() => this.#lost(connection, end), HANDSHAKE_MS);
    connection.onopen = (session) => {
      clearTimeout(late);
      this.#onOpen(connection, { session, ended });
    };
    connection.onclose = () => {
      clearTimeout(late);
      this.#lost(connection, end);
      return true;
    };
    connection.open();
  }

  #onOpen(connection: autobahn.Connection, joined: Joined): void {
    if (connection !== this.#connection) return close(connection); // given up meanwhile
    this.sessions += 1;
    const prepared = Promise.race([
      this.#prepare(joined.session).then(() => true),
      joined.ended.then(() => false),
    ]);
    prepared.then(
      (isReady) => {
        if (isReady && !this.#isStopped && connection === this.#connection) this.#tell(joined);
      },
      // Refused, as while a former registration is still known: from the start again.
      () => close(connection),
    );
  }

  #tell(joined: Joined | undefined): void {
    this.#joined = joined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(joined);
  }

  #lost(connection: autobahn.Connection, end: () => void): void {
    end();
    if (connection !== this.#connection) return;
    this.#joined = undefined;
    this.#connection = undefined;
    close(connection);
    if (!this.#isStopped) this.#retry = setTimeout(() => this.#open(), RETRY_MS);
  }
}

/** A session for one question. */
export async function ask<T>(url: string, question: (session: Session) => Promise<T>): Promise<T> {
  const client = new LastingClient(url);
  try {
    const joined = await client.joined();
    if (joined === undefined) throw new Error('stopped');
    const over = joined.ended.then(() => Promise.reject(new Error(`${url} was lost`)));
    return await Promise.race([question(joined.session), over]);
  } finally {
    client.stop();
  }
}

function close(connection: autobahn.Connection | undefined): void {
  try {
    connection?.close();
  } catch (error) {
    // autobahn throws this text where there is nothing left to close.
    if (error !== 'connection already closed') throw error;
  }
}
