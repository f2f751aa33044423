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
    return {
      kind: 'failed',
      status: response.status,
      problem: `${url.origin} answered ${response.status} for ${url.pathname}.`,
    };
  } catch (error) {
    return { kind: 'failed', problem: unreachable(url, error) };
  }
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

function unreachable(url: URL, error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = (cause as { code?: unknown }).code;
  const detail = typeof code === 'string' ? code : cause instanceof Error ? cause.message : '';
  return (
    `No node answers at ${url.origin} (${detail}).\n` +
    'Is it running, with admin_api.http.enabled = on? Another address: --url http://HOST:PORT'
  );
}
