/** URIs that belong to the protocol or to the node: clients subscribe to them, but do not publish or register them. */

/** Is the first component `wamp` or `bondy`? (`wampum.x` is anybody's.) */
export function isReserved(uri: string): boolean {
  const first = uri.charCodeAt(0);
  if (first !== 0x77 && first !== 0x62) return false; // w, b
  return isUnder(uri, 'wamp') || isUnder(uri, 'bondy');
}

function isUnder(uri: string, component: string): boolean {
  if (!uri.startsWith(component)) return false;
  return uri.length === component.length || uri.charCodeAt(component.length) === 0x2e; // a dot
}
