/** What the membership machine needs of the world, and what it is made of. */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { RandomSource } from '../../runtime/kernel/actor.ts';
import type { PeerAddress } from '../links/api.ts';
import type { MembershipEvent, Out } from './api.ts';
import type { MembershipConfig } from './config.ts';
import type { Member } from './member.ts';
import type { MembershipWire } from './messages.ts';

export type MembershipCount =
  | 'gossip_equal'
  | 'gossip_delta'
  | 'gossip_full'
  | 'probe_failed'
  | 'probe_relay_refused'
  | 'neighbor_up'
  | 'neighbor_down'
  | 'neighbor_stale'
  | 'shuffle_lost'
  | 'refuted'
  | 'impostor'
  | 'stale_life';

export interface MembershipPort {
  send(to: string, message: MembershipWire): void;
  /** False: the links cannot be asked now. */
  connect(address: PeerAddress, name: string): boolean;
  disconnect(name: string): void;
  announce(event: MembershipEvent): void;
  /** A record is new or different; `isDurable`: so is what lies on disk. */
  changed(member: Member, isDurable: boolean): void;
  /** This node takes no part from now on. */
  out(why: Out, incarnation: number): void;
  count(what: MembershipCount): void;
}

export interface MembershipOptions {
  readonly config: MembershipConfig;
  readonly self: NodeId;
  readonly addresses: readonly PeerAddress[];
  /** What the last life knew. */
  readonly stored: readonly Member[];
  /** It is about to join somebody: counts as `joining` until it has met a member. */
  readonly isJoining: boolean;
  readonly random: RandomSource;
  readonly now: number;
}

/** Where the roster outlives the process. `save` replaces what was there, atomically, and then calls `done` once. */
export interface RosterStore {
  /** Undefined: nothing was saved yet. Throws when it cannot be read. */
  load(): Uint8Array | undefined;
  save(bytes: Uint8Array, done: (failure?: Error) => void): void;
}
