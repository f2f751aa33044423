/**
 * Keys from passwords: PBKDF2 (RFC 8018) and argon2id (RFC 9106) on the thread pool, which also reads files and looks
 * up names. So few run at a time, a bounded number waits, and whoever comes then is told at once.
 */
import { pbkdf2 } from 'node:crypto';

export type Kdf =
  | { readonly kind: 'pbkdf2'; readonly iterations: number }
  /** `memory` in KiB, one lane. */
  | { readonly kind: 'argon2id'; readonly memory: number; readonly passes: number };

export interface Derivation {
  readonly kdf: Kdf;
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  /** Of the key, bytes. */
  readonly length: number;
}

export type Derived =
  | { readonly kind: 'key'; readonly key: Uint8Array }
  /** Too many wait already. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly why: string };

export interface Deriver {
  /** Delivers once, later or at once. */
  derive(derivation: Derivation, deliver: (derived: Derived) => void): void;
}

export interface DeriverLimits {
  /** At a time. Libuv has four threads unless UV_THREADPOOL_SIZE says otherwise, and others need them too. */
  readonly concurrency: number;
  /** How many may wait. At 50 ms each with a concurrency of 2, 200 wait for 5 s. */
  readonly maxWaiting: number;
}

type Run = (derivation: Derivation) => Promise<Uint8Array>;

/** `run` is exchanged by tests. */
export class ThreadPoolDeriver implements Deriver {
  readonly #limits: () => DeriverLimits;
  readonly #run: Run;
  readonly #waiting: [Derivation, (derived: Derived) => void][] = [];
  #running = 0;

  constructor(limits: () => DeriverLimits, run: Run = runOnPool) {
    this.#limits = limits;
    this.#run = run;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  derive(derivation: Derivation, deliver: (derived: Derived) => void): void {
    const { concurrency, maxWaiting } = this.#limits();
    if (this.#running < concurrency) return void this.#start(derivation, deliver);
    if (this.#waiting.length >= maxWaiting) return deliver({ kind: 'busy' });
    this.#waiting.push([derivation, deliver]);
  }

  async #start(derivation: Derivation, deliver: (derived: Derived) => void): Promise<void> {
    this.#running += 1;
    const derived = await this.#derived(derivation);
    this.#running -= 1;
    while (this.#running < this.#limits().concurrency) {
      const next = this.#waiting.shift();
      if (!next) break;
      void this.#start(...next);
    }
    deliver(derived);
  }

  async #derived(derivation: Derivation): Promise<Derived> {
    try {
      return { kind: 'key', key: await this.#run(derivation) };
    } catch (error) {
      return { kind: 'failed', why: error instanceof Error ? error.message : String(error) };
    }
  }
}

// The package has them as const enums, which are not to be had from here.
const ARGON2ID = 2;
const VERSION_0X13 = 1;

async function runOnPool({ kdf, password, salt, length }: Derivation): Promise<Uint8Array> {
  if (kdf.kind === 'argon2id') {
    // Loaded when it is needed: a node whose realms hash nothing does without the native part.
    const { hashRaw } = await import('@node-rs/argon2');
    return hashRaw(password, {
      algorithm: ARGON2ID,
      version: VERSION_0X13,
      memoryCost: kdf.memory,
      timeCost: kdf.passes,
      parallelism: 1,
      outputLen: length,
      salt,
    });
  }
  return new Promise((resolve, reject) =>
    pbkdf2(password, salt, kdf.iterations, length, 'sha256', (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  );
}
