/**
 * A realm as the rest of the node meets it. The realm actor keeps what must outlive its router: the router's
 * mailbox and the tables; its own end means that the realm is closed and so are its sessions.
 */
import type { Ref, ReplyTo } from '../../runtime/kernel/actor.ts';
import type { Member, RouterTarget } from '../routing/api.ts';
import type { RealmConfig } from './config.ts';

export type RealmMessage = { readonly kind: 'count_sessions'; readonly reply: ReplyTo<number> };

export interface Realm {
  readonly uri: string;
  readonly config: RealmConfig;
  /** Watched by the realm's sessions. */
  readonly keeper: Ref<RealmMessage>;
  /** The router's mailbox; it stays the same when the router is restarted. */
  readonly router: RouterTarget;
  /** Read only, for whoever is not the router. */
  readonly members: ReadonlyRows<number, Member>;
  /** What WELCOME announces. */
  readonly features: { readonly broker: readonly string[]; readonly dealer: readonly string[] };
}

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
