/**
 * What an operator can have a node do, beyond looking at it. The admin server reads requests, sees whether they may, and
 * asks; the supervisors give it somebody who can.
 */
import type { PeerAddress } from '../links/api.ts';
import type { Caller } from '../management/api.ts';

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

export interface Operator {
  /** `caller` may. Answers once, perhaps after minutes. */
  perform(operation: Operation, caller: Caller, answer: (outcome: OperationOutcome) => void): void;
}

/** Who is granted `wamp.call` on this may have it performed. */
export const PROCEDURES: Readonly<Record<Operation['kind'], string>> = {
  join: 'bondy.cluster.join',
  leave: 'bondy.cluster.leave',
  remove: 'bondy.cluster.remove',
  check_store: 'bondy.store.check',
  repair_store: 'bondy.store.repair',
  create_backup: 'bondy.backup.create',
  verify_backup: 'bondy.backup.verify',
  restore_backup: 'bondy.backup.restore',
  backup_status: 'bondy.backup.status',
};

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
