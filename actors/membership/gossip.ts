/**
 * Digest gossip over a roster. Each second a few random peers get 16 digits; equal rosters say nothing more. Where the
 * digests differ the peers compare 64 sums, exchange the records of the buckets that differ, and only when that did not
 * make them equal twice in a row (records changed meanwhile, or sums collided) everything. News travels ahead of all this
 * as rumours: to every peer from where it began, and to a few from everybody to whom it is news.
 */
import type { RandomSource } from '../../runtime/kernel/actor.ts';
import type { GossipConfig } from './config.ts';
import type { Member } from './member.ts';
import { mergeMember } from './member.ts';
import type { GossipMessage, Pulse } from './messages.ts';
import { MAX_RECORDS } from './parse.ts';
import { sample } from './picking.ts';
import type { Roster } from './roster.ts';

export interface GossipPort {
  send(to: string, message: GossipMessage): void;
  /** Merges, and performs what follows from the changes; `from` told us. */
  merge(records: readonly Member[], from: string): void;
  /** This node knows now what this peer knows. */
  caughtUp(peer: string): void;
  /** Names with a link. */
  peers(): readonly string[];
  pulse(): Pulse | undefined;
  count(what: 'gossip_equal' | 'gossip_delta' | 'gossip_full'): void;
}

/** Intervals without calm after which digests are compared all the same. */
const PATIENCE = 5;

export class Gossip {
  readonly #config: GossipConfig;
  readonly #roster: Roster;
  readonly #random: RandomSource;
  readonly #port: GossipPort;
  /** Records to pass on at the next tick, and who told us (undefined: ourselves). */
  readonly #news = new Map<string, string | undefined>();
  /** Deltas in a row after which this peer still differed. */
  readonly #mismatches = new Map<string, number>();
  #nextRoundAt: number;
  #now = 0;
  #changedAt = -Infinity;
  #comparedAt = -Infinity;

  constructor(config: GossipConfig, roster: Roster, random: RandomSource, port: GossipPort) {
    this.#config = config;
    this.#roster = roster;
    this.#random = random;
    this.#port = port;
    this.#nextRoundAt = random.next() * config.intervalMs;
  }

  tick(now: number): void {
    this.#now = now;
    this.#passOn();
    if (now < this.#nextRoundAt) return;
    this.#nextRoundAt = now + this.#config.intervalMs;
    if (this.#port.peers().length === 0 || !this.#isCalm()) return;
    const digest = this.#roster.digest;
    for (const peer of sample(this.#port.peers(), this.#config.fanout, this.#random)) {
      this.#port.send(peer, { kind: 'digest', digest, pulse: this.#port.pulse() });
    }
  }

  /** A record changed; it is passed on with the next tick. */
  spread(name: string, from: string | undefined): void {
    this.#news.set(name, from);
    this.#changedAt = this.#now;
  }

  /** Sends a record to everyone at once: for the last words of somebody who leaves. */
  shout(member: Member): void {
    for (const peer of this.#port.peers()) {
      this.#port.send(peer, { kind: 'rumor', members: [member] });
    }
  }

  linkUp(peer: string, self: Member): void {
    this.#port.send(peer, { kind: 'hello', member: self, digest: this.#roster.digest });
  }

  linkDown(peer: string): void {
    this.#mismatches.delete(peer);
  }

  received(from: string, message: GossipMessage): void {
    switch (message.kind) {
      case 'hello':
        this.#port.merge([message.member], from);
        return this.#onDigest(from, message.digest);
      case 'digest':
        return this.#onDigest(from, message.digest);
      case 'buckets':
        return this.#onBuckets(from, message.buckets);
      case 'delta':
        return this.#onDelta(from, message);
      case 'full':
        return this.#onFull(from, message);
      case 'rumor':
        return this.#port.merge(message.members, from);
      default:
        message satisfies never;
    }
  }

  /**
   * While news pours in every digest differs and comparing would send everything to everybody: wait for a second of
   * calm, but not for ever, and not for the first time, which is how a node that joins learns the roster.
   */
  #isCalm(): boolean {
    const { intervalMs } = this.#config;
    const isCalm = this.#now - this.#changedAt >= intervalMs;
    if (!isCalm && this.#now - this.#comparedAt < PATIENCE * intervalMs) return false;
    this.#comparedAt = this.#now;
    return true;
  }

  #onDigest(from: string, digest: string): void {
    if (digest === this.#roster.digest) {
      this.#port.count('gossip_equal');
      return this.#port.caughtUp(from);
    }
    // Rumours are still on their way; digests are exchanged again.
    if (!this.#isCalm()) return;
    this.#port.send(from, { kind: 'buckets', buckets: this.#roster.bucketDigests() });
  }

  #onBuckets(from: string, digests: readonly number[]): void {
    const buckets = this.#roster.differing(digests);
    if (buckets.length === 0) return this.#port.caughtUp(from);
    this.#sendDelta(from, buckets, this.#roster.inBuckets(buckets), false);
  }

  #onDelta(from: string, message: GossipMessage & { readonly kind: 'delta' }): void {
    const { buckets, members } = message;
    this.#port.merge(members, from);
    this.#port.caughtUp(from);
    if (message.isAnswer) return this.#compare(from, message.digest);
    this.#sendDelta(from, buckets, newsTo(members, this.#roster.inBuckets(buckets)), true);
  }

  #compare(from: string, digest: string): void {
    if (digest === this.#roster.digest) {
      this.#mismatches.delete(from);
      return;
    }
    const times = (this.#mismatches.get(from) ?? 0) + 1;
    this.#mismatches.set(from, times);
    if (times < 2) return;
    this.#mismatches.delete(from);
    this.#sendFull(from, [...this.#roster.members()], false);
  }

  #onFull(from: string, message: GossipMessage & { readonly kind: 'full' }): void {
    this.#port.merge(message.members, from);
    this.#port.caughtUp(from);
    if (message.isAnswer || message.digest === this.#roster.digest) return;
    this.#sendFull(from, newsTo(message.members, [...this.#roster.members()]), true);
  }

  #sendDelta(
    to: string,
    buckets: readonly number[],
    members: readonly Member[],
    isAnswer: boolean,
  ): void {
    this.#port.count('gossip_delta');
    const last = this.#sendAllButLast(to, members);
    const digest = this.#roster.digest;
    this.#port.send(to, { kind: 'delta', digest, buckets, members: last, isAnswer });
  }

  #sendFull(to: string, members: readonly Member[], isAnswer: boolean): void {
    this.#port.count('gossip_full');
    const last = this.#sendAllButLast(to, members);
    this.#port.send(to, { kind: 'full', digest: this.#roster.digest, members: last, isAnswer });
  }

  /** More records than fit a message go ahead as rumours, in order. */
  #sendAllButLast(to: string, members: readonly Member[]): readonly Member[] {
    let rest = members;
    while (rest.length > MAX_RECORDS) {
      this.#port.send(to, { kind: 'rumor', members: rest.slice(0, MAX_RECORDS) });
      rest = rest.slice(MAX_RECORDS);
    }
    return rest;
  }

  /** What began here goes to all, what was told to a few, and to nobody what it told us itself. */
  #passOn(): void {
    if (this.#news.size === 0) return;
    const peers = this.#port.peers();
    const few = new Set(sample(peers, this.#config.fanout, this.#random));
    for (const peer of peers) {
      const members: Member[] = [];
      for (const [name, from] of this.#news) {
        const isDue = from === undefined || (from !== peer && few.has(peer));
        const member = isDue ? this.#roster.get(name) : undefined;
        if (member !== undefined) members.push(member);
      }
      const last = this.#sendAllButLast(peer, members);
      if (last.length > 0) this.#port.send(peer, { kind: 'rumor', members: last });
    }
    this.#news.clear();
  }
}

/** The records of `ours` that say more than `theirs`. */
function newsTo(theirs: readonly Member[], ours: readonly Member[]): readonly Member[] {
  const known = new Map(theirs.map((member) => [member.name, member]));
  return ours.filter((member) => {
    const other = known.get(member.name);
    return other === undefined || mergeMember(other, member) !== other;
  });
}
