/** What can be asked about the node's own health. */
import type { Name, ReplyTo } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';

export type HealthMessage =
  | { readonly kind: 'beat' }
  /** How late the last beat was, ms. */
  | { readonly kind: 'lag'; readonly reply: ReplyTo<number> };

export const HEALTH: Name<HealthMessage> = name('health');
