/**
 * Which HTTP requests an operator's port answers. A web page somewhere can make a browser send requests to
 * 127.0.0.1, and by DNS rebinding even read the answers; what it cannot do is forge Host, Origin and
 * Sec-Fetch-Site (Fetch standard), so these three decide.
 */

export interface RequestHead {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
  /** Address of this end of the socket. */
  readonly localAddress: string | undefined;
}

export interface Refused {
  readonly status: 403 | 421;
  readonly code: 'unknown_host' | 'foreign_origin';
  readonly message: string;
}

const NONE: ReadonlySet<string> = new Set();
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

const AUTHORITY = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9_.-]{1,253}))(?::([0-9]{1,5}))?$/;

/** The reason to refuse, or undefined: the request may be answered. */
export function refusal(
  head: RequestHead,
  allowedHosts: ReadonlySet<string>,
  /** Lower case. */
  allowedOrigins: ReadonlySet<string> = NONE,
): Refused | undefined {
  const name = hostName(head.host);
  if (name === undefined || !isKnown(name, head.localAddress, allowedHosts)) {
    return {
      status: 421,
      code: 'unknown_host',
      message: 'this Host is not served here: use a loopback name, or add it to the allowed hosts',
    };
  }
  if (isForeign(head) && !allowedOrigins.has((head.origin ?? '').toLowerCase())) {
    return {
      status: 403,
      code: 'foreign_origin',
      message: 'requests made by other web pages are not answered',
    };
  }
  return undefined;
}

/** Host name or address of an authority, lower case and without port and brackets; undefined: malformed. */
export function hostName(authority: string | undefined): string | undefined {
  const match = AUTHORITY.exec((authority ?? '').toLowerCase());
  return match?.[1] ?? match?.[2];
}

function isKnown(
  name: string,
  localAddress: string | undefined,
  allowedHosts: ReadonlySet<string>,
): boolean {
  if (LOOPBACK_NAMES.has(name) || allowedHosts.has(name)) return true;
  // The address the socket really has cannot be rebound: this lets a probe reach a container by its IP.
  return localAddress !== undefined && name === localAddress.toLowerCase().replace(/^::ffff:/, '');
}

function isForeign(head: RequestHead): boolean {
  const host = (head.host ?? '').toLowerCase();
  if (head.origin !== undefined) {
    const origin = head.origin.toLowerCase();
    return origin !== `http://${host}` && origin !== `https://${host}`;
  }
  const site = head.fetchSite ?? 'none'; // absent: not a browser, or one older than the header
  if (site === 'none' || site === 'same-origin') return false;
  return head.fetchMode !== 'navigate'; // a link may lead here; its page cannot read what we answer
}
