/**
 * Which web pages may open a WebSocket here. A browser names the page in `Origin`; programs send none. Without a
 * list only pages of this machine may, so that no site on the internet reaches a developer's node.
 */

/** `allowed`: origins such as `https://app.example.com`, `https://*.example.com`, or `*`. Empty: loopback only. */
export function isOriginAllowed(origin: string | undefined, allowed: readonly string[]): boolean {
  if (origin === undefined) return true;
  const asked = parse(origin);
  if (allowed.length === 0) return asked !== undefined && isLoopback(asked.hostname);
  return allowed.some((entry) => entry === '*' || (asked !== undefined && matches(asked, entry)));
}

function matches(asked: URL, entry: string): boolean {
  if (!entry.includes('://*.')) return parse(entry)?.origin === asked.origin;
  const wanted = parse(entry.replace('://*.', '://'));
  return (
    wanted !== undefined &&
    asked.protocol === wanted.protocol &&
    asked.port === wanted.port &&
    asked.hostname.endsWith(`.${wanted.hostname}`)
  );
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

function parse(origin: string): URL | undefined {
  return URL.canParse(origin) ? new URL(origin) : undefined;
}
