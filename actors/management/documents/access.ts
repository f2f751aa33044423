/** Sources and grants as documents (Bondy's assignments and grant requests). */
import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { GrantRecord, SourceRecord } from '../../security/api.ts';
import { splitRole } from '../../security/api.ts';
import { AllOrNames, Authmethod, CLOSED, Match, Meta, Names, NameText, Uri } from './names.ts';

export const Cidr = Type.String({ minLength: 2, maxLength: 64 });

export const SourceDocument = Type.Object(
  {
    usernames: AllOrNames,
    authmethod: Authmethod,
    cidr: Type.Optional(Cidr),
    meta: Type.Optional(Meta),
  },
  CLOSED,
);
export type SourceDocument = Static<typeof SourceDocument>;

export const Source = Type.Object({
  type: Type.Literal('source'),
  version: Type.String(),
  username: NameText,
  cidr: Cidr,
  authmethod: Authmethod,
  meta: Meta,
});

export function sourceView({ username, cidr, authmethod, meta }: SourceRecord): Dict {
  return { type: 'source', version: '1.1', username, cidr, authmethod, meta };
}

const ResourceText = Type.String({ maxLength: 1_024 });
const Resource = Type.Object({ uri: ResourceText, match: Type.Optional(Match) }, CLOSED);

export const GrantDocument = Type.Object(
  {
    permissions: Type.Array(Uri, { minItems: 1, maxItems: 100 }),
    roles: Type.Union([Type.Literal('all'), NameText, Names]),
    uri: Type.Optional(ResourceText),
    match: Type.Optional(Match),
    resources: Type.Optional(Type.Array(Resource, { minItems: 1, maxItems: 1_000 })),
    meta: Type.Optional(Meta),
  },
  CLOSED,
);
export type GrantDocument = Static<typeof GrantDocument>;

export const Grant = Type.Object({
  resource: Type.Object({ uri: Type.String(), match: Type.Union([Match, Type.Literal('any')]) }),
  permissions: Type.Array(Type.String()),
  roles: Type.Array(Type.String()),
});

/** One per role and resource; `any` and everything are said as Bondy says them. */
export function grantViews(grants: Iterable<GrantRecord>): readonly Dict[] {
  const permissions = new Map<string, { first: GrantRecord; permissions: string[] }>();
  for (const grant of grants) {
    const key = `${grant.role} ${grant.match} ${grant.uri}`;
    const known = permissions.get(key);
    if (!known) permissions.set(key, { first: grant, permissions: [grant.permission] });
    else if (!known.permissions.includes(grant.permission)) {
      known.permissions.push(grant.permission);
    }
  }
  return [...permissions.values()].map(({ first, permissions: all }) => ({
    resource: { uri: first.match === 'any' ? 'any' : first.uri, match: first.match },
    permissions: all.sort(),
    roles: [roleName(first.role)],
  }));
}

/** With its kind, which a bare name does not tell. */
function roleName(role: string): string {
  const [kind, name] = splitRole(role);
  return kind === 'group' && name === 'anonymous' ? name : role;
}
