/**
 * A realm as the rest of the node meets it. The realm actor keeps what must outlive its router: the router's
 * mailbox and the tables; its own end means that the realm is closed and so are its sessions.
 */
import type { Name, ReplyTo, Target } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { Member, RouterTarget } from '../routing/api.ts';
import type { Dict } from '../../runtime/wamp/message.ts';
import type { RealmConfig } from './config.ts';

export type { UseLimits } from './config.ts';

export type RealmMessage = { readonly kind: 'count_sessions'; readonly reply: ReplyTo<number> };

/** To a session: its realm has ended. */
export interface RealmClosed {
  readonly kind: 'realm_closed';
}

/** What ends a session from the side of its realm. */
export type Dismissal =
  RealmClosed | { readonly kind: 'goodbye'; readonly reason: string; readonly details: Dict };

const CLOSED: RealmClosed = { kind: 'realm_closed' };

/** The sessions of a realm, who enter and leave by themselves, so that they need not watch it. */
export class Attendance {
  readonly #sessions = new Map<Target<Dismissal>, Member>();
  #isClosing = false;
  readonly #watchers = new Set<() => void>();

  /** Told at once when the realm ends or has ended already. */
  enter(session: Target<Dismissal>, member: Member): void {
    if (this.#isClosing) session.cast(CLOSED);
    else this.#sessions.set(session, member);
  }

  leave(session: Target<Dismissal>): void {
    this.#sessions.delete(session);
  }

  /** From the turn in which it is welcome, which the router hears of later. */
  sessions(): ReadonlyMap<Target<Dismissal>, Member> {
    return this.#sessions;
  }

  /** Of a realm that is open: whoever asks its router gets no answer once it is closed. Returns the undo. */
  onClosed(tell: () => void): () => void {
    this.#watchers.add(tell);
    return () => this.#watchers.delete(tell);
  }

  /** From now on nobody stays. True: all have been told; else at most so many were, and it is to be asked again. */
  dismiss(atMost: number): boolean {
    this.#isClosing = true;
    let told = 0;
    for (const session of this.#sessions.keys()) {
      if (told++ >= atMost) return false;
      this.#sessions.delete(session);
      session.cast(CLOSED);
    }
    return true;
  }

  close(): void {
    this.dismiss(Infinity);
    for (const tell of this.#watchers) tell();
  }
}

export interface Realm {
  readonly uri: string;
  /** As it is now: some of it changes while the realm is open. */
  readonly config: RealmConfig;
  readonly attendance: Attendance;
  /** The router's mailbox; it stays the same when the router is restarted. */
  readonly router: RouterTarget;
  /** Read only, for whoever is not the router. */
  readonly members: ReadonlyRows<number, Member>;
  /** What WELCOME announces. */
  readonly features: { readonly broker: readonly string[]; readonly dealer: readonly string[] };
}

/** The policy may want other realms. Answered when all that it wants are open and no other is. */
export interface LookAtRealms {
  readonly kind: 'look';
  readonly reply?: ReplyTo<void>;
}

/** Opens and closes realms while the node runs. */
export const REALM_KEEPER: Name<LookAtRealms> = name('realm keeper');

export interface ReadonlyRows<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  has(key: K): boolean;
  values(): IterableIterator<V>;
}

/** Which realms are open. Realm actors write it, everybody reads it. */
export class RealmDirectory {
  #open = new Map<string, Realm>();

  lookup(uri: string): Realm | undefined {
    return this.#open.get(uri);
  }

  /** Returns the undo, which does nothing when another incarnation has opened it since. */
  open(realm: Realm): { close(): void } {
    this.#open.set(realm.uri, realm);
    return {
      close: () => {
        if (this.#open.get(realm.uri) === realm) this.#open.delete(realm.uri);
      },
    };
  }

  all(): IterableIterator<Realm> {
    return this.#open.values();
  }
}
