/**
 * Am I on an island? The member that is up and has the lowest name counts; its count travels in the digests. Where it
 * stops moving, this node is cut off from that member, even when all rosters agree and every neighbour is well: an island
 * that formed by joining looks exactly like that.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { RosterProbeConfig } from './config.ts';
import { isUp } from './member.ts';
import type { Pulse } from './messages.ts';
import type { Roster } from './roster.ts';

export class PulseMonitor {
  readonly #config: RosterProbeConfig;
  readonly #self: NodeId;
  readonly #roster: Roster;
  #pulse: Pulse | undefined = undefined;
  #movedAt = 0;
  #nextLookAt = 0;

  constructor(config: RosterProbeConfig, self: NodeId, roster: Roster) {
    this.#config = config;
    this.#self = self;
    this.#roster = roster;
  }

  get pulse(): Pulse | undefined {
    return this.#pulse;
  }

  isLate(now: number): boolean {
    return now - this.#movedAt > this.#config.pulseLateMs;
  }

  tick(now: number): void {
    if (now < this.#nextLookAt) return;
    this.#nextLookAt = now + this.#config.pulseMs;
    const leader = this.#leader();
    const isSame =
      this.#pulse?.name === leader.name && this.#pulse.incarnation === leader.incarnation;
    if (isSame && leader.name !== this.#self.name) return;
    const count = isSame ? this.#pulse!.count + 1 : 0;
    this.#pulse = { name: leader.name, incarnation: leader.incarnation, count };
    this.#movedAt = now;
  }

  received(pulse: Pulse, now: number): void {
    const known = this.#pulse;
    if (known?.name !== pulse.name || known.incarnation !== pulse.incarnation) return;
    if (pulse.count <= known.count || pulse.name === this.#self.name) return;
    this.#pulse = pulse;
    this.#movedAt = now;
  }

  #leader(): NodeId {
    let lowest: NodeId = this.#self;
    for (const member of this.#roster.members()) {
      if (member.name < lowest.name && isUp(member)) lowest = member;
    }
    return lowest;
  }
}
