/** What can be said to a session. */
import type { Name } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { SupervisorMessage } from '../../runtime/kernel/supervision.ts';
import type { CloseCause, Connection, FrameBatch } from '../../runtime/net/connection.ts';
import type { Dict, Hello, Payload } from '../../runtime/wamp/message.ts';
import type { Applied, CausalClock } from '../store/api.ts';
import type { Authentication, Verdict } from '../security/api.ts';
import type { RealmClosed } from '../realms/api.ts';

export type SessionMessage =
  | { readonly kind: 'frames'; readonly batch: FrameBatch }
  | { readonly kind: 'violation'; readonly detail: string }
  | { readonly kind: 'congestion'; readonly isCongested: boolean }
  | { readonly kind: 'closed'; readonly cause: CloseCause }
  /** The router found a protocol violation only it can see (YIELD of an invocation that never was). */
  | {
      readonly kind: 'abort';
      readonly reason: string;
      readonly detail: string;
      readonly payload?: Payload;
    }
  /** GOODBYE with this reason, then the close: kill procedures, realm deletion, system shutdown. */
  | { readonly kind: 'goodbye'; readonly reason: string; readonly details: Dict }
  /** The store has what the session had seen elsewhere, or has not got it in time. */
  | { readonly kind: 'caught_up'; readonly how: Applied }
  /** A verdict that took time. */
  | {
      readonly kind: 'decided';
      readonly attempt: Authentication;
      readonly verdict: () => Verdict;
    }
  /** The realm of this HELLO is there, or could not be created. */
  | { readonly kind: 'realm_made'; readonly hello: Hello }
  | RealmClosed
  | {
      readonly kind: 'timer';
      readonly timer: 'hello' | 'authenticate' | 'goodbye' | 'slow_consumer' | 'ticket';
    };

/** The dynamic supervisor of all sessions: `start_child` with the connection a listener accepted. */
export const SESSIONS: Name<SupervisorMessage<Connection>> = name('sessions');

/** Characters of a session token. */
export const MAX_TOKEN = 64 * 1024;

/** What a session has seen, across nodes. */
export interface Continuity {
  /** Undefined: it would be longer than a token may be. */
  issue(realm: string): string | undefined;
  /** Undefined: not a token of this cluster and realm. */
  read(realm: string, token: string): CausalClock | undefined;
  /** Calls once, at once or within the time. */
  whenSeen(clock: CausalClock, timeoutMs: number, done: (how: Applied) => void): void;
}
