/**
 * Which realms are to be opened, closed or changed, one step of a realm at a time. A realm that was removed and made anew
 * is another one: its sessions belong to the one that is gone.
 */
import type { RealmConfig } from './config.ts';

/** A realm as it should be. */
export interface WantedRealm {
  readonly config: RealmConfig;
  /** Another one: another realm of the same name. */
  readonly since: number;
}

/** A realm group under the routers' supervisor. It reads its settings from here, so that they can change. */
export interface KeptRealm extends WantedRealm {
  phase: 'opening' | 'open' | 'closing';
  config: RealmConfig;
}

export type KeeperEffect =
  | { readonly kind: 'open' | 'close'; readonly uri: string }
  /** What the router has read at its start is another now; what it knows outlives it. */
  | { readonly kind: 'restart_router'; readonly uri: string };

/** Changes `kept` first; what is asked for then ends in `opened`, `closed` or `failed`. */
export function reconcile(
  kept: Map<string, KeptRealm>,
  wanted: ReadonlyMap<string, WantedRealm>,
): readonly KeeperEffect[] {
  const effects: KeeperEffect[] = [];
  for (const [uri, realm] of kept) {
    const is = wanted.get(uri);
    if (realm.phase !== 'open') continue;
    if (is?.since !== realm.since) {
      realm.phase = 'closing';
      effects.push({ kind: 'close', uri });
      continue;
    }
    const isRouterToHear = is.config.uriRule !== realm.config.uriRule;
    realm.config = is.config;
    if (isRouterToHear) effects.push({ kind: 'restart_router', uri });
  }
  for (const [uri, { config, since }] of wanted) {
    if (kept.has(uri)) continue;
    kept.set(uri, { config, since, phase: 'opening' });
    effects.push({ kind: 'open', uri });
  }
  return effects;
}

export function isSettled(kept: ReadonlyMap<string, KeptRealm>): boolean {
  return [...kept.values()].every(({ phase }) => phase === 'open');
}
