/**
 * What is answered without a login. `/ping` and `/ready` always are; what shows the node (its tree, cluster, metrics and page)
 * to who is on this machine, as today; what shows or changes realms, users and the like never.
 */

export const OPENNESS = ['loopback', 'metrics', 'everywhere', 'off'] as const;
/**
 * `loopback`: to connections of this machine. `metrics`: and the metrics to everybody. `everywhere`: to everybody. `off`: to
 * nobody.
 */
export type Openness = (typeof OPENNESS)[number];

export function isOpen(
  openness: Openness,
  what: 'metrics' | 'view',
  remoteAddress: string | undefined,
): boolean {
  switch (openness) {
    case 'everywhere':
      return true;
    case 'off':
      return false;
    case 'metrics':
      return what === 'metrics' || isLoopback(remoteAddress);
    case 'loopback':
      return isLoopback(remoteAddress);
  }
}

/** IPv4, IPv6, and IPv4 as sockets of both show it. */
function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/i.test(address);
}
