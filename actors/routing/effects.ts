/**
 * What the routing cores ask of their shell besides frames. Frames go straight to `member.outlet`, a port, so
 * that a test records them and an RPC allocates nothing.
 */
import type { Dict, Payload, Value } from '../../runtime/wamp/message.ts';
import type { Member } from './api.ts';

export interface RoutingEffects {
  /** Ends a session for a violation only the router can see. The member's leave follows as an input. */
  abort(member: Member, reason: string, detail: string): void;
  /** Says GOODBYE to a session and closes it (kill procedures). The member's leave follows as an input. */
  goodbye(member: Member, reason: string, details: Dict): void;
  /** Somebody may hear a meta event; if not, none needs to be put together. */
  readonly isHeard: boolean;
  /** Publishes a meta event of the router after the current request, to everybody but nobody excluded. */
  announce(topic: string, args: readonly Value[], kwargs?: Dict): void;
  /** Runs once the current request is done: a crash in there does not make it answered twice. */
  afterwards(task: () => void): void;
  /** Publishes in the name of a member that is leaving (testaments). */
  publishAs(member: Member, topic: string, options: Dict, payload: Payload): void;
  /** A plain counter of /metrics: `bondy_<name>_total`. Everything that is dropped or refused has one. */
  count(counter: string, by?: number): void;
}

/** A meta event on its way. */
export interface Announcement {
  readonly topic: string;
  readonly args: readonly Value[];
  readonly kwargs: Dict | undefined;
  /** To sessions of this node only. */
  readonly isHere: boolean;
}

/** The part of Map that a kernel table also has: rows that outlive the actor that writes them. */
export interface Rows<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  has(key: K): boolean;
  set(key: K, value: V): unknown;
  delete(key: K): boolean;
  values(): IterableIterator<V>;
  keys(): IterableIterator<K>;
}
