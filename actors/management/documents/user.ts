/** Users and groups as documents (Bondy's user and group objects): what is taken in, what is shown. */
import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { EffectiveGroup, EffectiveUser } from '../../security/api.ts';
import { CLOSED, Meta, Names, NameText, nullable, Password, Uri } from './names.ts';
import { PasswordObject } from './password.ts';

const CHANGEABLE = {
  /** The text, or what Bondy keeps of it. */
  password: Type.Optional(Type.Union([Password, PasswordObject])),
  authorized_keys: Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { maxItems: 100 })),
  groups: Type.Optional(Names),
  enabled: Type.Optional(Type.Boolean()),
  meta: Type.Optional(Meta),
};

export const UserDocument = Type.Object(
  {
    username: NameText,
    ...CHANGEABLE,
    aliases: Type.Optional(Names),
    sso_realm_uri: Type.Optional(nullable(Uri)),
  },
  CLOSED,
);
export type UserDocument = Static<typeof UserDocument>;

/** Fields that are missing stay as they are. */
export const UserUpdate = Type.Object(CHANGEABLE, CLOSED);
export type UserUpdate = Static<typeof UserUpdate>;

export const User = Type.Object({
  type: Type.Literal('user'),
  version: Type.String(),
  username: NameText,
  groups: Names,
  enabled: Type.Boolean(),
  meta: Meta,
  sso_realm_uri: Type.Optional(Uri),
  aliases: Names,
  authorized_keys: Type.Array(Type.String()),
  has_password: Type.Boolean(),
  has_authorized_keys: Type.Boolean(),
});

/** Nothing of the password but that there is one. */
export function userView(user: EffectiveUser): Dict {
  return {
    type: 'user',
    version: '1.1',
    username: user.username,
    groups: user.groups,
    enabled: user.enabled,
    meta: user.meta,
    ...(user.ssoRealmUri !== undefined && { sso_realm_uri: user.ssoRealmUri }),
    aliases: user.aliases,
    authorized_keys: user.authorizedKeys,
    has_password: user.password !== undefined,
    has_authorized_keys: user.authorizedKeys.length > 0,
  };
}

export const GroupDocument = Type.Object(
  { name: NameText, groups: Type.Optional(Names), meta: Type.Optional(Meta) },
  CLOSED,
);
export type GroupDocument = Static<typeof GroupDocument>;

export const GroupUpdate = Type.Object(
  { groups: Type.Optional(Names), meta: Type.Optional(Meta) },
  CLOSED,
);
export type GroupUpdate = Static<typeof GroupUpdate>;

export const Group = Type.Object({
  type: Type.Literal('group'),
  version: Type.String(),
  name: NameText,
  groups: Names,
  meta: Meta,
});

export function groupView({ name, groups, meta }: Omit<EffectiveGroup, 'realm'>): Dict {
  return { type: 'group', version: '1.1', name, groups, meta };
}
