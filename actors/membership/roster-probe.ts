/**
 * The remedy for long splits: overlays forget the other side (active views refill, passive entries die), the roster does
 * not. Every half minute this node contacts a random member it has no link to; hello and digest are exchanged, and only
 * when they show that the overlay does not reach it (it was thought dead, or no pulse comes) it becomes a neighbour.
 * ringpop's healer and serf's snapshot rejoin do the same.
 */
import type { RandomSource } from '../../runtime/kernel/actor.ts';
import type { RosterProbeConfig } from './config.ts';
import { isMember } from './member.ts';
import { pick } from './picking.ts';
import type { Roster } from './roster.ts';

export interface RosterProbePort {
  contact(name: string): void;
  isLinked(name: string): boolean;
  isWanted(name: string): boolean;
  bridge(name: string): void;
  /** The contact did not come about although the member counts as up. */
  doubt(name: string): void;
  isCutOff(): boolean;
}

/** Random members looked at for one contact. */
const LOOKS = 10;

export class RosterProbe {
  readonly #config: RosterProbeConfig;
  readonly #self: string;
  readonly #patienceMs: number;
  readonly #roster: Roster;
  readonly #random: RandomSource;
  readonly #port: RosterProbePort;
  /** Contacted now: whether it was thought dead, and until when it may answer. */
  #pending: { name: string; wasDead: boolean; until: number } | undefined = undefined;
  #nextAt: number;

  constructor(
    config: RosterProbeConfig,
    self: string,
    patienceMs: number,
    roster: Roster,
    random: RandomSource,
    port: RosterProbePort,
  ) {
    this.#config = config;
    this.#self = self;
    this.#patienceMs = patienceMs;
    this.#roster = roster;
    this.#random = random;
    this.#port = port;
    this.#nextAt = random.next() * config.intervalMs;
  }

  tick(now: number): void {
    this.#expire(now);
    if (now < this.#nextAt) return;
    // Cut off: look three times as often.
    const pause = this.#port.isCutOff() ? this.#config.intervalMs / 3 : this.#config.intervalMs;
    this.#nextAt = now + pause * (0.9 + 0.2 * this.#random.next());
    const name = this.#choose();
    if (name === undefined) return;
    const wasDead = this.#roster.get(name)!.health === 'dead';
    // Less than the link is kept: the doubt comes while it may still be answered.
    this.#pending = { name, wasDead, until: now + this.#patienceMs };
    this.#port.contact(name);
  }

  /** A link to a member came up, before what it says was heard. */
  linkUp(name: string): void {
    const health = this.#roster.get(name)?.health;
    const pending = this.#pending?.name === name ? this.#pending : undefined;
    if (pending !== undefined) this.#pending = undefined;
    // Whoever comes back from the dead brings its side along.
    if (health === 'dead' || pending?.wasDead === true) return this.#port.bridge(name);
    if (pending !== undefined && this.#port.isCutOff()) this.#port.bridge(name);
  }

  #expire(now: number): void {
    if (this.#pending === undefined || now < this.#pending.until) return;
    const { name, wasDead } = this.#pending;
    this.#pending = undefined;
    if (!wasDead) this.#port.doubt(name);
  }

  #choose(): string | undefined {
    for (let look = 0; look < LOOKS; look++) {
      const name = pick(this.#roster.names, this.#random);
      if (name === undefined || name === this.#self) continue;
      const isTaken = this.#port.isLinked(name) || this.#port.isWanted(name);
      if (!isTaken && isMember(this.#roster.get(name)!)) return name;
    }
    return undefined;
  }
}
