/**
 * Has a running node do something: finds its admin server and its token, and turns every way to fail into a sentence. Not by
 * fetch, which gives up after five minutes without a header: a check of a large store takes as long as it takes.
 */
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { renderMistakes } from '../runtime/config/mistake.ts';
import type { NodeConfig } from '../supervisors/config.ts';
import { hostInUrl } from '../supervisors/listening.ts';
import { adminUrl, messageIn, notAUrl, unreachable } from './ask-node.ts';
import { readConfiguration } from './commands/configuration.ts';
import type { ConfigOptions } from './commands/configuration.ts';

export interface OperatorOptions extends ConfigOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

export type Told =
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'failed'; readonly problem: string };

const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_TOKEN_LENGTH = 4096;
const TOKEN = /^[\x21-\x7e]+$/;

/** Where the admin server of the configured node is; `problem`: the configuration does not say. */
export function nodeUrl(
  options: OperatorOptions,
  path: string,
): { readonly url: URL; readonly config: NodeConfig } | { readonly problem: string } {
  const { config, mistakes } = readConfiguration(options);
  if (mistakes.length > 0) return { problem: renderMistakes(mistakes) };
  const { address, port } = config.admin;
  const given = options.url ?? `http://${hostInUrl(address)}:${port}`;
  const url = adminUrl(given, path);
  return url === undefined ? { problem: notAUrl(given) } : { url, config };
}

/** Never rejects. */
export async function tell(
  options: OperatorOptions,
  path: string,
  body: object,
  timeoutMs: number,
): Promise<Told> {
  const found = nodeUrl(options, path);
  if ('problem' in found) return { kind: 'failed', problem: found.problem };
  const { url, config } = found;
  const file = options.tokenFile ?? join(config.store.dataDirectory, 'operator.token');
  const token = readToken(file);
  try {
    const { status, text } = await post(url, token.text, body, timeoutMs);
    if (status >= 200 && status < 300) return { kind: 'done', text };
    const problem = messageIn(text) ?? `${url.origin} answered ${status} for ${url.pathname}.`;
    return { kind: 'failed', problem: status === 401 ? adviseToken(file, token) : problem };
  } catch (error) {
    return { kind: 'failed', problem: unreachable(url, error) };
  }
}

interface Token {
  readonly text: string | undefined;
  readonly problem: string;
}

/** A token that cannot be read is told only when the node asks for it: one that is alone has none. */
function readToken(path: string): Token {
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (text.length <= MAX_TOKEN_LENGTH && TOKEN.test(text)) return { text, problem: '' };
    return { text: undefined, problem: 'it holds no token' };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { text: undefined, problem: code ?? message };
  }
}

function adviseToken(path: string, { text, problem }: Token): string {
  const where =
    'Run this as the user of the node, on its machine, with its configuration (-c), or give --token-file.';
  if (text === undefined)
    return `The operator token ${path} cannot be read (${problem}).\n${where}`;
  return `The node does not accept the operator token ${path}: it belongs to another node or an earlier start.\n${where}`;
}

function post(
  url: URL,
  token: string | undefined,
  body: object,
  timeoutMs: number,
): Promise<{ readonly status: number; readonly text: string }> {
  const json = JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const sent = request(url, { method: 'POST', headers, signal, agent: false }, (response) =>
      textOf(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject),
    );
    sent.on('error', (error) => {
      if (!signal.aborted) return reject(error);
      reject(
        new Error(`no answer within ${timeoutMs / 1000} s; what was asked for may still be done`),
      );
    });
    sent.end(json);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
