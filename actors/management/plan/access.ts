/** Sources and grants as records. */
import { fold, resourceOf, splitRole } from '../../security/api.ts';
import { isValidUri } from '../../../runtime/wamp/uri.ts';
import type { GrantDocument, SourceDocument } from '../documents/access.ts';
import type { Draft, Path } from './draft.ts';
import { cidrFrom, metaFrom, UNDATED } from './draft.ts';

/** Bondy's default: every IPv4 address. */
const EVERYWHERE = '0.0.0.0/0';
const ALL = 'all';
const ANONYMOUS = 'anonymous';

export function addSource(draft: Draft, path: Path, document: SourceDocument): void {
  const { usernames, authmethod, meta } = document;
  const cidr = cidrFrom(draft, [...path, 'cidr'], document.cidr ?? EVERYWHERE);
  const kept = metaFrom(draft, [...path, 'meta'], meta) ?? {};
  const names = usernames === ALL ? [ALL] : usernames.map(fold);
  for (const [i, username] of names.entries()) {
    const isSomebody = username === ALL || username === ANONYMOUS || draft.hasUser(username);
    if (!isSomebody) {
      draft.wrong([...path, 'usernames', i], `there is no user ${username}`, 'noSuchUsers');
    } else if (cidr !== undefined) {
      draft.put([username, cidr, authmethod], {
        kind: 'source',
        ...UNDATED,
        realm: draft.realm,
        username,
        authmethod,
        cidr,
        meta: kept,
      });
    }
  }
}

/** `held`: granted, or revoked. */
export function putGrant(draft: Draft, path: Path, document: GrantDocument, held: boolean): void {
  const roles = rolesFrom(draft, [...path, 'roles'], document.roles, held);
  const resources = resourcesFrom(draft, path, document);
  for (const [i, permission] of document.permissions.entries()) {
    if (!isValidUri(permission, 'loose', 'exact')) {
      draft.wrong([...path, 'permissions', i], 'is not a URI such as wamp.call');
    }
  }
  for (const role of roles) {
    for (const permission of document.permissions) {
      for (const { uri, match } of resources) {
        const { realm } = draft;
        draft.put([role, permission, match, uri], {
          kind: 'grant',
          ...UNDATED,
          held,
          realm,
          role,
          permission,
          uri,
          match,
        });
      }
    }
  }
}

type Resource = Exclude<ReturnType<typeof resourceOf>, string>;

function resourcesFrom(
  draft: Draft,
  path: Path,
  { uri, match, resources }: GrantDocument,
): readonly Resource[] {
  if (resources && uri !== undefined) {
    draft.wrong([...path, 'resources'], 'excludes uri: give one of both');
    return [];
  }
  if (!resources && uri === undefined) {
    draft.wrong([...path, 'uri'], 'is missing: give uri or resources');
    return [];
  }
  const given = resources?.map((each, i) => ({ ...each, path: [...path, 'resources', i] }));
  return (given ?? [{ uri: uri!, match, path }]).flatMap((each) => {
    const resource = resourceOf(each.uri, each.match);
    if (typeof resource !== 'string') return [resource];
    draft.wrong([...each.path, 'uri'], resource);
    return [];
  });
}

function rolesFrom(
  draft: Draft,
  path: Path,
  given: GrantDocument['roles'],
  held: boolean,
): readonly string[] {
  if (given === ALL) return [ALL];
  const names = typeof given === 'string' ? [given] : given;
  return names.flatMap((name, i) => {
    const at = typeof given === 'string' ? path : [...path, i];
    const role = roleFrom(draft, at, fold(name), held);
    return role === undefined ? [] : [role];
  });
}

/** A bare name is a user's or a group's. What is revoked may be of somebody who is gone, if it says which. */
function roleFrom(draft: Draft, path: Path, name: string, held: boolean): string | undefined {
  if (name === ALL) return ALL;
  if (name === ANONYMOUS) return `group/${ANONYMOUS}`;
  const [kind, rest] = splitRole(name);
  if ((kind === 'user' || kind === 'group') && rest !== '') {
    if (rest === ANONYMOUS && kind === 'group') return name;
    const isThere = kind === 'user' ? draft.hasUser(rest) : draft.hasGroup(rest);
    if (isThere || !held) return name;
    draft.wrong(path, `there is no ${kind} ${rest}`, 'unknownRoles');
    return undefined;
  }
  const isUser = draft.hasUser(name);
  const isGroup = draft.hasGroup(name);
  if (isUser && isGroup) {
    const advice = `write user/${name} or group/${name}`;
    draft.wrong(path, `${name} is a user and a group: ${advice}`, 'duplicateRoles');
    return undefined;
  }
  if (isUser) return `user/${name}`;
  if (isGroup) return `group/${name}`;
  draft.wrong(path, `there is no user or group ${name}`, 'unknownRoles');
  return undefined;
}
