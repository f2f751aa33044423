/** From a change of a record to what subscribers are told. */
import type { MembershipEvent } from './api.ts';
import type { Member } from './member.ts';
import { isMember, isUp } from './member.ts';
import type { Change } from './roster.ts';

type Presence = 'none' | 'up' | 'suspect' | 'down' | 'gone';

/** In order; at most three, when one life ends and the next begins. */
export function eventsOf({ before, after }: Change): readonly MembershipEvent[] {
  const node = { name: after.name, incarnation: after.incarnation };
  if (before === undefined) return step('none', presence(after), node);
  const was = presence(before);
  if (before.incarnation === after.incarnation) return step(was, presence(after), node);
  const old = { name: before.name, incarnation: before.incarnation };
  const wasHere = was === 'up' || was === 'suspect';
  return [...(wasHere ? step(was, 'down', old) : []), ...step('none', presence(after), node)];
}

function presence(member: Member): Presence {
  if (!isMember(member)) return 'gone';
  if (isUp(member)) return member.health === 'suspect' ? 'suspect' : 'up';
  return member.health === 'dead' ? 'down' : 'none';
}

function step(
  was: Presence,
  is: Presence,
  node: { readonly name: string; readonly incarnation: number },
): readonly MembershipEvent[] {
  if (was === is) return [];
  switch (is) {
    case 'up':
      return [{ kind: 'node_up', node }];
    case 'suspect': {
      const suspect = { kind: 'node_suspect', node } as const;
      // It must have been up in between, or nobody could suspect it.
      return was === 'up' ? [suspect] : [{ kind: 'node_up', node }, suspect];
    }
    case 'down':
      return was === 'up' || was === 'suspect' ? [{ kind: 'node_down', node }] : [];
    case 'gone':
      return [{ kind: 'node_left', node }];
    case 'none':
      return [];
    default:
      return is satisfies never;
  }
}
