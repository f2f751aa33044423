/** Finds a running node and asks its admin server. What goes wrong is a sentence for whoever typed the command. */
import { readFileSync } from 'node:fs';
import type { AdminConfig } from '../actors/admin/config.ts';
import { renderMistakes } from '../runtime/config/mistake.ts';
import { hostInUrl } from '../supervisors/listening.ts';
import { readConfiguration } from './commands/configuration.ts';
import type { ConfigOptions } from './commands/configuration.ts';
import { exchange } from './exchange.ts';
import type { Got } from './exchange.ts';
import { loginOf, withAdvice } from './login.ts';
import type { Login, LoginOptions } from './login.ts';

export interface NodeOptions extends ConfigOptions, LoginOptions {
  readonly url?: string;
  readonly caFile?: string;
  readonly json?: boolean;
}

/** Where a node is, and who asks. */
export interface NodeAccess {
  readonly url: URL;
  readonly ca: Buffer | undefined;
  readonly login: Extract<Login, { kind: 'login' }>;
}

export interface Asked {
  /** Below the address of the admin server; with its query. */
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly timeoutMs: number;
}

export type Answer =
  | { readonly kind: 'answered'; readonly got: Got }
  | { readonly kind: 'failed'; readonly problem: string };

const VIEW_MS = 5_000;
const MAX_MESSAGE = 1_000;

/** A string says why not. */
export async function findNode(options: NodeOptions): Promise<NodeAccess | string> {
  const { config, mistakes } = readConfiguration(options);
  if (mistakes.length > 0) return renderMistakes(mistakes);
  const configured = configuredUrl(config.admin);
  const given = options.url ?? configured.href;
  if (!URL.canParse(given) || !/^https?:/i.test(given)) {
    return `${JSON.stringify(given)} is not an http URL. Try --url http://127.0.0.1:18081`;
  }
  const url = new URL(given);
  const isOwn = url.hostname === configured.hostname || LOOPBACK.test(url.hostname);
  const login = await loginOf(options, config, isOwn);
  if (login.kind === 'failed') return login.problem;
  try {
    const ca = options.caFile === undefined ? undefined : readFileSync(options.caFile);
    return { url, ca, login };
  } catch (error) {
    return `--ca-file cannot be read: ${(error as Error).message}`;
  }
}

/** Without TLS where there is a choice: the certificate may name other machines only. */
function configuredUrl({ enabled, address, port, https }: AdminConfig): URL {
  return enabled || !https.enabled
    ? new URL(`http://${hostInUrl(address)}:${port}`)
    : new URL(`https://${hostInUrl(https.address)}:${https.port}`);
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/i;

/** Never rejects. */
export async function ask(node: NodeAccess, asked: Asked): Promise<Answer> {
  const { login, ca } = node;
  const url = below(node.url, asked.path);
  const { authorization } = login;
  try {
    const got = await exchange(url, { ...asked, authorization, ca });
    const { status, text } = got;
    if (status >= 200 && status < 300) return { kind: 'answered', got };
    const sentence = problemIn(text) ?? `${url.origin} answered ${status} for ${url.pathname}.`;
    return { kind: 'failed', problem: status === 401 ? withAdvice(sentence, login) : sentence };
  } catch (error) {
    return { kind: 'failed', problem: unreachable(url, error) };
  }
}

/** What shows the node. */
export function view(node: NodeAccess, path: string): Promise<Answer> {
  return ask(node, { path, method: 'GET', timeoutMs: VIEW_MS });
}

export function notANode({ url }: NodeAccess): string {
  return `What answers at ${url.origin} is not a bondy node. Another address: --url http://HOST:PORT`;
}

/** The sentences of an error that the admin server answers; undefined: it is none of its. */
export function problemIn(text: string): string | undefined {
  try {
    const { code, message, problems } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof code !== 'string' || typeof message !== 'string') return undefined;
    if (Array.isArray(problems) && problems.length > 1) return problems.map(lineOf).join('\n');
    return printable(message.slice(0, MAX_MESSAGE));
  } catch {
    return undefined; // not JSON, or null
  }
}

function lineOf(problem: unknown): string {
  const { path, message } = (problem ?? {}) as Readonly<Record<string, unknown>>;
  const said = [path, message].filter((part) => typeof part === 'string' && part !== '');
  return printable(said.join(': ').slice(0, MAX_MESSAGE));
}

/** Without what would move a terminal's cursor. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, ' ');
}

function below(base: URL, path: string): URL {
  const url = new URL(base);
  const [pathname = '', search = ''] = path.split('?', 2);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}${pathname}`;
  url.search = search;
  return url;
}

function unreachable(url: URL, error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = (cause as { code?: unknown }).code;
  const detail = typeof code === 'string' ? code : cause instanceof Error ? cause.message : '';
  if (typeof code === 'string' && /CERT|ALTNAME|VERIFY/.test(code)) {
    return (
      `The certificate of ${url.origin} is not trusted (${code}). Give --ca-file FILE (PEM) of who vouches for it, ` +
      'and a --url with a name that is in it.'
    );
  }
  if (code === 'EPROTO') {
    return `What answers at ${url.origin} does not speak TLS. Another address: --url http://HOST:PORT`;
  }
  if (code === 'ECONNRESET') {
    return `${url.origin} has closed the connection. If it is a port for TLS: --url https://HOST:PORT`;
  }
  return (
    `No node answers at ${url.origin} (${detail}).\n` +
    'Is it running, with admin_api.http.enabled = on? Another address: --url http://HOST:PORT'
  );
}
