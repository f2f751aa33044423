/**
 * Membership of one node: the roster and those who keep it true (gossip, failure detector, overlay, roster probe), composed
 * into one machine. Links, messages and time go in; what follows goes out through a port. A node's own record is written by
 * nobody else: what others say about it is refuted with a higher beat or version, except that it left, was removed or has a
 * younger life; then it takes no further part.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { MembershipInfo, Out, RemoveOutcome } from './api.ts';
import type { MembershipConfig } from './config.ts';
import { isStoredAlike } from './durable.ts';
import type { DetectorPort } from './failure-detector.ts';
import { FailureDetector } from './failure-detector.ts';
import { FullMesh } from './full-mesh.ts';
import type { GossipPort } from './gossip.ts';
import { Gossip } from './gossip.ts';
import { HyParView } from './hyparview.ts';
import type { Member, MemberStatus } from './member.ts';
import { isMember, isUp, withHealth } from './member.ts';
import type { GossipMessage, MembershipWire } from './messages.ts';
import { LinkedPeers } from './linked-peers.ts';
import type { Overlay } from './overlay.ts';
import { OwnRecord } from './own-record.ts';
import type { MembershipOptions, MembershipPort } from './port.ts';
import { eventsOf } from './presence.ts';
import { PulseMonitor } from './pulse-monitor.ts';
import type { RosterProbePort } from './roster-probe.ts';
import { RosterProbe } from './roster-probe.ts';
import type { Change } from './roster.ts';
import { Roster } from './roster.ts';
import { WantedLinks } from './wanted-links.ts';

export class Membership {
  readonly #config: MembershipConfig;
  readonly #name: string;
  readonly #port: MembershipPort;
  readonly #roster: Roster;
  readonly #gossip: Gossip;
  readonly #detector: FailureDetector;
  readonly #overlay: Overlay;
  readonly #links: WantedLinks;
  readonly #pulse: PulseMonitor;
  readonly #probe: RosterProbe;
  readonly #linked = new LinkedPeers();
  readonly #startedAt: number;
  readonly #own: OwnRecord;
  #ups = 0;
  /** Time without what this process slept through: that is nobody's silence. */
  #awake = 0;
  #now = 0;
  #tickedAt = 0;
  #seenWanted: readonly string[] = [];
  #leftAt: number | undefined = undefined;
  #out: Out | undefined = undefined;

  constructor(options: MembershipOptions, port: MembershipPort) {
    const { config, self, random } = options;
    this.#config = config;
    this.#name = self.name;
    this.#port = port;
    this.#startedAt = options.now;
    const status = options.isJoining ? 'joining' : 'up';
    this.#own = new OwnRecord(self, options.addresses, status);
    this.#roster = new Roster(config.maxMembers);
    this.#gossip = new Gossip(config.gossip, this.#roster, random, this.#gossipPort());
    this.#detector = new FailureDetector(config.detector, random, this.#detectorPort());
    const overlayPort = {
      send: port.send,
      isLinked: (name: string) => this.#linked.has(name),
      count: port.count,
    };
    this.#overlay =
      config.overlay === 'full_mesh'
        ? new FullMesh(self, this.#roster, overlayPort)
        : new HyParView(config.hyparview, self, this.#roster, random, overlayPort);
    this.#links = new WantedLinks(config.contactMs, this.#roster, {
      connect: port.connect,
      disconnect: port.disconnect,
      sayClosing: (name) => this.#sayClosing(name),
      isLinked: (name) => this.#linked.has(name),
    });
    this.#pulse = new PulseMonitor(config.rosterProbe, self, this.#roster);
    this.#probe = new RosterProbe(
      config.rosterProbe,
      self.name,
      config.contactMs / 2,
      this.#roster,
      random,
      this.#probePort(),
    );
    this.#merge(options.stored, undefined);
    this.#sayOwn();
  }

  members(): readonly Member[] {
    return [...this.#roster.members()];
  }

  neighbors(): readonly string[] {
    return this.#overlay.neighbors();
  }

  info(): MembershipInfo {
    return {
      self: this.#own.member,
      digest: this.#roster.digest,
      localHealth: this.#detector.localHealth,
      suspects: this.#detector.suspects,
      neighbors: this.#overlay.neighbors(),
      merged: this.#linked.merged,
      out: this.#out,
    };
  }

  tick(clock: number): void {
    this.#look(clock);
    if (this.#out !== undefined) return this.#links.reconcile([], this.#now);
    const now = this.#now;
    const elapsed = now - this.#tickedAt;
    this.#tickedAt = now;
    this.#awake += Math.min(elapsed, 2 * this.#config.tickMs);
    this.#detector.wasLate(elapsed - this.#config.tickMs);
    this.#leaveInTime();
    if (this.#out !== undefined) return;
    if (this.#own.member.status === 'joining' && now >= this.#config.joinTimeoutMs)
      this.#become('up');
    this.#pulse.tick(now);
    this.#gossip.tick(now);
    this.#detector.tick(now, this.#awake);
    this.#overlay.tick(now);
    this.#probe.tick(now);
    this.#seenWanted = this.#overlay.wanted();
    this.#links.reconcile(this.#seenWanted, now);
  }

  linkUp(peer: NodeId, clock: number): void {
    if (this.#out !== undefined) return this.#port.disconnect(peer.name);
    this.#look(clock);
    this.#linked.up(peer);
    const known = this.#roster.get(peer.name);
    if (known !== undefined && known.incarnation >= peer.incarnation && !isMember(known)) {
      return this.#turnAway(known);
    }
    this.#links.linkUp(peer.name, this.#now);
    this.#gossip.linkUp(peer.name, this.#own.member);
    this.#probe.linkUp(peer.name);
    this.#detector.linkUp(peer.name, this.#now);
    this.#overlay.linkUp(peer.name, this.#now);
    this.#follow();
  }

  linkDown(peer: NodeId, clock: number): void {
    const ended = this.#linked.down(peer);
    if (ended === undefined) return;
    this.#look(clock);
    if (this.#out !== undefined) return;
    this.#gossip.linkDown(peer.name);
    this.#detector.linkDown(peer.name, ended.wasAnnounced, this.#now);
    this.#overlay.linkDown(peer.name, this.#now);
    this.#follow();
  }

  received(from: NodeId, message: MembershipWire, clock: number): void {
    if (this.#out !== undefined || from.name === this.#name) return;
    this.#look(clock);
    switch (message.kind) {
      case 'hello':
        if (message.member.name !== from.name || message.member.incarnation !== from.incarnation) {
          return this.#port.count('impostor');
        }
        return this.#onGossip(from.name, message);
      case 'digest':
      case 'buckets':
      case 'delta':
      case 'full':
      case 'rumor':
        return this.#onGossip(from.name, message);
      case 'closing':
        this.#linked.closing(from.name);
        return;
    }
    if (from.incarnation < (this.#roster.get(from.name)?.incarnation ?? 0)) {
      return this.#port.count('stale_life');
    }
    switch (message.kind) {
      case 'ping':
      case 'ack':
      case 'ping_request':
      case 'indirect_ack':
      case 'nack':
      case 'accuse':
        this.#detector.received(from.name, message, this.#now);
        break;
      case 'neighbor_request':
      case 'neighbor_reply':
      case 'neighbor_assert':
      case 'neighbor_end':
      case 'shuffle':
      case 'shuffle_reply':
        this.#overlay.received(from.name, message, this.#now);
        break;
      default:
        message satisfies never;
    }
    this.#follow();
  }

  /** Names with a link. */
  linked(): readonly NodeId[] {
    return this.#linked.peers();
  }

  /** The links were restarted: what they were asked for has to be asked again. */
  linksLost(): void {
    this.#links.forgetDials();
  }

  /** Somebody here has something to say to a member that the overlay may not link to. */
  contact(name: string, forMs: number, clock: number): void {
    if (this.#out !== undefined || name === this.#name) return;
    this.#look(clock);
    const member = this.#roster.get(name);
    if (member !== undefined && isUp(member)) this.#links.contact(name, this.#now, forMs);
  }

  /** Final for this incarnation. Out follows when the others were told. */
  leave(clock: number): void {
    if (this.#out !== undefined || this.#leftAt !== undefined) return;
    this.#look(clock);
    this.#leftAt = this.#now + this.#config.leavingMs;
    this.#become('leaving');
  }

  /** An operator's word that a member will not come back with this incarnation; `isForced`: also of one that is up. */
  remove(name: string, clock: number, isForced = false): RemoveOutcome {
    this.#look(clock);
    const member = this.#roster.get(name);
    if (name === this.#name) return 'self';
    if (member === undefined || !isMember(member)) return 'unknown';
    if (isUp(member) && !isForced) return 'still_up';
    this.#merge([{ ...member, status: 'removed' }], undefined);
    return 'removed';
  }

  /** The process ends but will be back: others need not find out by waiting. */
  stop(): void {
    if (this.#out !== undefined) return;
    this.#gossip.shout(withHealth(this.#own.member, 'dead'));
  }

  #onGossip(from: string, message: GossipMessage): void {
    // From neighbours only: a passing contact carries the pulse over to an island and hides that it is one.
    const pulse = message.kind === 'digest' ? message.pulse : undefined;
    if (pulse !== undefined && this.#overlay.neighbors().includes(from)) {
      this.#pulse.received(pulse, this.#now);
    }
    this.#gossip.received(from, message);
    this.#follow();
  }

  #merge(records: readonly Member[], from: string | undefined): void {
    for (const change of this.#roster.merge(records)) this.#onChange(change, from);
  }

  #onChange(change: Change, from: string | undefined): void {
    const { before, after } = change;
    this.#ups += Number(isUp(after)) - Number(before !== undefined && isUp(before));
    this.#gossip.spread(after.name, from);
    this.#port.changed(after, !isStoredAlike(before, after));
    if (after.name === this.#name) return this.#onOwnRecord(after);
    this.#detector.healthChanged(after);
    this.#overlay.rosterChanged(change);
    for (const event of eventsOf(change)) this.#port.announce(event);
    if (!isMember(after) && this.#linked.has(after.name)) this.#turnAway(after);
  }

  /** Somebody, or this node itself, says something about this node. */
  #onOwnRecord(said: Member): void {
    const { beat } = this.#own.member;
    const why = this.#own.judge(said);
    if (why !== undefined) return this.#goOut(why, said.incarnation);
    if (this.#own.member.beat > beat) this.#port.count('refuted');
    if (this.#own.member.status === 'leaving') this.#leftAt ??= this.#now + this.#config.leavingMs;
    this.#sayOwn();
  }

  #sayOwn(): void {
    this.#merge([this.#own.member], undefined);
  }

  #become(status: MemberStatus): void {
    this.#own.become(status);
    this.#sayOwn();
  }

  #leaveInTime(): void {
    if (this.#leftAt === undefined || this.#now < this.#leftAt) return;
    if (this.#own.member.status === 'leaving') {
      this.#leftAt = this.#now + this.#config.leavingMs;
      this.#become('left');
      this.#gossip.shout(this.#own.member);
      return;
    }
    this.#goOut('left', this.#own.member.incarnation);
  }

  #goOut(why: Out, incarnation: number): void {
    if (this.#out !== undefined) return;
    this.#out = why;
    for (const name of this.#linked.names) this.#links.release(name, this.#now);
    this.#links.releaseAll(this.#now);
    this.#port.out(why, incarnation);
  }

  /** Its life is over: it is told so, in case it does not know, and the link closed. */
  #turnAway(member: Member): void {
    this.#port.send(member.name, { kind: 'rumor', members: [member] });
    this.#links.release(member.name, this.#now);
  }

  #sayClosing(name: string): void {
    this.#linked.closing(name);
    this.#port.send(name, { kind: 'closing' });
  }

  /** Only ticks measure lateness: a message that is read after a pause must not hide it. */
  #look(clock: number): void {
    this.#now = Math.max(this.#now, clock - this.#startedAt);
  }

  /** Links follow what the overlay wants now, without waiting for the next tick. */
  #follow(): void {
    const wanted = this.#overlay.wanted();
    if (wanted === this.#seenWanted || this.#out !== undefined) return;
    this.#seenWanted = wanted;
    this.#links.reconcile(wanted, this.#now);
  }

  #gossipPort(): GossipPort {
    return {
      send: this.#port.send,
      count: this.#port.count,
      merge: (records, from) => this.#merge(records, from),
      caughtUp: (peer) => {
        this.#linked.merge(peer);
        if (this.#own.member.status === 'joining') this.#become('up');
      },
      peers: () => this.#linked.names,
      pulse: () => this.#pulse.pulse,
    };
  }

  #detectorPort(): DetectorPort {
    return {
      send: this.#port.send,
      count: this.#port.count,
      mark: (member, health) => this.#merge([withHealth(member, health)], undefined),
      refute: (beat) => {
        this.#port.count('refuted');
        this.#own.refute(beat);
        this.#sayOwn();
      },
      merge: (member, from) => this.#merge([member], from),
      contact: (name) => this.#links.contact(name, this.#now),
      watched: () => this.#overlay.wanted(),
      member: (name) => this.#roster.get(name),
      self: () => this.#own.member,
      isLinked: (name) => this.#linked.has(name),
      linked: () => this.#linked.names,
      upCount: () => this.#ups,
    };
  }

  #probePort(): RosterProbePort {
    return {
      contact: (name) => this.#links.contact(name, this.#now),
      isLinked: (name) => this.#linked.has(name),
      isWanted: (name) => this.#overlay.wanted().includes(name),
      bridge: (name) => this.#overlay.bridge(name, this.#now),
      doubt: (name) => this.#detector.probe(name),
      isCutOff: () => this.#pulse.isLate(this.#now),
    };
  }
}
