/** The names an operation goes by: Bondy's own, its two other prefixes, and what it was called before. */

const OWN = 'bondy.';
const PREFIXES = ['com.leapsight.bondy.', 'com.bondy.'] as const;

/** As in the table; undefined: not a name of ours, whether or not there is such an operation. */
export function canonicalName(uri: string): string | undefined {
  const name = unaliased(uri);
  return name === undefined ? undefined : (DEPRECATED.get(name) ?? name);
}

/** Asked for every call of every realm: one look at a character or two tells most of them. */
function unaliased(uri: string): string | undefined {
  const first = uri.charCodeAt(0);
  if (first === B) return uri.startsWith(OWN) ? uri : undefined;
  if (first !== C) return undefined;
  const second = uri.charCodeAt(COM.length);
  if (second !== B && second !== L) return undefined;
  const prefix = PREFIXES.find((each) => uri.startsWith(each));
  return prefix === undefined ? undefined : OWN + uri.slice(prefix.length);
}

const COM = 'com.';
const B = 0x62;
const C = 0x63;
const L = 0x6c;

export const DEPRECATED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'bondy.callee.list': 'bondy.registration.callee.list',
    'bondy.security.add_group': 'bondy.group.add',
    'bondy.security.add_source': 'bondy.source.add',
    'bondy.security.add_user': 'bondy.user.add',
    'bondy.security.change_password': 'bondy.user.change_password',
    'bondy.security.create_realm': 'bondy.realm.create',
    'bondy.security.delete_group': 'bondy.group.delete',
    'bondy.security.delete_realm': 'bondy.realm.delete',
    'bondy.security.delete_source': 'bondy.source.delete',
    'bondy.security.delete_user': 'bondy.user.delete',
    'bondy.security.disable': 'bondy.realm.security.disable',
    'bondy.security.enable': 'bondy.realm.security.enable',
    'bondy.security.find_group': 'bondy.group.get',
    'bondy.security.find_source': 'bondy.source.get',
    'bondy.security.find_user': 'bondy.user.get',
    'bondy.security.is_enabled': 'bondy.realm.security.is_enabled',
    'bondy.security.list_groups': 'bondy.group.list',
    'bondy.security.list_realms': 'bondy.realm.list',
    'bondy.security.list_sources': 'bondy.source.list',
    'bondy.security.list_users': 'bondy.user.list',
    'bondy.security.status': 'bondy.realm.security.status',
    'bondy.security.update_group': 'bondy.group.update',
    'bondy.security.update_realm': 'bondy.realm.update',
    'bondy.security.update_user': 'bondy.user.update',
  }),
);
