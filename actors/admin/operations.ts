/**
 * What an operator can have a node do, beyond looking at it. The admin server reads requests and asks; the supervisors
 * give it somebody who may and can.
 */
import type { PeerAddress } from '../links/api.ts';

export type Operation =
  /** Become a member of the cluster that somebody at this address belongs to. */
  | { readonly kind: 'join'; readonly address: PeerAddress }
  /** Final for this incarnation; the process goes on. */
  | { readonly kind: 'leave' }
  /** `isForced`: although it is up. */
  | { readonly kind: 'remove'; readonly name: string; readonly isForced: boolean }
  | { readonly kind: 'check_store' }
  | { readonly kind: 'repair_store' }
  /** `name`: of a file in the node's folder of backups; undefined: by the time. */
  | { readonly kind: 'create_backup'; readonly name: string | undefined }
  | { readonly kind: 'verify_backup'; readonly name: string }
  /** `isAsNew`: written over what is there, instead of merged with it. */
  | { readonly kind: 'restore_backup'; readonly name: string; readonly isAsNew: boolean }
  | { readonly kind: 'backup_status' };

export type OperationOutcome =
  /** What is answered, as JSON. */
  | { readonly kind: 'done'; readonly report: object }
  /** An HTTP status, a word for programs and a sentence for people. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly error: string;
      readonly message: string;
    };

/** Who may have operations performed, and who performs them. Another kind of authentication is another `authorize`. */
export interface Operator {
  /** `authorization`: the header as it came. Undefined: granted; else a sentence with advice. */
  authorize(authorization: string | undefined): string | undefined;
  /** Answers once, perhaps after minutes. */
  perform(operation: Operation, answer: (outcome: OperationOutcome) => void): void;
}

export function refused(status: number, error: string, message: string): OperationOutcome {
  return { kind: 'refused', status, error, message };
}

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253})):(\d{1,5})$/;

/** `host:port` or `[v6]:port`; undefined: neither. */
export function readAddress(text: string): PeerAddress | undefined {
  const match = ADDRESS.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}
