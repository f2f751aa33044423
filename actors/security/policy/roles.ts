/**
 * Which roles a subject has, in the order in which their grants are looked at: `all`, its groups from the nearest on, the
 * user itself. Bondy's resolution; groups in a cycle are visited once.
 *
 * Grants of a role are those of the realm and, for `all`, the group `anonymous` and groups that are the prototype's, of
 * the prototype as well. A prototype's grants to a user mean nobody: users are not inherited.
 */
import type { Subject } from '../policy-port.ts';
import type { UserRecord } from '../records.ts';
import type { RealmFacts } from './facts.ts';
import type { RealmView } from './view.ts';

export interface Role {
  /** As in a grant: `all`, `group/NAME`, `user/NAME`. */
  readonly name: string;
  /** The group by which the subject comes to it; undefined: directly. */
  readonly by: Role | undefined;
  readonly grants: readonly Grants[];
}

/** Grants that are not older than `since`. */
export interface Grants {
  readonly facts: RealmFacts;
  readonly since: number;
}

export const ANONYMOUS = 'anonymous';

/** `user`: undefined for whom the realm has no user. */
export function rolesOf(view: RealmView, subject: Subject, user: UserRecord | undefined): Role[] {
  const all = { name: 'all', by: undefined, grants: everywhere(view) };
  if (subject.username === undefined) {
    return [all, { name: `group/${ANONYMOUS}`, by: undefined, grants: everywhere(view) }];
  }
  const roles: Role[] = [all, ...groupRoles(view, directGroups(view, subject, user))];
  if (user) {
    const grants = [{ facts: view.own.facts, since: view.sinceUser(user) }];
    roles.push({ name: `user/${user.username}`, by: undefined, grants });
  }
  return roles;
}

function directGroups(
  view: RealmView,
  { groups, isVouchedFor }: Subject,
  user: UserRecord | undefined,
): readonly string[] {
  if (isVouchedFor && groups) return groups;
  const held = user ? view.groupsOfUser(user) : [];
  return groups ? held.filter((name) => groups.includes(name)) : held;
}

function groupRoles(view: RealmView, direct: readonly string[]): readonly Role[] {
  const roles: Role[] = [];
  const seen = new Set(direct);
  const queue: { readonly name: string; readonly by: Role | undefined }[] = [];
  for (const name of seen) queue.push({ name, by: undefined });
  for (const { name, by } of queue) {
    const found = view.group(name);
    if (!found) continue;
    const { own } = view;
    const { owner, group } = found;
    const grants = [{ facts: owner.facts, since: Math.max(owner.realm.since, group.since) }];
    if (owner !== own) {
      const since = Math.max(own.realm.since, own.facts.sinceOfGroup(name, owner.facts));
      grants.unshift({ facts: own.facts, since });
    }
    const role = { name: `group/${name}`, by, grants };
    roles.push(role);
    for (const parent of view.parentsOf(found)) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      queue.push({ name: parent, by: role });
    }
  }
  return roles;
}

function everywhere(view: RealmView): readonly Grants[] {
  return view.layers.map(({ facts, realm }) => ({ facts, since: realm.since }));
}

/** The groups by which a subject comes to a role, the nearest to the subject first. */
export function viaOf(role: Role): readonly string[] {
  const names: string[] = [];
  for (let by = role.by; by; by = by.by) names.unshift(by.name.slice('group/'.length));
  return names;
}
