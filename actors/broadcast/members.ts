/**
 * Who there is, who can be sent to, and who are neighbours: all that are connected while they are few (an active view of
 * HyParView), else a random overlay on the full mesh. The overlay needs no protocol: each node sorts the same names
 * into the same few rings by hash and takes its two neighbours on each, so a neighbour is one on both sides, and a member
 * that comes or goes changes the neighbours of at most two nodes per ring.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { BroadcastConfig } from './config.ts';

interface Member {
  readonly incarnation: number;
  readonly positions: readonly number[];
  /** Membership says so. */
  isUp: boolean;
  /** Membership says so, whatever its link looks like: a half-open one swallows a branch of the tree. */
  isDown: boolean;
  isLinked: boolean;
}

/** Left incarnations remembered, so that a late word of one does not bring it back. */
const MAX_LEFT = 1_024;

export class Members {
  readonly #self: NodeId;
  readonly #config: BroadcastConfig;
  readonly #ownPositions: readonly number[];
  readonly #members = new Map<string, Member>();
  readonly #left = new Map<string, number>();

  constructor(self: NodeId, config: BroadcastConfig) {
    this.#self = self;
    this.#config = config;
    this.#ownPositions = this.#positionsOf(self.name);
  }

  /** Members besides this node. */
  get size(): number {
    return this.#members.size;
  }

  onUp(node: NodeId): void {
    const member = this.#open(node);
    if (member === undefined) return;
    member.isUp = true;
    member.isDown = false;
  }

  onDown(node: NodeId): void {
    const member = this.#current(node);
    if (member === undefined) return;
    member.isUp = false;
    member.isDown = true;
    if (!member.isLinked) this.#members.delete(node.name);
  }

  onLeft({ name, incarnation }: NodeId): void {
    const until = Math.max(incarnation, this.#left.get(name) ?? 0);
    this.#left.delete(name);
    this.#left.set(name, until);
    if (this.#left.size > MAX_LEFT) this.#left.delete([...this.#left.keys()][0]!);
    const member = this.#members.get(name);
    if (member !== undefined && member.incarnation <= incarnation) this.#members.delete(name);
  }

  onLinkUp(node: NodeId): void {
    const member = this.#open(node);
    if (member !== undefined) member.isLinked = true;
  }

  onLinkDown(node: NodeId): void {
    const member = this.#current(node);
    if (member === undefined) return;
    member.isLinked = false;
    if (!member.isUp) this.#members.delete(node.name);
  }

  /** Has this incarnation left for good? */
  hasLeft({ name, incarnation }: NodeId): boolean {
    return (this.#left.get(name) ?? 0) >= incarnation;
  }

  isMember({ name, incarnation }: NodeId): boolean {
    if (name === this.#self.name) return incarnation === this.#self.incarnation;
    return this.#members.get(name)?.incarnation === incarnation;
  }

  connected(): readonly string[] {
    return [...this.#members].filter(([, member]) => canBeSentTo(member)).map(([name]) => name);
  }

  /** Can this node reach every member that is up in one hop? */
  reachesAll(): boolean {
    for (const { isUp, isLinked } of this.#members.values()) if (isUp && !isLinked) return false;
    return true;
  }

  /** `candidates`: whom membership would use as neighbours, when it has a say. */
  neighbours(candidates?: readonly string[]): ReadonlySet<string> {
    const allowed = candidates && new Set(candidates);
    const connected = this.connected().filter((name) => allowed?.has(name) ?? true);
    if (connected.length <= this.#config.maxNeighbours) return new Set(connected);
    const chosen = new Set<string>();
    for (let ring = 0; ring < this.#config.overlayRings; ring++) {
      for (const name of this.#besideSelf(ring, connected)) chosen.add(name);
    }
    return chosen;
  }

  /** The next and the previous name on a ring. */
  #besideSelf(ring: number, names: readonly string[]): readonly string[] {
    const own = this.#ownPositions[ring]!;
    let next: string | undefined;
    let previous: string | undefined;
    let nextDistance = Infinity;
    let previousDistance = Infinity;
    for (const name of names) {
      const ahead = (this.#members.get(name)!.positions[ring]! - own + RING) % RING;
      if (ahead < nextDistance) [next, nextDistance] = [name, ahead];
      if (RING - ahead < previousDistance) [previous, previousDistance] = [name, RING - ahead];
    }
    return [next, previous].filter((name) => name !== undefined);
  }

  #positionsOf(name: string): readonly number[] {
    return Array.from({ length: this.#config.overlayRings }, (_, ring) => hash(`${ring}/${name}`));
  }

  #current({ name, incarnation }: NodeId): Member | undefined {
    const member = this.#members.get(name);
    return member?.incarnation === incarnation ? member : undefined;
  }

  /** The member, new if need be; undefined for this node itself and for lives that are over. */
  #open({ name, incarnation }: NodeId): Member | undefined {
    if (name === this.#self.name || this.hasLeft({ name, incarnation })) return undefined;
    const known = this.#members.get(name);
    if (known !== undefined && known.incarnation >= incarnation) {
      return known.incarnation === incarnation ? known : undefined;
    }
    const positions = known?.positions ?? this.#positionsOf(name);
    const member = { incarnation, positions, isUp: false, isDown: false, isLinked: false };
    this.#members.set(name, member);
    return member;
  }
}

function canBeSentTo({ isLinked, isDown }: Member): boolean {
  return isLinked && !isDown;
}

const RING = 2 ** 32;

/** FNV-1a with a final mix (murmur3), so that names that differ in the last digit are far apart. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
