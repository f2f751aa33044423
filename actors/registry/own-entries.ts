/** What the routers of this node report becomes changes of its own log. */
import type { Entry, LocalChange, RegistryListener } from './api.ts';
import type { OwnRealm, RegistryRows } from './tables.ts';

export class OwnEntries {
  readonly #rows: Pick<RegistryRows, 'own' | 'realms'>;

  constructor(rows: Pick<RegistryRows, 'own' | 'realms'>) {
    this.#rows = rows;
  }

  /** All that the realm has; what else is in the log is removed. */
  attach(
    realm: string,
    listener: RegistryListener,
    entries: readonly { readonly key: string; readonly entry: Entry }[],
  ): void {
    const own = this.#realm(realm, listener);
    const keys = new Set(entries.map(({ key }) => key));
    for (const key of [...own.ids.keys()]) if (!keys.has(key)) this.#remove(own, key);
    for (const { key, entry } of entries) this.#add(own, key, entry);
  }

  change(realm: string, changes: readonly LocalChange[]): void {
    const own = this.#rows.realms.get(realm);
    if (!own) return; // it attaches first; what it reports before is in what it attaches with
    for (const change of changes) {
      if (change.kind === 'remove') this.#remove(own, change.key);
      else this.#add(own, change.key, change.entry);
    }
  }

  #realm(realm: string, listener: RegistryListener): OwnRealm {
    const known = this.#rows.realms.get(realm);
    if (known) {
      known.listener = listener;
      return known;
    }
    const own = { listener, ids: new Map<string, number>() };
    this.#rows.realms.set(realm, own);
    return own;
  }

  #add(own: OwnRealm, key: string, entry: Entry): void {
    const id = own.ids.get(key);
    const known = id === undefined ? undefined : this.#rows.own.get(id);
    if (known && isSame(known, entry)) return;
    this.#remove(own, key);
    this.#rows.own.append({ kind: 'add', entry });
    own.ids.set(key, this.#rows.own.sequence);
  }

  #remove(own: OwnRealm, key: string): void {
    const id = own.ids.get(key);
    if (id === undefined) return;
    own.ids.delete(key);
    this.#rows.own.append({ kind: 'remove', id });
  }
}

/** One key means one callee, pattern or session; only what may change under it is compared. */
function isSame(a: Entry, b: Entry): boolean {
  if (a.kind !== 'registration' || b.kind !== 'registration') return a.kind === b.kind;
  return a.stamp === b.stamp && a.invoke === b.invoke && a.isForced === b.isForced;
}
