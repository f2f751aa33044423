/** What a supervisor of static children can be in the middle of, and the small steps of its sequences. */
import type { ExitReason } from './actor.ts';
import type { Child, DoneReply, Outbox, StartReply, SupervisorInput } from './child.ts';
import type { ActorState } from './kernel.ts';

/** Why children are being started: it decides what a failed start means. */
export type Purpose =
  | { readonly kind: 'boot' | 'restart' | 'cooled_down' }
  | { readonly kind: 'request'; readonly reply: StartReply; readonly isNew: boolean };

/** What follows a stop sequence. */
export type Next =
  | { readonly kind: 'start'; readonly children: readonly Child[] }
  | { readonly kind: 'exit'; readonly reason: ExitReason }
  | { readonly kind: 'cool_down' }
  | { readonly kind: 'reply'; readonly reply: DoneReply };

export type Activity =
  | { readonly kind: 'idle' | 'cooling_down' | 'ended' }
  | { readonly kind: 'starting'; readonly queue: Child[]; readonly purpose: Purpose }
  | {
      readonly kind: 'stopping';
      readonly queue: Child[];
      current: Child | undefined;
      readonly next: Next;
    };

/** What people are told about a supervisor; `isReady` once its first start was done. */
export function stateOf(activity: Activity, isReady: boolean): ActorState {
  switch (activity.kind) {
    case 'cooling_down':
      return 'cooling_down';
    case 'starting':
      return isReady ? 'restarting' : 'starting';
    case 'stopping':
      return activity.next.kind === 'exit' ? 'stopping' : 'restarting';
    case 'ended':
      return 'stopping';
    case 'idle':
      return isReady ? 'running' : 'starting';
  }
}

export function stopChild(child: Child, out: Outbox): void {
  child.state = 'stopping';
  const { shutdown } = child;
  if (shutdown === 'brutal_kill') out.emit({ kind: 'kill', children: [child] });
  else out.emit({ kind: 'shutdown', children: [child], timeoutMs: shutdown });
}

/** A request that will not be served. */
export function refuse(input: SupervisorInput, why: string, out: Outbox): void {
  switch (input.kind) {
    case 'add_child':
    case 'restart_child':
      return out.emit({
        kind: 'failed_reply',
        reply: input.reply,
        reason: { kind: 'shutdown', detail: why },
      });
    case 'terminate_child':
    case 'delete_child':
      return out.emit({ kind: 'done_reply', reply: input.reply, done: false });
    default:
      return;
  }
}

export function failedToStart(child: Child, reason: ExitReason): ExitReason {
  const text =
    reason.kind === 'error'
      ? reason.error.message
      : (reason.kind === 'shutdown' && reason.detail) || reason.kind;
  return { kind: 'shutdown', detail: `failed_to_start_child: ${child.spec.id}: ${text}` };
}
