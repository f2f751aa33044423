/**
 * Logins that were proven a short while ago: checking a password takes tens of milliseconds of the thread pool, and a script
 * sends it with each request. Kept by a digest under a key of this process, so that memory holds nothing that could be
 * guessed from offline. Whether the user may still enter is asked each time, by whoever uses it.
 */

export interface KnownLoginsConfig {
  /** 0: nothing is remembered. */
  readonly forMs: number;
  readonly maxEntries: number;
}

interface Entry<Login> {
  readonly login: Login;
  readonly until: number;
}

export class KnownLogins<Login> {
  readonly #config: KnownLoginsConfig;
  /** In the order in which they end. */
  readonly #entries = new Map<string, Entry<Login>>();

  constructor(config: KnownLoginsConfig) {
    this.#config = config;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(digest: string, now: number): Login | undefined {
    const entry = this.#entries.get(digest);
    return entry !== undefined && now < entry.until ? entry.login : undefined;
  }

  put(digest: string, login: Login, now: number): void {
    const { forMs, maxEntries } = this.#config;
    if (forMs === 0) return;
    this.#entries.delete(digest);
    this.#entries.set(digest, { login, until: now + forMs });
    for (const [oldest, { until }] of this.#entries) {
      if (this.#entries.size <= maxEntries && now < until) return;
      this.#entries.delete(oldest);
    }
  }

  forget(digest: string): void {
    this.#entries.delete(digest);
  }
}
