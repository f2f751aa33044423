/** Which methods may be used from where (Bondy's sources): sources of the user, then those of `all`, the smallest network first. */
import type { SourceRecord } from '../records.ts';
import { fold } from './names.ts';
import { contains, parseAddress, parseNetwork } from './network.ts';
import { ANONYMOUS } from './roles.ts';
import type { RealmView } from './view.ts';

const ALL = 'all';

export function methodsFrom(view: RealmView, username: string, address: string): readonly string[] {
  const { authmethods, securityEnabled } = view.effective;
  if (!securityEnabled) return authmethods;
  const from = parseAddress(address);
  if (!from) return [];
  const methods = sourcesOf(view, view.user(username) ? username : fold(username))
    .map((source) => ({ ...source, network: parseNetwork(source.cidr) }))
    .filter(({ network }) => network !== undefined && contains(network, from))
    .sort(
      (a, b) =>
        Number(a.username === ALL) - Number(b.username === ALL) ||
        b.network!.length - a.network!.length ||
        authmethods.indexOf(a.authmethod) - authmethods.indexOf(b.authmethod),
    )
    .map(({ authmethod }) => authmethod)
    .filter((method) => authmethods.includes(method));
  return [...new Set(methods)];
}

/** The user's own, those of `all`, and the prototype's of `all`: users and their sources are not inherited. */
function sourcesOf(view: RealmView, username: string): readonly SourceRecord[] {
  const { facts } = view.own;
  const user = username === ANONYMOUS ? undefined : view.user(username);
  const isSomebody = user !== undefined || username === ANONYMOUS;
  const own = isSomebody ? (facts.sourcesOf.get(username)?.values() ?? []) : [];
  const since = view.sinceUser(user);
  const found = [...own].filter(({ at }) => at >= since);
  for (const layer of view.layers) {
    for (const source of layer.facts.sourcesOf.get(ALL)?.values() ?? []) {
      if (source.at >= layer.realm.since) found.push(source);
    }
  }
  return found;
}
