/**
 * Has a running node perform operations of its admin API: where it is and who asks come from flags, environment and the
 * configuration. What goes wrong is a sentence.
 */
import { existsSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import type { NodeConfig } from '../supervisors/config.ts';
import { listOf, parseFields, textOf } from './answer.ts';
import { printable, unreachable } from './ask-node.ts';
import { promptSecret, readSecretFile } from './secrets.ts';
import { nodeUrl } from './tell-node.ts';
import type { OperatorOptions } from './tell-node.ts';

export interface ApiOptions extends OperatorOptions {
  readonly user?: string;
  readonly passwordFile?: string;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
}

export type Answered =
  | {
      readonly kind: 'done';
      readonly status: number;
      readonly value: unknown;
      readonly next?: string;
    }
  | { readonly kind: 'failed'; readonly problem: string };

export type Caller = (request: ApiRequest) => Promise<Answered>;

const PATIENCE_MS = 60_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Ready to ask; a string says why not. */
export async function nodeCaller(options: ApiOptions): Promise<Caller | string> {
  const found = nodeUrl(options, '');
  if ('problem' in found) return found.problem;
  const authorization = await authorizationOf(options, found.config);
  if ('problem' in authorization) return authorization.problem;
  return (request) => call(found.url, authorization.header, request);
}

type Authorization = { readonly header: string | undefined } | { readonly problem: string };

/** A user, a token, or what the configuration of the node on this machine knows. */
async function authorizationOf(options: ApiOptions, config: NodeConfig): Promise<Authorization> {
  const { user, passwordFile, tokenFile } = options;
  if (user !== undefined) return basic(user, passwordFile);
  if (passwordFile !== undefined) return { problem: '--password-file needs --user.' };
  const ownToken = join(config.store.dataDirectory, 'operator.token');
  if (tokenFile !== undefined || existsSync(ownToken)) return bearer(tokenFile ?? ownToken);
  const { adminUsername, adminPassword } = config.masterRealm;
  if (adminPassword === undefined) return { header: undefined };
  return { header: basicHeader(adminUsername, adminPassword.reveal()) };
}

async function basic(user: string, passwordFile: string | undefined): Promise<Authorization> {
  const ofEnvironment = process.env['BONDY_ADMIN_PASSWORD'];
  if (passwordFile === undefined && ofEnvironment !== undefined) {
    return { header: basicHeader(user, ofEnvironment) };
  }
  const instead = 'give --password-file FILE (- for standard input) or BONDY_ADMIN_PASSWORD.';
  const read =
    passwordFile === undefined
      ? await promptSecret(`Password of ${user}: `, instead)
      : readSecretFile(passwordFile);
  return read.kind === 'failed' ? read : { header: basicHeader(user, read.text) };
}

function bearer(file: string): Authorization {
  const read = readSecretFile(file);
  if (read.kind === 'failed') return read;
  const token = read.text.trim();
  return /^[\x21-\x7e]+$/.test(token)
    ? { header: `Bearer ${token}` }
    : { problem: `${file} holds no token.` };
}

function basicHeader(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Never rejects. */
async function call(
  base: URL,
  authorization: string | undefined,
  { method, path, body }: ApiRequest,
): Promise<Answered> {
  const url = new URL(base);
  const [pathname = '', search = ''] = path.split('?', 2);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}${pathname}`;
  url.search = search;
  const json =
    method === 'GET' || (method === 'DELETE' && body === undefined)
      ? ''
      : JSON.stringify(body ?? {});
  const headers = {
    ...(json !== '' && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(json),
    }),
    ...(authorization !== undefined && { authorization }),
  };
  try {
    const { status, text, link } = await sent(url, method, headers, json);
    if (status < 200 || status > 299)
      return { kind: 'failed', problem: explain(url, status, text) };
    const next = /<([^>]+)>; rel="next"/.exec(link)?.[1];
    const value: unknown = text === '' ? undefined : JSON.parse(text);
    return { kind: 'done', status, value, ...(next !== undefined && { next }) };
  } catch (error) {
    return { kind: 'failed', problem: unreachable(url, error) };
  }
}

function explain({ origin, pathname }: URL, status: number, text: string): string {
  const { message, problems } = parseFields(text);
  if (typeof message !== 'string') return `${origin} answered ${status} for ${pathname}.`;
  const all = listOf(problems).map(({ path, message: what }) =>
    textOf(path) === '' ? textOf(what) : `${textOf(path)}: ${textOf(what)}`,
  );
  const sentence = all.length > 1 ? all.join('\n') : printable(message.slice(0, MAX_MESSAGE));
  if (status !== 401) return sentence;
  return (
    `${sentence}\nGive --user NAME (of the master realm), --token-file FILE, or run this as the user of the node, ` +
    'on its machine, with its configuration (-c).'
  );
}

const MAX_MESSAGE = 1_000;

function sent(
  url: URL,
  method: string,
  headers: Readonly<Record<string, string | number>>,
  body: string,
): Promise<{ readonly status: number; readonly text: string; readonly link: string }> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const asked = request(url, { method, headers, signal, agent: false }, (answer) => {
      const { statusCode: status = 0 } = answer;
      const link = String(answer.headers.link ?? '');
      textFrom(answer).then((text) => resolve({ status, text, link }), reject);
    });
    asked.on('error', (error) => {
      const late = `no answer within ${PATIENCE_MS / 1000} s; what was asked for may still be done`;
      reject(signal.aborted ? new Error(late) : error);
    });
    asked.end(body);
  });
}

async function textFrom(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
