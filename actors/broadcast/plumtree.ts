/**
 * Epidemic broadcast trees (Leitão, Pereira, Rodrigues: "Epidemic Broadcast Trees", SRDS'07), one tree per root. A payload
 * is pushed to the eager neighbours at once; the lazy ones get its id at the next tick, once, and ask for it (graft)
 * when it does not come. A graft puts its link on the tree, repetitions take it off (prune).
 *
 * Ours: announcements are batched per neighbour and leave out what the neighbour has shown to have; only repetitions in a
 * row prune; a new neighbour is told the ids of the last seconds, which is what makes the first message after a mass
 * crash arrive; graft timers follow the round trip. What a peer that holds an id never sends is left to exchange.ts.
 */
import { Announcements } from './announcements.ts';
import type { TreeInfo } from './api.ts';
import type { BroadcastConfig } from './config.ts';
import type { History } from './history.ts';
import type { Ids, Payload } from './message.ts';
import type { MissingId } from './missing.ts';
import { Missing } from './missing.ts';
import { idsOf } from './payload-cache.ts';
import { nodeOf } from './origin.ts';
import type { BroadcastPort } from './port.ts';
import { numbersOf, subtract } from './ranges.ts';
import type { Tree } from './trees.ts';
import { makeEager, makeLazy, Trees } from './trees.ts';

/** Graft timers fire together: a wake-up per id would be a timer per message. */
const GRAFT_GRAIN_MS = 10;
/** How much longer an answer may take for each id asked for at once. */
const GRAFT_MS_PER_ID = 0.5;
/** What one exchange brings is announced together. */
const ANNOUNCE_SOON_MS = 50;

export class Plumtree {
  readonly #config: BroadcastConfig;
  readonly #history: History;
  readonly #port: BroadcastPort;
  readonly #trees: Trees;
  readonly #missing: Missing;
  readonly #announcements: Announcements;
  readonly #roundTripMs = new Map<string, number>();
  #neighbours: ReadonlySet<string> = new Set();
  #wakeAt = Infinity;
  #isAnnouncingSoon = false;

  constructor(history: History, config: BroadcastConfig, port: BroadcastPort) {
    this.#config = config;
    this.#history = history;
    this.#port = port;
    this.#trees = new Trees(config);
    this.#missing = new Missing(config);
    this.#announcements = new Announcements(config);
  }

  /** A payload of this node, kept already. */
  publish(payload: Payload, now: number): void {
    this.#push(payload, 1, undefined, now);
  }

  onGossip(from: string, payload: Payload, round: number, now: number): void {
    this.#announcements.isKnownTo(from, payload.origin, payload.sequence);
    if (!this.#history.accept(payload, round, now)) return this.#onRepetition(from, payload, now);
    this.#missing.arrived(payload.origin, payload.sequence);
    makeEager(this.#trees.of(payload.origin, now), from);
    this.#push(payload, round + 1, from, now);
    this.#port.deliver(payload);
  }

  /**
   * A payload that came from its origin, or by exchange: not pushed, for most may have it. What came by exchange is
   * announced soon, and who asks for it pushes it on.
   */
  onOffTree(from: string, payload: Payload, isAnnounced: boolean, now: number): boolean {
    this.#announcements.isKnownTo(from, payload.origin, payload.sequence);
    if (!this.#history.accept(payload, 1, now)) {
      this.#port.count('broadcast_repetitions');
      return false;
    }
    this.#missing.arrived(payload.origin, payload.sequence);
    if (isAnnounced) {
      for (const peer of this.#neighbours) if (peer !== from) this.#announce(peer, payload);
      this.#announceSoon();
    }
    this.#port.deliver(payload);
    return true;
  }

  onIHave(from: string, ids: readonly Ids[], now: number): void {
    this.#announcements.areKnownTo(from, ids);
    const dueAt = now + Math.max(this.#config.graftTimeoutMs, 2 * this.#roundTrip(from));
    for (const { origin, ranges } of ids) {
      const unseen = subtract(ranges, this.#history.seen.of(origin));
      for (const sequence of numbersOf(unseen, this.#config.maxMissing + 1)) {
        if (this.#missing.announced(from, origin, sequence, dueAt)) continue;
        this.#port.count('broadcast_missing_overflow');
        break; // no room for the others of this origin either
      }
    }
    this.#wakeWhenDue(now);
  }

  onGraft(from: string, ids: readonly Ids[]): void {
    const { exchangeBytes, exchangePayloads } = this.#config;
    let bytes = 0;
    let asked = 0;
    for (const { origin, ranges } of ids) {
      const tree = this.#trees.find(origin);
      if (tree !== undefined) makeEager(tree, from);
      for (const sequence of numbersOf(ranges, exchangePayloads - asked)) {
        asked++;
        const kept = this.#history.cache.get(origin, sequence);
        if (kept === undefined) this.#port.count('broadcast_too_late');
        else if (bytes > exchangeBytes) this.#announce(from, kept.payload);
        else {
          bytes += kept.payload.bytes.length;
          this.#port.send([from], { kind: 'gossip', payload: kept.payload, round: kept.round + 1 });
        }
      }
    }
  }

  onPrune(from: string, root: string): void {
    const tree = this.#trees.find(root);
    if (tree !== undefined && this.#neighbours.has(from)) makeLazy(tree, from);
  }

  /** Neighbours were chosen again: the new ones are on every tree, and no tree is reset. */
  onNeighbours(neighbours: ReadonlySet<string>): void {
    const before = this.#neighbours;
    this.#neighbours = neighbours;
    for (const peer of before) if (!neighbours.has(peer)) this.#forget(peer);
  }

  /** Peers that may have missed what went on lately are told its ids. */
  replay(to: readonly string[], now: number): void {
    const ids = to.length > 0 ? this.#history.recent(now) : [];
    if (ids.length > 0) this.#port.send(to, { kind: 'i_have', ids });
  }

  onRoundTrip(peer: string, ms: number): void {
    if (this.#neighbours.has(peer)) this.#roundTripMs.set(peer, ms);
  }

  onRootLeft(isOfNode: (root: string) => boolean): void {
    for (const root of [...this.#trees.roots()]) if (isOfNode(root)) this.#trees.forgetRoot(root);
  }

  /** The link's queue was full: these are announced at the next tick instead. */
  onNotSent(to: string, ids: readonly Ids[]): void {
    for (const { origin, ranges } of ids) {
      for (const sequence of numbersOf(ranges, this.#config.maxAnnouncedIds)) {
        this.#announce(to, { origin, sequence });
      }
    }
  }

  /** The lazy push: everything that waits. */
  announce(): void {
    this.#isAnnouncingSoon = false;
    for (const [peer, ids] of this.#announcements.take()) {
      this.#port.send([peer], { kind: 'i_have', ids });
    }
  }

  onGraftTimer(now: number): void {
    this.#wakeAt = Infinity;
    const asked = new Map<string, MissingId[]>();
    for (const missing of this.#missing.due(now)) {
      const peer = this.#missing.nextAnnouncer(missing);
      if (peer === undefined) this.#port.count('broadcast_graft_gave_up');
      else groupOf(asked, peer).push(missing);
    }
    for (const [peer, ids] of asked) this.#graft(peer, ids, now);
    this.#wakeWhenDue(now);
  }

  info(): { trees: number; missing: number; waiting: number; neighbours: readonly string[] } {
    return {
      trees: this.#trees.size,
      missing: this.#missing.size,
      waiting: this.#announcements.waiting(),
      neighbours: [...this.#neighbours],
    };
  }

  latest(limit: number): readonly TreeInfo[] {
    const neighbours = [...this.#neighbours];
    return this.#trees.latest(limit).map(([root, { lazy }]) => ({
      root: nodeOf(root),
      eager: neighbours.filter((peer) => !lazy.has(peer)),
      lazy: neighbours.filter((peer) => lazy.has(peer)),
    }));
  }

  #push(payload: Payload, round: number, except: string | undefined, now: number): void {
    const { lazy } = this.#trees.of(payload.origin, now);
    const eager: string[] = [];
    for (const peer of this.#neighbours) {
      if (peer === except) continue;
      if (lazy.has(peer)) this.#announce(peer, payload);
      else eager.push(peer);
    }
    if (eager.length > 0) this.#port.send(eager, { kind: 'gossip', payload, round });
  }

  #onRepetition(from: string, { origin }: Payload, now: number): void {
    this.#port.count('broadcast_repetitions');
    const tree = this.#trees.of(origin, now);
    if (this.#neighbours.has(from) && !this.#isOneTooMany(tree, from)) return;
    if (this.#neighbours.has(from)) makeLazy(tree, from);
    this.#port.count('broadcast_pruned');
    this.#port.send([from], { kind: 'prune', root: origin });
  }

  #isOneTooMany({ repetitions }: Tree, from: string): boolean {
    const times = (repetitions.get(from) ?? 0) + 1;
    repetitions.set(from, times);
    return times >= this.#config.duplicatesBeforePrune;
  }

  #graft(peer: string, missing: readonly MissingId[], now: number): void {
    const answerMs = Math.max(this.#config.graftRetryMs, 1.5 * this.#roundTrip(peer));
    const dueAt = now + answerMs + GRAFT_MS_PER_ID * missing.length;
    for (const entry of missing) {
      entry.dueAt = dueAt;
      const tree = this.#trees.find(entry.origin);
      if (tree !== undefined) makeEager(tree, peer);
    }
    this.#port.count('broadcast_grafts_asked');
    this.#port.send([peer], { kind: 'graft', ids: idsOf(missing) });
  }

  #announce(peer: string, { origin, sequence }: Pick<Payload, 'origin' | 'sequence'>): void {
    if (!this.#announcements.add(peer, { origin, sequence })) {
      this.#port.count('broadcast_announcements_overflow');
    }
  }

  #announceSoon(): void {
    if (this.#isAnnouncingSoon) return;
    this.#isAnnouncingSoon = true;
    this.#port.schedule(ANNOUNCE_SOON_MS, 'announce');
  }

  #forget(peer: string): void {
    this.#trees.forgetPeer(peer);
    this.#announcements.forgetPeer(peer);
    this.#roundTripMs.delete(peer);
  }

  #roundTrip(peer: string): number {
    return this.#roundTripMs.get(peer) ?? 0;
  }

  #wakeWhenDue(now: number): void {
    const due = this.#missing.nextDue();
    if (due === undefined) return;
    const at = Math.ceil(due / GRAFT_GRAIN_MS) * GRAFT_GRAIN_MS;
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    this.#port.schedule(Math.max(0, at - now), 'graft');
  }
}

function groupOf(groups: Map<string, MissingId[]>, peer: string): MissingId[] {
  let group = groups.get(peer);
  if (group === undefined) groups.set(peer, (group = []));
  return group;
}
