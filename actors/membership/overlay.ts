/** Who a node keeps links to: the interface of the two strategies, full-mesh.ts and hyparview.ts. */
import type { OverlayMessage } from './messages.ts';
import type { Change } from './roster.ts';

export interface Overlay {
  /** Links to keep: the members this node also watches. */
  wanted(): readonly string[];
  /** Wanted and linked on both sides: whom a broadcast tree may use. */
  neighbors(): readonly string[];
  rosterChanged(change: Change): void;
  linkUp(peer: string, now: number): void;
  linkDown(peer: string, now: number): void;
  received(from: string, message: OverlayMessage, now: number): void;
  tick(now: number): void;
  /** A member that the overlay seems not to reach: make it a neighbour. */
  bridge(name: string, now: number): void;
}

export interface OverlayPort {
  send(to: string, message: OverlayMessage): void;
  isLinked(name: string): boolean;
  /** Counted: neighbours taken, given up, and messages that belong to no neighbourhood. */
  count(what: 'neighbor_up' | 'neighbor_down' | 'neighbor_stale' | 'shuffle_lost'): void;
}
