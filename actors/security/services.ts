/** What the subsystem's actors say to each other. */
import type { Name, ReplyTo } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { ChangeMessage } from '../store/api.ts';

export type SecurityMessage =
  | ChangeMessage
  | { readonly kind: 'look' }
  | { readonly kind: 'read' }
  | { readonly kind: 'act' }
  | { readonly kind: 'expel' }
  /** Answered when all changes that were told before are in the policy and were acted upon. */
  | { readonly kind: 'sync'; readonly reply: ReplyTo<void> };

export const SECURITY_ACTOR: Name<SecurityMessage> = name('security');
