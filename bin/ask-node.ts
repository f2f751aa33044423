/** Asks the admin server of a running node. What goes wrong is a sentence for whoever typed the command. */

export type Answer =
  | { readonly kind: 'answered'; readonly text: string }
  | {
      readonly kind: 'failed';
      readonly problem: string;
      /** Undefined: nobody answered. */
      readonly status?: number;
    };

const TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_MESSAGE = 500;

/** `path` below the address of the admin server; undefined: that is no address. */
export function adminUrl(url: string, path: string): URL | undefined {
  if (!URL.canParse(url) || !/^https?:/i.test(url)) return undefined;
  const base = new URL(url);
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/${path}`;
  return base;
}

export function notAUrl(url: string): string {
  return `${JSON.stringify(url)} is not an http URL. Try --url http://127.0.0.1:18081`;
}

/** Never rejects. */
export async function ask(url: URL): Promise<Answer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) return { kind: 'answered', text: await boundedText(response) };
    const { status } = response;
    const problem =
      messageIn(await boundedText(response)) ??
      `${url.origin} answered ${status} for ${url.pathname}.`;
    return { kind: 'failed', status, problem };
  } catch (error) {
    return { kind: 'failed', problem: unreachable(url, error) };
  }
}

/** The sentence of an error that the admin server answers; undefined: it is none of its. */
export function messageIn(text: string): string | undefined {
  try {
    const { code, message } = JSON.parse(text) as { code?: unknown; message?: unknown };
    if (typeof code !== 'string' || typeof message !== 'string') return undefined;
    return printable(message.slice(0, MAX_MESSAGE));
  } catch {
    return undefined; // not JSON, or null
  }
}

/** Without what would move a terminal's cursor. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, ' ');
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function unreachable(url: URL, error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = (cause as { code?: unknown }).code;
  const detail = typeof code === 'string' ? code : cause instanceof Error ? cause.message : '';
  return (
    `No node answers at ${url.origin} (${detail}).\n` +
    'Is it running, with admin_api.http.enabled = on? Another address: --url http://HOST:PORT'
  );
}
