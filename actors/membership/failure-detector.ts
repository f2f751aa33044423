/**
 * SWIM (DSN 2002) with Lifeguard's corrections (DSN-W 2018): probe members in turn, ask others before suspecting, give a
 * suspect time to refute, and be slower to accuse the later this node itself is. What is new for a mesh of connections:
 * a connection that breaks makes a suspect at once, and when others cannot reach it either, soon a dead one.
 *
 * Time here is awake time: what a stalled process slept through does not count against anybody.
 */
import type { RandomSource } from '../../runtime/kernel/actor.ts';
import type { DetectorConfig } from './config.ts';
import type { Health, Member } from './member.ts';
import type { DetectorMessage } from './messages.ts';
import { sample, shuffled } from './picking.ts';
import { ProbeRelay } from './probe-relay.ts';
import { RoundTrips } from './round-trips.ts';
import type { Suspicion } from './suspicion.ts';
import { expectedConfirmations, suspicionTimeout } from './suspicion.ts';

export interface DetectorPort {
  send(to: string, message: DetectorMessage): void;
  /** The roster learns it, and everyone from there. */
  mark(member: Member, health: Health): void;
  /** Somebody said of this node what only a higher beat can refute. */
  refute(beat: number): void;
  /** A record that came with an answer. */
  merge(member: Member, from: string): void;
  /** A link for one conversation. */
  contact(name: string): void;
  /** Members this node watches. */
  watched(): readonly string[];
  member(name: string): Member | undefined;
  self(): Member;
  isLinked(name: string): boolean;
  linked(): readonly string[];
  /** Members that are up, this node included. */
  upCount(): number;
  count(what: 'probe_failed' | 'probe_relay_refused'): void;
}

interface Probe {
  readonly target: string;
  readonly sentAt: number; // by the clock, for the round trip
  deadline: number; // awake
  stage: 'direct' | 'indirect';
  /** Helpers that have not answered. */
  silentHelpers: number;
}

export class FailureDetector {
  readonly #config: DetectorConfig;
  readonly #random: RandomSource;
  readonly #port: DetectorPort;
  readonly #trips: RoundTrips;
  readonly #relay: ProbeRelay;
  readonly #probes = new Map<number, Probe>();
  readonly #suspicions = new Map<string, Suspicion>();
  #turn: string[] = [];
  #nextRoundAt: number;
  #sequence = 0;
  #localHealth = 0;
  #now = 0;
  #awake = 0;

  constructor(config: DetectorConfig, random: RandomSource, port: DetectorPort) {
    this.#config = config;
    this.#random = random;
    this.#port = port;
    this.#trips = new RoundTrips(config.minProbeTimeoutMs, config.maxProbeTimeoutMs);
    this.#relay = new ProbeRelay(config.maxRelays, {
      ...port,
      ping: (target) => this.#ping(target),
      isHopeless: (target) => this.#suspicions.has(target) && !port.isLinked(target),
    });
    this.#nextRoundAt = random.next() * config.probeIntervalMs;
  }

  /** 0: healthy; each step stretches this node's timeouts once more. */
  get localHealth(): number {
    return this.#localHealth;
  }

  get suspects(): number {
    return this.#suspicions.size;
  }

  roundTrip(peer: string): number | undefined {
    return this.#trips.slowest(peer);
  }

  /** This node was `ms` late: whatever looks dead now may be its own fault. */
  wasLate(ms: number): void {
    if (ms > this.#config.minProbeTimeoutMs / 2) this.#adjustHealth(1);
  }

  tick(now: number, awake: number): void {
    this.#now = now;
    this.#awake = awake;
    this.#expireProbes();
    this.#relay.expire(awake);
    this.#judgeSuspects();
    if (awake < this.#nextRoundAt) return;
    this.#nextRoundAt = awake + this.#config.probeIntervalMs;
    this.#startRound();
  }

  /** Looks at a member now, out of turn. */
  probe(name: string): void {
    if (this.#isProbing(name)) return;
    if (this.#port.isLinked(name)) this.#probeDirectly(name);
    else this.#probeIndirectly(++this.#sequence, name, this.#now);
  }

  linkUp(peer: string, now: number): void {
    this.#now = now;
    const suspicion = this.#suspicions.get(peer);
    if (suspicion !== undefined) suspicion.quickAt = undefined;
    this.#relay.linkUp(peer, (target) => this.#timeout(target) + this.#awake);
    this.#dropProbes(peer);
    this.#probeDirectly(peer);
  }

  /** A link broke, or was closed by whoever said so before. */
  linkDown(peer: string, wasAnnounced: boolean, now: number): void {
    this.#now = now;
    this.#trips.forget(peer);
    const member = this.#port.member(peer);
    if (wasAnnounced || member === undefined || !isAccusable(member)) return;
    if (!this.#port.watched().includes(peer)) return;
    this.#dropProbes(peer);
    this.#accuse(member, this.#port.self().name);
    const suspicion = this.#suspicions.get(peer);
    if (suspicion !== undefined) {
      suspicion.quickAt = this.#awake + this.#config.quickConfirmMs;
      suspicion.quickUntil = this.#awake + 2 * this.#config.quickConfirmMs;
    }
    this.probe(peer);
  }

  /** The roster's word on a member changed. */
  healthChanged(member: Member): void {
    const suspicion = this.#suspicions.get(member.name);
    const isSame = suspicion?.incarnation === member.incarnation && suspicion.beat === member.beat;
    if (member.health !== 'suspect') {
      if (suspicion !== undefined) this.#suspicions.delete(member.name);
      return;
    }
    if (isSame) return;
    this.#suspicions.set(member.name, {
      incarnation: member.incarnation,
      beat: member.beat,
      since: this.#awake,
      accusers: new Set(),
      nacks: 0,
      quickAt: undefined,
      quickUntil: 0,
    });
    // Whoever watches it confirms or refutes now, not when its turn comes.
    if (this.#port.watched().includes(member.name)) this.probe(member.name);
  }

  received(from: string, message: DetectorMessage, now: number): void {
    this.#now = now;
    switch (message.kind) {
      case 'ping':
        return this.#onPing(from, message);
      case 'ack':
        return this.#onAck(from, message);
      case 'indirect_ack':
        return this.#onIndirectAck(from, message);
      case 'ping_request':
        return this.#relay.ask(from, message, this.#awake + this.#timeout(message.target));
      case 'nack':
        return this.#onNack(message.sequence);
      case 'accuse':
        return this.#onAccuse(message);
      default:
        message satisfies never;
    }
  }

  #onPing(from: string, message: DetectorMessage & { readonly kind: 'ping' }): void {
    const self = this.#port.self();
    const isWrong = message.health === 'suspect' || message.health === 'dead';
    if (isWrong && message.beat >= self.beat) this.#port.refute(message.beat);
    this.#port.send(from, { kind: 'ack', sequence: message.sequence, member: this.#port.self() });
  }

  #onAck(from: string, message: DetectorMessage & { readonly kind: 'ack' }): void {
    if (message.member.name !== from) return;
    this.#port.merge(message.member, from);
    this.#relay.answered(from, message.sequence, message.member);
    const probe = this.#probes.get(message.sequence);
    if (probe === undefined || probe.target !== from) return;
    this.#trips.add(from, this.#now - probe.sentAt);
    // Also what was asked on a link that broke since.
    this.#dropProbes(from);
    this.#adjustHealth(-1);
  }

  #onIndirectAck(from: string, message: DetectorMessage & { readonly kind: 'indirect_ack' }): void {
    const probe = this.#probes.get(message.sequence);
    if (probe === undefined || probe.target !== message.member.name) return;
    this.#probes.delete(message.sequence);
    this.#port.merge(message.member, from);
    // It lives. If it was suspected here it has to hear so, to say it with a higher beat.
    const suspicion = this.#suspicions.get(probe.target);
    if (suspicion !== undefined) suspicion.quickAt = undefined;
  }

  #onNack(sequence: number): void {
    const probe = this.#probes.get(sequence);
    if (probe === undefined || probe.silentHelpers === 0) return;
    probe.silentHelpers--;
    const suspicion = this.#suspicions.get(probe.target);
    if (suspicion !== undefined) suspicion.nacks++;
  }

  #onAccuse(message: DetectorMessage & { readonly kind: 'accuse' }): void {
    const self = this.#port.self();
    if (message.name === self.name) {
      if (message.incarnation === self.incarnation && message.beat >= self.beat) {
        this.#port.refute(message.beat);
      }
      return;
    }
    const member = this.#port.member(message.name);
    if (member?.incarnation !== message.incarnation || member.beat !== message.beat) return;
    if (!isAccusable(member) || this.#port.member(message.by) === undefined) return;
    this.#accuse(member, message.by);
  }

  /** One accuser more; passed on while it can still shorten somebody's wait. */
  #accuse(member: Member, by: string): void {
    if (member.health === 'alive') this.#port.mark(member, 'suspect');
    const suspicion = this.#suspicions.get(member.name);
    if (suspicion === undefined || suspicion.accusers.has(by)) return;
    const enough = expectedConfirmations(this.#config, this.#port.upCount()) + 1;
    if (suspicion.accusers.size >= enough) return;
    suspicion.accusers.add(by);
    const { name, incarnation, beat } = member;
    const message: DetectorMessage = { kind: 'accuse', name, incarnation, beat, by };
    if (this.#port.isLinked(name)) this.#port.send(name, message);
    const others = this.#port.linked().filter((peer) => peer !== name);
    for (const peer of sample(others, 3, this.#random)) this.#port.send(peer, message);
  }

  #startRound(): void {
    const watched = this.#port.watched();
    const ends = new Set(watched);
    for (let started = 0; started < Math.min(this.#config.probesPerRound, ends.size); started++) {
      let next = this.#turn.pop();
      if (next === undefined) {
        this.#turn = shuffled(watched, this.#random);
        next = this.#turn.pop();
      }
      if (next === undefined) return;
      const member = ends.has(next) ? this.#port.member(next) : undefined;
      if (member !== undefined && isAccusable(member)) this.probe(next);
    }
    for (const name of this.#suspicions.keys()) {
      if (ends.has(name)) this.probe(name);
    }
  }

  #probeDirectly(target: string): void {
    const sequence = this.#ping(target);
    this.#probes.set(sequence, {
      target,
      sentAt: this.#now,
      deadline: this.#awake + this.#timeout(target),
      stage: 'direct',
      silentHelpers: 0,
    });
  }

  #ping(target: string): number {
    const sequence = ++this.#sequence;
    const { beat, health } = this.#port.member(target) ?? { beat: 0, health: 'unknown' as const };
    this.#port.send(target, { kind: 'ping', sequence, beat, health });
    return sequence;
  }

  #probeIndirectly(sequence: number, target: string, sentAt: number): void {
    const others = this.#port.linked().filter((peer) => peer !== target);
    const helpers = sample(others, this.#config.indirectProbes, this.#random);
    this.#probes.set(sequence, {
      target,
      sentAt,
      deadline: this.#awake + 2 * this.#timeout(target),
      stage: 'indirect',
      silentHelpers: helpers.length,
    });
    for (const helper of helpers) {
      this.#port.send(helper, { kind: 'ping_request', sequence, target });
    }
  }

  #expireProbes(): void {
    for (const [sequence, probe] of this.#probes) {
      if (this.#awake < probe.deadline) continue;
      this.#probes.delete(sequence);
      if (probe.stage === 'direct') this.#probeIndirectly(sequence, probe.target, probe.sentAt);
      else this.#onProbeFailed(probe);
    }
  }

  #onProbeFailed(probe: Probe): void {
    this.#port.count('probe_failed');
    // Helpers that say nothing at all mean that the fault may be here (Lifeguard, section IV-A).
    if (probe.silentHelpers > 0) this.#adjustHealth(1);
    const member = this.#port.member(probe.target);
    if (member !== undefined && isAccusable(member)) this.#accuse(member, this.#port.self().name);
  }

  #judgeSuspects(): void {
    for (const [name, suspicion] of this.#suspicions) {
      const member = this.#port.member(name);
      if (member?.health !== 'suspect') continue;
      const waits = suspicionTimeout(this.#config, this.#port.upCount(), suspicion.accusers.size);
      if (this.#awake >= suspicion.since + waits || this.#isQuicklyConfirmed(name, suspicion)) {
        this.#port.mark(member, 'dead');
      }
    }
  }

  /** After a reset: nobody is there to ask, or somebody else cannot reach it either. */
  #isQuicklyConfirmed(name: string, suspicion: Suspicion): boolean {
    const { quickAt, quickUntil } = suspicion;
    if (quickAt === undefined || this.#awake < quickAt) return false;
    if (this.#port.isLinked(name) || this.#awake > quickUntil) {
      suspicion.quickAt = undefined;
      return false;
    }
    return suspicion.accusers.size > 1 || suspicion.nacks > 0 || this.#port.linked().length === 0;
  }

  #timeout(target: string): number {
    return this.#trips.timeout(target) * (1 + this.#localHealth);
  }

  #adjustHealth(by: number): void {
    const wanted = this.#localHealth + by;
    this.#localHealth = Math.min(this.#config.maxLocalHealth, Math.max(0, wanted));
  }

  #isProbing(name: string): boolean {
    for (const { target } of this.#probes.values()) if (target === name) return true;
    return false;
  }

  #dropProbes(name: string): void {
    for (const [sequence, { target }] of this.#probes) {
      if (target === name) this.#probes.delete(sequence);
    }
  }
}

function isAccusable({ health, status }: Member): boolean {
  return (health === 'alive' || health === 'suspect') && status !== 'left' && status !== 'removed';
}
