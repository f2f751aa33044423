/**
 * The header a TCP proxy puts before a connection to say where it comes from (HAProxy PROXY protocol, versions 1
 * and 2). Pure, and bounded: 107 bytes for version 1, 16 + 2048 for version 2.
 */
const V1_PREFIX = 'PROXY ';
const V1_MAX = 107;
const V2_SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const V2_FIXED = 16;
const V2_MAX_BODY = 2048;

export interface PeerAddress {
  readonly address: string;
  readonly port: number;
}

export type ProxyHeader =
  | { readonly kind: 'incomplete' }
  /** `peer` is undefined when the proxy speaks for itself (LOCAL, UNKNOWN). `length`: bytes of the header. */
  | { readonly kind: 'parsed'; readonly peer: PeerAddress | undefined; readonly length: number }
  | { readonly kind: 'invalid'; readonly detail: string };

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' };

/** Reads the header at the start of `bytes`, which is all that has arrived so far. */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (bytes.length === 0) return INCOMPLETE;
  if (bytes[0] === V2_SIGNATURE[0]) return parseV2(bytes);
  if (bytes[0] === V1_PREFIX.charCodeAt(0)) return parseV1(bytes);
  return invalid('no PROXY header');
}

function parseV1(bytes: Uint8Array): ProxyHeader {
  const end = bytes.indexOf(0x0a);
  if (end < 0) return bytes.length < V1_MAX ? INCOMPLETE : invalid('line too long');
  if (end >= V1_MAX) return invalid('line too long');
  if (bytes[end - 1] !== 0x0d) return invalid('line does not end in CR LF');
  const line = String.fromCharCode(...bytes.subarray(0, end - 1));
  if (!line.startsWith(V1_PREFIX)) return invalid('no PROXY header');
  const [, family, source, destination, sourcePort, destinationPort, ...rest] = line.split(' ');
  const length = end + 1;
  if (family === 'UNKNOWN') return { kind: 'parsed', peer: undefined, length };
  const isAddress = family === 'TCP4' ? isIpv4 : family === 'TCP6' ? isIpv6 : undefined;
  if (!isAddress) return invalid('unknown address family');
  if (rest.length > 0 || !isAddress(source) || !isAddress(destination)) {
    return invalid('malformed addresses');
  }
  const port = portOf(sourcePort);
  if (port === undefined || portOf(destinationPort) === undefined) return invalid('malformed port');
  return { kind: 'parsed', peer: { address: source, port }, length };
}

function parseV2(bytes: Uint8Array): ProxyHeader {
  for (let i = 0; i < Math.min(bytes.length, V2_SIGNATURE.length); i++) {
    if (bytes[i] !== V2_SIGNATURE[i]) return invalid('no PROXY header');
  }
  if (bytes.length < V2_FIXED) return INCOMPLETE;
  if (bytes[12] >> 4 !== 2) return invalid('unknown version');
  const command = bytes[12] & 0x0f;
  if (command > 1) return invalid('unknown command');
  const body = (bytes[14] << 8) | bytes[15];
  if (body > V2_MAX_BODY) return invalid('header too long');
  const length = V2_FIXED + body;
  if (bytes.length < length) return INCOMPLETE;
  if (command === 0) return { kind: 'parsed', peer: undefined, length };
  return addressesV2(bytes, body, length);
}

function addressesV2(bytes: Uint8Array, body: number, length: number): ProxyHeader {
  const size = { 0x11: 4, 0x21: 16 }[bytes[13]]; // TCP over IPv4, over IPv6
  if (size === undefined) return { kind: 'parsed', peer: undefined, length };
  if (body < 2 * size + 4) return invalid('addresses missing');
  const raw = bytes.subarray(V2_FIXED, V2_FIXED + size);
  const at = V2_FIXED + 2 * size;
  const port = (bytes[at] << 8) | bytes[at + 1];
  return {
    kind: 'parsed',
    peer: { address: size === 4 ? raw.join('.') : ipv6(raw), port },
    length,
  };
}

function ipv6(raw: Uint8Array): string {
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((raw[i] << 8) | raw[i + 1]).toString(16));
  // The longest run of zeros is written as :: (RFC 5952).
  const text = groups.join(':');
  const runs = text.match(/\b0(?::0)+\b/g);
  if (!runs) return text;
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best));
  const at = text.indexOf(longest);
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`;
}

function isIpv4(text: string | undefined): text is string {
  const parts = text?.split('.') ?? [];
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}

function isIpv6(text: string | undefined): text is string {
  if (text === undefined || !/^[0-9a-fA-F:.]{2,45}$/.test(text)) return false;
  const halves = text.split('::');
  const groups = text.split(':').filter((group) => group !== '');
  if (halves.length > 2 || !text.includes(':')) return false;
  const last = groups.at(-1) ?? '';
  const count = groups.length + (last.includes('.') ? 1 : 0);
  const isWhole = groups.every(
    (group, i) => /^[0-9a-fA-F]{1,4}$/.test(group) || (i === groups.length - 1 && isIpv4(group)),
  );
  return isWhole && (halves.length === 2 ? count < 8 : count === 8);
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port < 65536 ? port : undefined;
}

function invalid(detail: string): ProxyHeader {
  return { kind: 'invalid', detail };
}
