/**
 * HyParView (Leitão, Pereira, Rodrigues, DSN 2007) for clusters beyond a full mesh: a few symmetric neighbours, a passive
 * view of replacements, shuffles that keep it fresh. Because every node has the whole roster, joining needs no random walk
 * (a uniform choice is at hand), and a node that lost everybody walks the roster.
 *
 * Each neighbourhood has an id (asker's incarnation and counter); an end names it, so a late or repeated one ends nothing
 * else. Neighbours assert the id periodically, so a link held by one side only is repaired or given up.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { RandomSource } from '../../runtime/kernel/actor.ts';
import type { HyParViewConfig } from './config.ts';
import { isMember } from './member.ts';
import type { OverlayMessage, RelationId } from './messages.ts';
import type { Overlay, OverlayPort } from './overlay.ts';
import { PassiveView } from './passive-view.ts';
import { pick, sample } from './picking.ts';
import type { Change, Roster } from './roster.ts';

interface Request {
  readonly id: RelationId;
  readonly priority: 'high' | 'low';
  readonly deadline: number;
}

type Of<K extends OverlayMessage['kind']> = OverlayMessage & { readonly kind: K };

/** Random members looked at for one candidate. */
const LOOKS = 10;

export class HyParView implements Overlay {
  readonly #config: HyParViewConfig;
  readonly #self: NodeId;
  readonly #roster: Roster;
  readonly #random: RandomSource;
  readonly #port: OverlayPort;
  readonly #active = new Map<string, RelationId>();
  readonly #passive: PassiveView;
  readonly #requests = new Map<string, Request>();
  /** Not asked again before this time. */
  readonly #rested = new Map<string, number>();
  #counter = 0;
  #refusals = 0;
  #nextShuffleAt: number;
  #nextOptionalAt = 0;
  #lastShuffled: readonly string[] = [];
  #wanted: readonly string[] | undefined = undefined;

  constructor(
    config: HyParViewConfig,
    self: NodeId,
    roster: Roster,
    random: RandomSource,
    port: OverlayPort,
  ) {
    this.#config = config;
    this.#self = self;
    this.#roster = roster;
    this.#random = random;
    this.#port = port;
    this.#passive = new PassiveView(config.passiveSize, random);
    this.#nextShuffleAt = random.next() * config.shuffleIntervalMs;
  }

  wanted(): readonly string[] {
    return (this.#wanted ??= [...this.#active.keys(), ...this.#requests.keys()]);
  }

  neighbors(): readonly string[] {
    return [...this.#active.keys()];
  }

  get passiveSize(): number {
    return this.#passive.size;
  }

  rosterChanged({ after }: Change): void {
    const { name } = after;
    if (name === this.#self.name) return;
    if (isMember(after) && after.health !== 'dead') {
      this.#rested.delete(name);
      return;
    }
    this.#passive.delete(name);
    if (isMember(after) && this.#requests.has(name)) return; // asked because it may be back
    this.#endRequest(name);
    this.#drop(name);
  }

  linkUp(peer: string): void {
    const request = this.#requests.get(peer);
    if (request !== undefined) this.#ask(peer, request);
  }

  linkDown(peer: string, now: number): void {
    if (this.#active.has(peer)) {
      this.#drop(peer);
      this.#rest(peer, now);
      this.#fill(now);
    }
  }

  received(from: string, message: OverlayMessage, now: number): void {
    switch (message.kind) {
      case 'neighbor_request':
        return this.#onRequest(from, message);
      case 'neighbor_reply':
        return this.#onReply(from, message, now);
      case 'neighbor_assert':
        return this.#onAssert(from, message);
      case 'neighbor_end':
        return this.#onEnd(from, message, now);
      case 'shuffle':
        return this.#onShuffle(from, message);
      case 'shuffle_reply':
        return this.#onShuffleReply(from, message);
      default:
        message satisfies never;
    }
  }

  tick(now: number): void {
    for (const [name, { deadline }] of this.#requests) {
      if (now >= deadline) this.#giveUp(name, now);
    }
    this.#fill(now);
    if (now < this.#nextShuffleAt) return;
    this.#nextShuffleAt = now + this.#config.shuffleIntervalMs;
    for (const [name, until] of this.#rested) if (now >= until) this.#rested.delete(name);
    for (const [peer, id] of this.#active) this.#port.send(peer, { kind: 'neighbor_assert', id });
    this.#shuffle();
  }

  bridge(name: string, now: number): void {
    if (!this.#active.has(name) && name !== this.#self.name) this.#request(name, 'high', now);
  }

  /** Requests for every free place, at once: the first that says yes has it. */
  #fill(now: number): void {
    const { activeSize, minActive } = this.#config;
    if (this.#active.size === 0) return this.#walkRoster(now);
    // In need more are asked than there are places: after a mass crash most candidates are dead and nobody knows it.
    const limit = this.#active.size < minActive ? 2 * activeSize : activeSize;
    while (this.#active.size + this.#requests.size < limit) {
      const isOptional = this.#active.size >= minActive;
      if (isOptional && now < this.#nextOptionalAt) return;
      const candidate = this.#candidate(now);
      if (candidate === undefined) return;
      // Where nobody has room, looking for it backs off to half a minute.
      if (isOptional) {
        this.#nextOptionalAt = now + this.#config.retryMs * 2 ** Math.min(4, this.#refusals);
      }
      const isPressing =
        this.#active.size < minActive && this.#refusals >= this.#config.refusalsBeforeHigh;
      this.#request(candidate, isPressing ? 'high' : 'low', now);
    }
  }

  /** Alone: one more member each tick, whatever is thought of its health, until somebody answers. */
  #walkRoster(now: number): void {
    const candidate = this.#candidate(now) ?? this.#anybody();
    if (candidate !== undefined) this.#request(candidate, 'high', now);
  }

  /** Anybody with equal chance: neighbours of neighbours would knot the overlay. Else one that was heard of lately. */
  #candidate(now: number): string | undefined {
    for (let look = 0; look < LOOKS; look++) {
      const name = pick(this.#roster.names, this.#random);
      if (name !== undefined && this.#isCandidate(name, now)) return name;
    }
    const known = this.#passive.sample(this.#passive.size);
    return known.find((name) => this.#isCandidate(name, now));
  }

  #isCandidate(name: string, now: number): boolean {
    if (!this.#isFree(name) || (this.#rested.get(name) ?? 0) > now) return false;
    const member = this.#roster.get(name);
    return member !== undefined && isMember(member) && member.health === 'alive';
  }

  #anybody(): string | undefined {
    for (let look = 0; look < LOOKS; look++) {
      const name = pick(this.#roster.names, this.#random);
      const member = name === undefined ? undefined : this.#roster.get(name);
      if (member !== undefined && isMember(member) && this.#isFree(member.name)) return member.name;
    }
    return undefined;
  }

  #isFree(name: string): boolean {
    return name !== this.#self.name && !this.#active.has(name) && !this.#requests.has(name);
  }

  #request(name: string, priority: Request['priority'], now: number): void {
    if (this.#requests.has(name)) return;
    const id = {
      epoch: this.#self.incarnation,
      counter: ++this.#counter,
      asker: this.#self.name,
    };
    const request = { id, priority, deadline: now + this.#config.requestTimeoutMs };
    this.#requests.set(name, request);
    this.#wanted = undefined;
    if (this.#port.isLinked(name)) this.#ask(name, request);
  }

  #ask(peer: string, { id, priority }: Request): void {
    this.#port.send(peer, { kind: 'neighbor_request', id, priority });
  }

  #onRequest(from: string, { id, priority }: Of<'neighbor_request'>): void {
    const known = this.#active.get(from);
    const hasRoom = this.#active.size < this.#config.activeSize;
    const isAccepted = known !== undefined || hasRoom || priority === 'high';
    if (isAccepted) {
      if (known === undefined && !hasRoom) this.#evict();
      // Requests that crossed: both sides keep the greater id.
      this.#hold(from, known === undefined ? id : greater(known, id));
    }
    const sample = this.#sample();
    this.#port.send(from, { kind: 'neighbor_reply', id, isAccepted, sample });
  }

  #onReply(from: string, message: Of<'neighbor_reply'>, now: number): void {
    const request = this.#requests.get(from);
    this.#learn(message.sample, []);
    if (request === undefined || !isSameId(request.id, message.id)) {
      // Too late: the place is taken. Say so, or the other side would hold a link alone.
      if (message.isAccepted && !this.#active.has(from)) {
        this.#port.send(from, { kind: 'neighbor_end', id: message.id });
      }
      return;
    }
    if (!message.isAccepted) {
      this.#refusals++;
      return this.#giveUp(from, now);
    }
    this.#refusals = 0;
    this.#endRequest(from);
    if (this.#active.size >= this.#config.activeSize && !this.#active.has(from)) {
      if (request.priority === 'low') {
        return this.#port.send(from, { kind: 'neighbor_end', id: message.id });
      }
      this.#evict();
    }
    const known = this.#active.get(from);
    this.#hold(from, known === undefined ? message.id : greater(known, message.id));
  }

  #onAssert(from: string, { id }: Of<'neighbor_assert'>): void {
    const known = this.#active.get(from);
    if (known !== undefined) this.#active.set(from, greater(known, id));
    else if (this.#active.size < this.#config.activeSize) this.#hold(from, id);
    else this.#port.send(from, { kind: 'neighbor_end', id });
  }

  #onEnd(from: string, { id }: Of<'neighbor_end'>, now: number): void {
    const known = this.#active.get(from);
    if (known === undefined || !isSameId(known, id)) return this.#port.count('neighbor_stale');
    this.#drop(from);
    this.#passive.add(from);
    this.#rest(from, now);
    this.#fill(now);
  }

  /** Makes room: a random neighbour becomes passive and is told. */
  #evict(): void {
    const victim = pick([...this.#active.keys()], this.#random);
    if (victim === undefined) return;
    this.#port.send(victim, { kind: 'neighbor_end', id: this.#active.get(victim)! });
    this.#drop(victim);
    this.#passive.add(victim);
  }

  #hold(name: string, id: RelationId): void {
    if (!this.#active.has(name)) this.#port.count('neighbor_up');
    this.#active.set(name, id);
    this.#passive.delete(name);
    this.#endRequest(name);
    this.#wanted = undefined;
  }

  #drop(name: string): void {
    if (!this.#active.delete(name)) return;
    this.#wanted = undefined;
    this.#port.count('neighbor_down');
  }

  #endRequest(name: string): void {
    if (this.#requests.delete(name)) this.#wanted = undefined;
  }

  #giveUp(name: string, now: number): void {
    this.#endRequest(name);
    this.#passive.delete(name);
    this.#rest(name, now);
    this.#fill(now);
  }

  #rest(name: string, now: number): void {
    this.#rested.set(name, now + this.#config.retryMs);
  }

  #shuffle(): void {
    const peer = pick([...this.#active.keys()], this.#random);
    if (peer === undefined) return;
    this.#lastShuffled = this.#sample();
    this.#port.send(peer, {
      kind: 'shuffle',
      path: [this.#self.name],
      ttl: this.#config.shuffleTtl,
      sample: this.#lastShuffled,
    });
  }

  #onShuffle(from: string, message: Of<'shuffle'>): void {
    const { path, ttl } = message;
    if (path.length === 0 || path[path.length - 1] !== from)
      return this.#port.count('shuffle_lost');
    const next = pick(
      [...this.#active.keys()].filter((name) => !path.includes(name)),
      this.#random,
    );
    if (ttl > 1 && next !== undefined) {
      const further = { ttl: ttl - 1, path: [...path, this.#self.name] };
      return this.#port.send(next, { ...message, ...further });
    }
    const reply = this.#passive.sample(message.sample.length);
    this.#port.send(from, { kind: 'shuffle_reply', path: path.slice(0, -1), sample: reply });
    this.#learn(message.sample, reply);
  }

  /** Travels back hop by hop, to the origin, because only neighbours have links. */
  #onShuffleReply(_from: string, { path, sample }: Of<'shuffle_reply'>): void {
    const next = path[path.length - 1];
    if (next === undefined) return this.#learn(sample, this.#lastShuffled);
    if (!this.#active.has(next)) return this.#port.count('shuffle_lost');
    this.#port.send(next, { kind: 'shuffle_reply', path: path.slice(0, -1), sample });
  }

  #sample(): readonly string[] {
    const { shuffleActive, shufflePassive } = this.#config;
    const active = sample([...this.#active.keys()], shuffleActive, this.#random);
    return [this.#self.name, ...active, ...this.#passive.sample(shufflePassive)];
  }

  #learn(names: readonly string[], sent: readonly string[]): void {
    for (const name of names) {
      const member = this.#roster.get(name);
      if (member === undefined || !isMember(member) || member.health === 'dead') continue;
      if (name !== this.#self.name && !this.#active.has(name)) this.#passive.add(name, sent);
    }
  }
}

function isSameId(a: RelationId, b: RelationId): boolean {
  return a.epoch === b.epoch && a.counter === b.counter && a.asker === b.asker;
}

/** Any total order will do, as long as both sides have it. */
function greater(a: RelationId, b: RelationId): RelationId {
  const order = a.counter - b.counter || a.epoch - b.epoch || (a.asker < b.asker ? -1 : 1);
  return order >= 0 ? a : b;
}
