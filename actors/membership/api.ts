/** What can be said to membership, what it tells its subscribers, and what anybody may read about the cluster. */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { Name, ReplyTo, Target } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { SetReader } from '../../runtime/kernel/table.ts';
import type { PeerAddress } from '../links/api.ts';
import type { Member } from './member.ts';
import { isUp } from './member.ts';

export type { Health, Member, MemberState, MemberStatus } from './member.ts';

export type MembershipEvent =
  /** It takes part: new, back, or a suspicion was refuted. */
  | { readonly kind: 'node_up'; readonly node: NodeId }
  /** It does not answer; it may still. Comes after node_up, and is followed by node_up or node_down. */
  | { readonly kind: 'node_suspect'; readonly node: NodeId }
  /** It counts as dead but stays a member; a restarted node goes down and comes up as another incarnation. */
  | { readonly kind: 'node_down'; readonly node: NodeId }
  /** This life of it is over for good: it left or was removed. */
  | { readonly kind: 'node_left'; readonly node: NodeId };

export type RemoveOutcome = 'removed' | 'unknown' | 'still_up' | 'self';

/** Why this node takes no part any more; each needs a start with a higher incarnation to change. */
export type Out = 'left' | 'removed' | 'superseded';

export type MembershipMessage =
  /** Dial a member, any, and become one. */
  | { readonly kind: 'join'; readonly address: PeerAddress }
  /** Stop dialling an address at which no member was reached. */
  | { readonly kind: 'forget'; readonly address: PeerAddress }
  /** Leave for good; the answer comes when this node has told the others. */
  | { readonly kind: 'leave'; readonly reply?: ReplyTo<Out> }
  /** Removes a dead member, or with `isForced` one that is up; final for its incarnation. */
  | {
      readonly kind: 'remove';
      readonly name: string;
      readonly isForced?: boolean;
      readonly reply?: ReplyTo<RemoveOutcome>;
    }
  /** There is something to say to this member: keep a link to it for so long, whatever the overlay wants. */
  | { readonly kind: 'contact'; readonly name: string; readonly forMs: number }
  | { readonly kind: 'members'; readonly reply: ReplyTo<readonly Member[]> }
  | { readonly kind: 'info'; readonly reply: ReplyTo<MembershipInfo> }
  /** The target is told at once who is up, then every change, in order. Ends when its casts are `dead`. */
  | { readonly kind: 'subscribe'; readonly target: Target<MembershipEvent> };

export interface MembershipInfo {
  readonly self: Member;
  /** Equal on nodes that know the same. */
  readonly digest: string;
  /** 0: this node is on time; higher: it is late and slow to accuse others. */
  readonly localHealth: number;
  readonly suspects: number;
  readonly neighbors: readonly string[];
  /** Linked peers whose roster has been merged into this one since their link came up. */
  readonly merged: readonly string[];
  /** Undefined: takes part. */
  readonly out: Out | undefined;
}

export const MEMBERSHIP: Name<MembershipMessage> = name('membership');

export type DiscoveryMessage =
  /** Addresses that the configuration or DNS names now. */
  { readonly kind: 'named'; readonly reply: ReplyTo<readonly PeerAddress[]> };

export const DISCOVERY: Name<DiscoveryMessage> = name('discovery');

/** Rows by node name. Its supervisor makes it, the actor writes it, everyone reads it through a View. */
export type MembersTable = SetReader<string, Member>;

/** The cluster as this node sees it now. Reading it is a look into a table, never a message. */
export class View {
  readonly self: NodeId;
  readonly #members: MembersTable;
  readonly #neighbors: () => readonly string[];
  readonly #since: ReadonlyMap<string, number>;

  constructor(
    self: NodeId,
    members: MembersTable,
    neighbors: () => readonly string[] = () => [],
    since: ReadonlyMap<string, number> = new Map(),
  ) {
    this.self = self;
    this.#members = members;
    this.#neighbors = neighbors;
    this.#since = since;
  }

  /** All that are known, with who left; sorted by nothing. */
  members(): IterableIterator<Member> {
    return this.#members.values();
  }

  member(name: string): Member | undefined {
    return this.#members.get(name);
  }

  /** Since when this node sees a member in its state, wall clock ms. */
  since(name: string): number | undefined {
    return this.#since.get(name);
  }

  /** Takes part and is not dead; a suspect counts as alive until it is. */
  isUp(name: string): boolean {
    const member = this.#members.get(name);
    return member !== undefined && isUp(member);
  }

  /** Names that are up, this node included. */
  alive(): readonly string[] {
    return [...this.#members.values()].filter(isUp).map(({ name }) => name);
  }

  /** Whom broadcast may use as tree links: linked members (full mesh), the active view (HyParView). */
  neighbors(): readonly string[] {
    return this.#neighbors();
  }
}
