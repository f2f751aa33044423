/**
 * Against guessing: failures are counted per address and per user of a realm; after a few, the next attempt must wait, and
 * each further failure doubles the wait. Names that do not exist are counted too, otherwise the wait would tell.
 *
 * An attempt counts as a failure from its beginning until it succeeds, so that a thousand of them at once are not a
 * thousand guesses. Success forgives the user all, the address only this attempt: who has one password must not use it
 * to go on guessing others. An IPv6 address counts as its /64: that is what one client has at least.
 */
import { parseAddress } from './policy/network.ts';
import { fold } from './policy/names.ts';

export interface LockoutConfig {
  readonly enabled: boolean;
  /** Failures of one address in one realm that cost nothing. Low: people who mistype wait. High: more guesses. */
  readonly maxPerAddress: number;
  /** Of one user, from wherever. Low: others can keep a user out by guessing. High: many addresses guess more. */
  readonly maxPerUser: number;
  /** The first wait, ms; doubles with each failure. */
  readonly firstWaitMs: number;
  /** The longest wait, ms. Also bounds for how long others can keep a user out. */
  readonly maxWaitMs: number;
  /** Without a failure for so long all is forgotten, ms; at least the longest wait. */
  readonly forgetAfterMs: number;
  /** Addresses and users remembered; the longest quiet is forgotten. Some 200 bytes each. */
  readonly maxEntries: number;
}

export const LOCKOUT_DEFAULTS: LockoutConfig = {
  enabled: true,
  maxPerAddress: 50,
  maxPerUser: 20,
  firstWaitMs: 1_000,
  maxWaitMs: 60_000,
  forgetAfterMs: 900_000,
  maxEntries: 100_000,
};

export interface Guesser {
  readonly realm: string;
  readonly address: string;
  /** As given; undefined: the method finds out. */
  readonly authid: string | undefined;
}

interface Entry {
  failures: number;
  lastAt: number;
}

export class Lockout {
  readonly #config: () => LockoutConfig;
  /** In the order of the last failure. */
  readonly #entries = new Map<string, Entry>();

  constructor(config: () => LockoutConfig) {
    this.#config = config;
  }

  get size(): number {
    return this.#entries.size;
  }

  isLocked(who: Guesser, now: number): boolean {
    const config = this.#config();
    if (!config.enabled) return false;
    return keysOf(who, config).some(({ key, max }) => this.#waitsUntil(key, max, now) > now);
  }

  /** False: it must wait. Otherwise it counts as failed until `succeeded`. */
  begin(who: Guesser, now: number): boolean {
    const config = this.#config();
    if (!config.enabled) return true;
    if (this.isLocked(who, now)) return false;
    for (const { key } of keysOf(who, config)) {
      const failures = (this.#entryOf(key, now)?.failures ?? 0) + 1;
      this.#entries.delete(key);
      this.#entries.set(key, { failures, lastAt: now });
    }
    this.#shrink(now);
    return true;
  }

  succeeded(who: Guesser): void {
    const [address, user] = keysOf(who, this.#config());
    if (user) this.#entries.delete(user.key);
    this.#takeBack(address!.key);
  }

  /** It was no guess: this node could not tell. */
  undecided(who: Guesser): void {
    for (const { key } of keysOf(who, this.#config())) this.#takeBack(key);
  }

  #takeBack(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.failures -= 1;
    if (entry.failures <= 0) this.#entries.delete(key);
  }

  #waitsUntil(key: string, max: number, now: number): number {
    const entry = this.#entryOf(key, now);
    if (!entry || entry.failures < max) return 0;
    const { firstWaitMs, maxWaitMs } = this.#config();
    // 2^40 is far above any wait, and no infinity.
    return (
      entry.lastAt + Math.min(maxWaitMs, firstWaitMs * 2 ** Math.min(40, entry.failures - max))
    );
  }

  #entryOf(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (!entry || now - entry.lastAt < this.#config().forgetAfterMs) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  #shrink(now: number): void {
    const { maxEntries, forgetAfterMs } = this.#config();
    for (const [key, { lastAt }] of this.#entries) {
      if (this.#entries.size <= maxEntries && now - lastAt < forgetAfterMs) return;
      this.#entries.delete(key);
    }
  }
}

/** Of the address, then of the user if it is known. */
function keysOf(
  { realm, address, authid }: Guesser,
  { maxPerAddress, maxPerUser }: LockoutConfig,
): readonly { readonly key: string; readonly max: number }[] {
  const ofAddress = { key: `${realm} @${networkOf(address)}`, max: maxPerAddress };
  if (authid === undefined) return [ofAddress];
  // A name of any length is a stranger's; what is longer than names may be shares one entry.
  const name = authid.length <= MAX_NAME ? fold(authid) : '';
  return [ofAddress, { key: `${realm} =${name}`, max: maxPerUser }];
}

const MAX_NAME = 254;

function networkOf(address: string): string {
  const parsed = parseAddress(address);
  if (!parsed) return '';
  return parsed.bits === 32 ? `4 ${parsed.value}` : `6 ${parsed.value >> 64n}`;
}
