/**
 * One request and its answer. Not by fetch, which gives up after five minutes without a header: a check of a large store takes
 * as long as it takes.
 */
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Sent {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly authorization: string | undefined;
  /** Undefined: there is none. */
  readonly body?: unknown;
  readonly timeoutMs: number;
  /** Of the authorities that may vouch for the server, PEM; undefined: those that node knows. */
  readonly ca?: Buffer | undefined;
}

export interface Got {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingMessage['headers'];
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Rejects when nobody answers, or not in time. */
export function exchange(
  url: URL,
  { method, authorization, body, timeoutMs, ca }: Sent,
): Promise<Got> {
  const json = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    ...(body !== undefined && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(json),
    }),
    ...(authorization !== undefined && { authorization }),
  };
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const asked = request(url, { method, headers, signal, ca, agent: false }, (answer) => {
      const { statusCode: status = 0 } = answer;
      textFrom(answer).then((text) => resolve({ status, text, headers: answer.headers }), reject);
    });
    const late = `no answer within ${timeoutMs / 1000} s; what was asked for may still be done`;
    asked.on('error', (error) => reject(signal.aborted ? new Error(late) : error));
    asked.end(json);
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
