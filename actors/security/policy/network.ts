/**
 * IP addresses and networks (CIDR, RFC 4632; text of IPv6: RFC 4291 in, RFC 5952 out). An IPv4 address in IPv6 clothes
 * (`::ffff:192.0.2.1`) is the IPv4 address, so that no rule is escaped by the way somebody connects; otherwise `0.0.0.0/0`
 * does not hold any IPv6 address.
 */

export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

export interface Network extends Address {
  /** How many leading bits are the network's. */
  readonly length: number;
}

/** Undefined: no IP address, a path of a local socket for example. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const value = parseV4(text);
    return value === undefined ? undefined : { bits: 32, value };
  }
  const zone = text.indexOf('%');
  const value = parseV6(zone < 0 ? text : text.slice(0, zone));
  if (value === undefined) return undefined;
  return value >> 32n === MAPPED ? { bits: 32, value: value & 0xffff_ffffn } : { bits: 128, value };
}

/** An address alone is a network of one. Bits below the mask are cleared. */
export function parseNetwork(text: string): Network | undefined {
  const [head, mask, ...rest] = text.split('/');
  const address = parseAddress(head!);
  if (address === undefined || rest.length > 0 || head!.includes('%')) return undefined;
  const written = head!.includes(':') ? 128 : 32;
  if (mask !== undefined && !/^(0|[1-9]\d{0,2})$/.test(mask)) return undefined;
  const given = mask === undefined ? written : Number(mask);
  const length = given - (written - address.bits);
  // Less than /96 of mapped addresses would be a network of both families.
  if (given > written || length < 0) return undefined;
  const free = BigInt(address.bits - length);
  return { bits: address.bits, value: (address.value >> free) << free, length };
}

export function networkText({ bits, value, length }: Network): string {
  return `${bits === 32 ? textOfV4(value) : textOfV6(value)}/${length}`;
}

export function contains(network: Network, address: Address): boolean {
  const free = BigInt(network.bits - network.length);
  return network.bits === address.bits && network.value >> free === address.value >> free;
}

const MAPPED = 0xffffn;
const GROUPS = 8;

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    // A leading zero is octal to some.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseV6(text: string): bigint | undefined {
  if (text.length > 45) return undefined;
  const [left, right, ...rest] = text.split('::');
  if (rest.length > 0) return undefined;
  const head = groupsOf(left!, right === undefined);
  const tail = right === undefined ? [] : groupsOf(right, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = GROUPS - head.length - tail.length;
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

function groupsOf(text: string, mayEndInV4: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (mayEndInV4 && i === parts.length - 1 && part.includes('.')) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      groups.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

function textOfV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
}

function textOfV6(value: bigint): string {
  const groups = Array.from({ length: GROUPS }, (_, i) =>
    Number((value >> BigInt(16 * (GROUPS - 1 - i))) & 0xffffn),
  );
  const [start, length] = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** The first of the longest runs. */
function longestZeros(groups: readonly number[]): readonly [start: number, length: number] {
  let best: readonly [number, number] = [0, 0];
  let run = 0;
  for (const [i, group] of groups.entries()) {
    run = group === 0 ? run + 1 : 0;
    if (run > best[1]) best = [i - run + 1, run];
  }
  return best;
}
