/** A client of the admin server that sends what it is told to, also what fetch would not. */
import { request } from 'node:http';

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** Undefined: it is not JSON. */
  readonly json: unknown;
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: unknown;
}

export const ADMIN = { username: 'admin', password: 'correct horse battery' };

export function basic({ username, password } = ADMIN): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

export function send(
  base: string,
  method: string,
  path: string,
  { headers = {}, body }: Sent = {},
): Promise<Answered> {
  const { hostname, port } = new URL(base);
  const isText = body === undefined || typeof body === 'string';
  const bytes = body === undefined ? undefined : isText ? body : JSON.stringify(body);
  const type = bytes === undefined ? {} : { 'content-type': 'application/json' };
  const length = bytes === undefined ? {} : { 'content-length': `${Buffer.byteLength(bytes)}` };
  return new Promise((resolve, reject) => {
    const options = { host: hostname, port, method, path, agent: false };
    const sent = request({ ...options, headers: { ...type, ...length, ...headers } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('error', reject);
      answer.on('end', () => {
        const { statusCode: status = 0, headers: given } = answer;
        resolve({ status, headers: given, text, json: parsed(text) });
      });
    });
    sent.on('error', reject);
    sent.end(bytes);
  });
}

/** As the administrator. */
export function as(base: string, authorization: string = basic()) {
  const go =
    (method: string) =>
    (path: string, body?: unknown): Promise<Answered> =>
      send(base, method, path, { headers: { authorization }, body });
  return { get: go('GET'), post: go('POST'), put: go('PUT'), delete: go('DELETE') };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
