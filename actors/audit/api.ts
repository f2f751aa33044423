/** What is written down of what matters to security, and the port to have it written. Never a secret: there is no field for one. */
import type { Name } from '../../runtime/kernel/actor.ts';
import type { MembershipEvent } from '../membership/api.ts';
import { name } from '../../runtime/kernel/actor.ts';

export type AuditEvent =
  | {
      readonly event: 'login';
      readonly outcome: 'ok' | 'refused';
      readonly realm: string;
      readonly authid: string | undefined;
      readonly authmethod: string | undefined;
      readonly address: string;
      readonly listener: string;
      readonly session: number;
      readonly reason?: string | undefined;
    }
  /** `who`: an authid and its realm, or `operator` for who has the token of the node. */
  | {
      readonly event: 'administration';
      readonly who: string;
      readonly what: string;
      readonly target: string | undefined;
      readonly outcome: 'ok' | 'refused' | 'failed';
      readonly reason?: string | undefined;
    }
  /** A sample: `untold` were refused since the last one that was written. */
  | {
      readonly event: 'denied';
      readonly realm: string;
      readonly authid: string;
      readonly session: number;
      readonly action: string;
      readonly uri: string;
      readonly untold: number;
    }
  | {
      readonly event: 'kill';
      readonly realm: string;
      readonly authid: string;
      readonly session: number;
      readonly what: string;
    }
  | { readonly event: 'member'; readonly what: 'up' | 'down' | 'left'; readonly node: string }
  | {
      readonly event: 'backup';
      readonly what: string;
      readonly filename: string;
      readonly reason?: string | undefined;
    }
  | { readonly event: 'node'; readonly what: 'started' | 'stopping'; readonly version: string }
  /** Of the log itself. `torn`: the digest of a line that the end of the process cut. */
  | { readonly event: 'log'; readonly what: 'recovered'; readonly torn: string }
  | { readonly event: 'log'; readonly what: 'dropped'; readonly entries: number };

export interface Audit {
  record(event: AuditEvent): void;
  /** Undefined: what was recorded is being written. */
  readonly problem: string | undefined;
  /** Why nothing may be changed now: the log cannot be written, and the configuration chose to refuse. */
  readonly refusal: string | undefined;
}

export type AuditMessage =
  | { readonly kind: 'entry'; readonly event: AuditEvent; readonly at: number }
  | { readonly kind: 'written'; readonly error: string | undefined }
  | MembershipEvent
  | { readonly kind: 'follow' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'sync' };

export const AUDIT: Name<AuditMessage> = name('audit');
