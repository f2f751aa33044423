/**
 * The admin API: one table of operations, for WAMP, HTTP and the command line alike. `call` answers once, perhaps later.
 *
 * Who calls has been authenticated by whoever passes the call on; whether it may is decided here.
 */
import type { Name, ReplyTo } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { Dict, Id, Value } from '../../runtime/wamp/message.ts';
import type { TicketScope } from '../security/api.ts';
import type { ApiError } from './errors.ts';

export type { ApiError } from './errors.ts';
export { apiError } from './errors.ts';
export type { Operation } from './operation.ts';
export { MAX_LIMIT } from './paging.ts';

export interface Caller {
  /** Whose user or session it is. */
  readonly realm: string;
  /** Undefined: anonymous. */
  readonly username: string | undefined;
  /** Chosen at HELLO; undefined: all of the user's groups. */
  readonly groups?: readonly string[] | undefined;
  readonly isVouchedFor?: boolean | undefined;
  /** Of the master realm: may name other realms. */
  readonly isMaster: boolean;
  /** `wamp.call` on the operation has been checked, or is not asked for: the operator's token. */
  readonly isAuthorized?: boolean | undefined;
  readonly session?: Id | undefined;
  /** How it has proven who it is. */
  readonly authmethod?: string | undefined;
  /** What the ticket is good for that it has entered with. */
  readonly ticket?: TicketScope | undefined;
}

export interface ApiCall {
  readonly caller: Caller;
  /** What an omitted first argument stands for; the caller's realm if undefined. */
  readonly realm?: string | undefined;
  /** Aliases and deprecated names, too. */
  readonly uri: string;
  readonly args: readonly Value[];
  readonly kwargs: Dict;
}

export type ApiOutcome =
  | { readonly kind: 'result'; readonly args: readonly Value[]; readonly kwargs?: Dict | undefined }
  | { readonly kind: 'error'; readonly error: ApiError };

/** `ManagementApi`, as others know it. */
export interface Management {
  /** The name an operation goes by in the table. Undefined: there is none. */
  nameOf(uri: string): string | undefined;
  call(call: ApiCall, done: (outcome: ApiOutcome) => void): void;
}

/** How it is asked from elsewhere. Its names are known without it: `canonicalName` and the table. */
export interface ManagementRequest {
  readonly kind: 'call';
  readonly call: ApiCall;
  readonly reply: ReplyTo<ApiOutcome>;
}

/** `resume`: its own, when what took time is done. */
export type ManagementMessage =
  ManagementRequest | { readonly kind: 'resume'; readonly task: () => void };

export const MANAGEMENT: Name<ManagementMessage> = name('management');

/** May be called by everybody, whatever the grants: it tells nothing. */
export const PING = 'bondy.ping';

/** What is said to those who are authorized and get an answer in WAMP. */
export function errorPayload(error: ApiError): {
  readonly args: readonly Value[];
  readonly kwargs: Dict;
} {
  const { code, message, description, path, problems } = error;
  return {
    args: [message],
    kwargs: {
      code,
      message,
      description,
      ...(path !== undefined && { path }),
      ...(problems && { problems: problems.map((each) => ({ ...each })) }),
    },
  };
}
