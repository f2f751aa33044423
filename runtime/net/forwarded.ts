/**
 * The client behind HTTP proxies: the last address in the header that was not written by a proxy we trust. Only one
 * kind of header is believed, the one the proxy in front is known to set; it passes the other through as it came.
 */
import { BlockList, isIP } from 'node:net';
import type { ForwardedHeader } from './limits.ts';

/** Throws an Error when an entry is neither an address nor a CIDR. */
export function trustedList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address, prefix, ...rest] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const maxBits = family === 'ipv6' ? 128 : 32;
    const bits = prefix === undefined ? maxBits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
    if (isIP(address) === 0 || !(bits <= maxBits) || rest.length > 0) {
      throw new Error(`trusted proxy "${entry}" is not an address or CIDR, such as 10.0.0.0/8`);
    }
    list.addSubnet(address, bits, family);
  }
  return list;
}

export function isListed(list: BlockList, address: string): boolean {
  const plain = unmapped(address);
  const version = isIP(plain);
  return version !== 0 && list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
}

/** `::ffff:10.0.0.1`, as a dual-stack socket names an IPv4 peer, is `10.0.0.1`. */
export function unmapped(address: string): string {
  const match = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return match ? match[1] : address;
}

/**
 * `remote` is the socket's peer; what it says counts only if it is trusted. Walks the hops from the nearest one; a
 * hop that is hidden or malformed ends the walk at the last known address.
 */
export function clientAddress(
  remote: string,
  header: string | undefined,
  kind: ForwardedHeader,
  trusted: BlockList,
): string {
  let known = unmapped(remote);
  if (header === undefined) return known;
  const hops = kind === 'forwarded' ? forwardedHops(header) : header.split(',').map(hostOf);
  for (const hop of hops.reverse()) {
    if (!isListed(trusted, known) || hop === undefined) return known;
    known = hop;
  }
  return known;
}

/** RFC 7239: `for=192.0.2.60;proto=http, for="[2001:db8::1]:4711"`. */
function forwardedHops(header: string): (string | undefined)[] {
  return header.split(',').map((element) => {
    const pair = element.split(';').find((part) => /^\s*for=/i.test(part));
    if (pair === undefined) return undefined;
    const value = pair.slice(pair.indexOf('=') + 1).trim();
    return hostOf(value.replace(/^"(.*)"$/, '$1'));
  });
}

/** The address in `address`, `address:port`, `[v6]` or `[v6]:port`. */
function hostOf(text: string): string | undefined {
  const value = text.trim();
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(value);
  const withPort = /^([\d.]+):\d{1,5}$/.exec(value);
  const address = bracketed?.[1] ?? withPort?.[1] ?? value;
  return isIP(address) === 0 ? undefined : unmapped(address);
}
