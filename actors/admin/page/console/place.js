/** Where one is in the console, as the part of the address behind `#`: `#console/REALM/users`. */

const ROOT = '#console';
export const SECTIONS = [
  'sessions',
  'users',
  'groups',
  'sources',
  'grants',
  'tickets',
  'procedures',
  'topics',
  'explain',
];

/** Undefined: not in the console. Without a realm at the list of them. */
export function readPlace(hash) {
  const [root, realm, section] = hash.split('/');
  if (root !== ROOT) return undefined;
  const name = decoded(realm ?? '');
  if (!name) return { realm: undefined, section: 'realms' };
  return { realm: name, section: SECTIONS.includes(section) ? section : SECTIONS[0] };
}

export function placeOf(realm, section = SECTIONS[0]) {
  return realm === undefined ? ROOT : `${ROOT}/${encodeURIComponent(realm)}/${section}`;
}

/** Undefined: somebody typed a percent sign. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
