/**
 * Who a command says it is to the node: a user, a token, or what the configuration of the node on this machine knows. That is
 * shown to this machine's node only: another one would be told how to be its operator.
 */
import { join } from 'node:path';
import type { NodeConfig } from '../supervisors/config.ts';
import { promptSecret, readSecretFile } from './secrets.ts';

export interface LoginOptions {
  readonly user?: string;
  readonly passwordFile?: string;
  /** Of a ticket or an operator token. */
  readonly tokenFile?: string;
}

export type Login =
  | {
      readonly kind: 'login';
      /** Undefined: none. The node may answer all the same. */
      readonly authorization: string | undefined;
      /** What to say when the node wants one, or another one; before its own advice. */
      readonly problem: string | undefined;
    }
  | { readonly kind: 'failed'; readonly problem: string };

/** `isOwn`: the node is the one that is configured here. */
export async function loginOf(
  { user, passwordFile, tokenFile }: LoginOptions,
  config: NodeConfig,
  isOwn: boolean,
): Promise<Login> {
  if (user !== undefined) return basic(user, passwordFile);
  if (passwordFile !== undefined) return failed('--password-file needs --user.');
  if (tokenFile !== undefined) return bearer(tokenFile);
  if (!isOwn) return login(undefined, 'What is known here of the node here is not sent elsewhere.');
  const { adminUsername, adminPassword } = config.masterRealm;
  const own = bearer(join(config.store.dataDirectory, 'operator.token'));
  if (own.kind === 'login') return own;
  if (adminPassword === undefined) return login(undefined, own.problem);
  return login(basicHeader(adminUsername, adminPassword.reveal()));
}

/** To what the node answered to it with 401. */
export function withAdvice(
  sentence: string,
  { problem }: Extract<Login, { kind: 'login' }>,
): string {
  return `${problem ?? sentence}\n${ADVICE}`;
}

const ADVICE =
  'Give --user NAME (of the master realm), --token-file FILE, or run this as the user of the node, on its machine, ' +
  'with its configuration (-c).';

async function basic(user: string, passwordFile: string | undefined): Promise<Login> {
  const ofEnvironment = process.env['BONDY_ADMIN_PASSWORD'];
  if (passwordFile === undefined && ofEnvironment !== undefined) {
    return login(basicHeader(user, ofEnvironment));
  }
  const instead = 'give --password-file FILE (- for standard input) or BONDY_ADMIN_PASSWORD.';
  const read =
    passwordFile === undefined
      ? await promptSecret(`Password of ${user}: `, instead)
      : readSecretFile(passwordFile);
  return read.kind === 'failed' ? read : login(basicHeader(user, read.text));
}

const TOKEN = /^[\x21-\x7e]+$/;

function bearer(file: string): Login {
  const read = readSecretFile(file);
  if (read.kind === 'failed') return failed(`No token: ${read.problem}`);
  const token = read.text.trim();
  if (!TOKEN.test(token)) return failed(`${file} holds no token.`);
  const stale = `The node does not accept the token in ${file}. The operator token is new at each start of a node.`;
  return login(`Bearer ${token}`, stale);
}

function basicHeader(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function login(authorization: string | undefined, problem?: string): Login {
  return { kind: 'login', authorization, problem };
}

function failed(problem: string): Login {
  return { kind: 'failed', problem };
}
