/** What a session asks of its shell, and what it is given to decide with. */
import type { SendResult, TransportInfo } from '../../runtime/net/connection.ts';
import type { Id, RouterMessage } from '../../runtime/wamp/message.ts';
import type { Realm } from '../realms/api.ts';
import type { Request } from '../routing/api.ts';
import type { Authentication, Authenticator, PendingVerdict, Principal } from '../security/api.ts';
import type { CausalClock } from '../store/api.ts';
import type { Continuity, SessionMessage } from './api.ts';
import type { SessionsConfig } from './config.ts';
import type { Introduction } from './hello.ts';

export type SessionTimer = Extract<SessionMessage, { kind: 'timer' }>['timer'];

/** What the session asks of its shell, in this order of events. */
export interface SessionEffects {
  send(message: RouterMessage): SendResult;
  /** Become a member of the realm. */
  join(realm: Realm, id: Id, principal: Principal, introduction: Introduction): void;
  /** No longer a member: nothing may be sent by the router after this. */
  leave(): void;
  /** To the router, in the order received. */
  forward(request: Request): void;
  /** One timer at a time; a new one replaces it. Undefined: none. */
  schedule(timer: SessionTimer | undefined, afterMs: number): void;
  /** `decided` is to be called with what comes of it; until then nothing more is read. */
  settle(pending: PendingVerdict, attempt: Authentication): void;
  /** `caughtUp` is to be called when the store has seen this, or has not in time. */
  catchUp(clock: CausalClock): void;
  /** Send what is queued, then close the transport; the session has ended. */
  close(detail: string): void;
  count(counter: string): void;
}

export interface SessionDependencies {
  readonly config: SessionsConfig;
  readonly agent: string;
  readonly transport: TransportInfo;
  readonly authenticator: Authenticator;
  lookup(realm: string): Realm | undefined;
  /** Undefined: this node is alone, so whatever was seen is here. */
  readonly continuity?: Pick<Continuity, 'read'> | undefined;
  /** A fresh id of global scope. */
  newId(): Id;
  readonly effects: SessionEffects;
}
