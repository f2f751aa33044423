/** What can be said to a session. */
import type { Name } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { SupervisorMessage } from '../../runtime/kernel/supervision.ts';
import type { CloseCause, Connection, FrameBatch } from '../../runtime/net/connection.ts';
import type { Dict, Payload } from '../../runtime/wamp/message.ts';
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
  | RealmClosed
  | {
      readonly kind: 'timer';
      readonly timer: 'hello' | 'authenticate' | 'goodbye' | 'slow_consumer';
    };

/** The dynamic supervisor of all sessions: `start_child` with the connection a listener accepted. */
export const SESSIONS: Name<SupervisorMessage<Connection>> = name('sessions');
