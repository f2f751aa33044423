/** How much failure is normal, in one place, so that the numbers can be compared. */
import type { Intensity, OnExhausted } from '../runtime/kernel/supervision.ts';

/** For what other parts can do without for a while: stop, wait a second, then longer, at most a minute. */
export const COOLING: OnExhausted = { coolDownMs: 1_000, maxCoolDownMs: 60_000 };

/** A router that dies more often than this has a poisoned realm: close the realm and open it empty. */
export const ROUTER: Intensity = { restarts: 5, periodMs: 10_000 };

/** Realms fail one by one; only when they fail all the time is routing itself broken. */
export const REALMS: Intensity = { restarts: 10, periodMs: 60_000 };

/** A partition that cannot be opened again and again: its disk is ill, and trying harder does not heal it. */
export const STORE_PARTITIONS: Intensity = { restarts: 5, periodMs: 60_000 };
