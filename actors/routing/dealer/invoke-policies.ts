/**
 * Which callee of a shared registration takes a call (WAMP advanced shared_registration, and Bondy's jump
 * consistent hash and least-loaded policies). A policy says where to begin; callees that cannot take the call
 * now are passed over in the policy's direction.
 */
import type { RandomSource } from '../../../runtime/kernel/actor.ts';
import type { Callee, Registration } from './registrations.ts';

export type InvokePolicy =
  | 'single'
  | 'roundrobin'
  | 'random'
  | 'first'
  | 'last'
  | 'jump_consistent_hash'
  | 'queue_least_loaded'
  | 'queue_least_loaded_sample';

const POLICIES: ReadonlyMap<string, InvokePolicy> = new Map([
  ['single', 'single'],
  ['roundrobin', 'roundrobin'],
  ['random', 'random'],
  ['first', 'first'],
  ['last', 'last'],
  ['jump_consistent_hash', 'jump_consistent_hash'],
  ['jch', 'jump_consistent_hash'],
  ['queue_least_loaded', 'queue_least_loaded'],
  ['qll', 'queue_least_loaded'],
  ['queue_least_loaded_sample', 'queue_least_loaded_sample'],
  ['qlls', 'queue_least_loaded_sample'],
]);

/** Every accepted spelling of REGISTER.invoke. */
export const INVOKE_NAMES: readonly string[] = [...POLICIES.keys()];

export function invokePolicy(spelling: string): InvokePolicy | undefined {
  return POLICIES.get(spelling);
}

type Accepts = (callee: Callee) => boolean;

/** `key` is what jump_consistent_hash hashes. Undefined: no callee accepts. */
export function chooseCallee(
  registration: Registration,
  policy: InvokePolicy,
  key: string,
  random: RandomSource,
  accepts: Accepts,
): Callee | undefined {
  const { callees } = registration;
  const count = callees.length;
  switch (policy) {
    case 'single':
    case 'first':
      return scan(callees, 0, 1, accepts);
    case 'last':
      return scan(callees, count - 1, count - 1, accepts);
    case 'roundrobin': {
      const chosen = scan(callees, registration.next % count, 1, accepts);
      if (chosen) registration.next = (callees.indexOf(chosen) + 1) % count;
      return chosen;
    }
    case 'random':
      return pickRandom(callees, random, accepts);
    case 'jump_consistent_hash':
      return scan(callees, jumpConsistentHash(key, count), 1, accepts);
    case 'queue_least_loaded':
      return leastLoaded(registration, accepts);
    case 'queue_least_loaded_sample':
      return leastLoadedOfTwo(callees, random, accepts);
  }
}

/** Walks once around from `start`; a step of count - 1 walks backwards. */
function scan(
  callees: readonly Callee[],
  start: number,
  step: number,
  accepts: Accepts,
): Callee | undefined {
  let at = start;
  for (let left = callees.length; left > 0; left--) {
    const callee = callees[at];
    if (accepts(callee)) return callee;
    at = (at + step) % callees.length;
  }
  return undefined;
}

/** Uniform over those that accept, also when some do not. */
function pickRandom(
  callees: readonly Callee[],
  random: RandomSource,
  accepts: Accepts,
): Callee | undefined {
  const first = callees[random.integer(0, callees.length - 1)];
  if (accepts(first)) return first;
  const free = callees.filter(accepts);
  return free.length === 0 ? undefined : free[random.integer(0, free.length - 1)];
}

/** A callee's load: the invocations its session has not answered, of whatever procedure. */
function load(callee: Callee): number {
  return callee.party.invocations.size;
}

/**
 * The first of those with the least. Over several nodes each node sees only the load it makes, so equals take turns, or
 * every node would begin with the same one.
 */
function leastLoaded(registration: Registration, accepts: Accepts): Callee | undefined {
  const { callees, hasRemote } = registration;
  const start = hasRemote ? registration.next % callees.length : 0;
  let best: Callee | undefined;
  for (let step = 0; step < callees.length; step++) {
    const callee = callees[(start + step) % callees.length];
    if ((best === undefined || load(callee) < load(best)) && accepts(callee)) best = callee;
  }
  if (best && hasRemote) registration.next = (callees.indexOf(best) + 1) % callees.length;
  return best;
}

/** The less loaded of two drawn at random: nearly as even as the least of all, without looking at all. */
function leastLoadedOfTwo(
  callees: readonly Callee[],
  random: RandomSource,
  accepts: Accepts,
): Callee | undefined {
  const one = pickRandom(callees, random, accepts);
  const other = one && pickRandom(callees, random, (callee) => callee !== one && accepts(callee));
  if (!one || !other) return one;
  return load(other) < load(one) ? other : one;
}

const MASK = (1n << 64n) - 1n;

/** Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm" (2014): 0 .. buckets - 1. */
export function jumpConsistentHash(key: string, buckets: number): number {
  let state = fnv1a64(key);
  let bucket = 0;
  let next = 0;
  while (next < buckets) {
    bucket = next;
    state = (state * 2862933555777941757n + 1n) & MASK;
    next = Math.floor((bucket + 1) * (2 ** 31 / (Number(state >> 33n) + 1)));
  }
  return bucket;
}

/** FNV-1a over UTF-16 units. */
function fnv1a64(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    hash = ((hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n) & MASK;
  }
  return hash;
}
