/** The words around a process: its signals, its handlers as the kernel sees them, its names outside. */
import type { Down, Exit, ExitReason, Handlers, TurnClass } from './actor.ts';
import type { Mailbox } from './mailbox.ts';
import type { Process } from './process.ts';

/** Told, once, when a process it watches has ended. */
export interface Watcher {
  targetEnded(target: Process, reason: ExitReason): void;
}

export type Signal =
  /** A linked actor ended, or somebody sent an exit signal; both can be trapped. */
  | { readonly kind: 'exit'; readonly exit: Exit }
  | { readonly kind: 'down'; readonly down: Down }
  /** The supervisor asks this actor to end. */
  | { readonly kind: 'shutdown' }
  /** Ends this actor whatever it does: kill, or a reason of its own from outside a handler. */
  | { readonly kind: 'end'; readonly reason: ExitReason; readonly isExpected?: boolean }
  /** To a supervisor, of its child. */
  | { readonly kind: 'child_exit'; readonly child: Process; readonly reason: ExitReason }
  | { readonly kind: 'child_ready'; readonly child: Process }
  /** To itself: work that runs under its own protection. */
  | { readonly kind: 'run'; readonly run: () => void };

/** What a supervisor's handlers answer besides everybody's. */
export interface ProcessHandlers extends Handlers<unknown> {
  onChildExit?(child: Process, reason: ExitReason): void;
  onChildReady?(child: Process): void;
  /** It ends while it has children: none may live on. */
  abandon?(): void;
}

export interface ProcessOptions {
  readonly id: string;
  readonly parent: Process | undefined;
  readonly turnClass: TurnClass;
  readonly batch: number;
  readonly mailbox: Mailbox<unknown>;
  /** The mailbox is the supervisor's and lives on. */
  readonly keepsMailbox: boolean;
  readonly startsLater: boolean;
}

export function exitOf(process: Process, reason: ExitReason): Exit {
  return { pid: process.pid, path: process.path, reason };
}

/** An id as one part of a path. */
export function pathSegment(id: string): string {
  return id.replace(/[%/]/g, encodeURIComponent);
}

/** nact allows few characters in a name; the pid makes it unique. */
export function handleName(id: string): string {
  return id.slice(0, 64).replace(/[^a-zA-Z0-9\-_.]/g, '_');
}
