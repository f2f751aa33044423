/** Realms as documents (Bondy's realm object and bootstrap file): one that holds its users, groups, sources and grants. */
import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { TOKEN_ALGORITHMS } from '../../../runtime/crypto/json-web-token.ts';
import type { Dict } from '../../../runtime/wamp/message.ts';
import type {
  EffectiveRealm,
  PasswordOptions,
  RealmKeyRecord,
  RealmLimits,
} from '../../security/api.ts';
import { GrantDocument, SourceDocument } from './access.ts';
import { Authmethod, CLOSED, Meta, nullable, Uri } from './names.ts';
import { GroupDocument, UserDocument } from './user.ts';

const Count = Type.Integer({ minimum: 1, maximum: 2 ** 31 });

export const LimitsDocument = Type.Object(
  {
    uri_strictness: Type.Optional(
      nullable(Type.Union([Type.Literal('loose'), Type.Literal('strict')])),
    ),
    allow_disclosure: Type.Optional(nullable(Type.Boolean())),
    max_sessions: Type.Optional(nullable(Count)),
    max_subscriptions_per_session: Type.Optional(nullable(Count)),
    max_message_bytes: Type.Optional(nullable(Count)),
    max_rate: Type.Optional(nullable(Count)),
  },
  CLOSED,
);

export const PasswordOptionsDocument = Type.Object(
  {
    protocols: Type.Optional(
      Type.Array(Type.Union([Type.Literal('hash'), Type.Literal('scram'), Type.Literal('cra')]), {
        minItems: 1,
        maxItems: 3,
      }),
    ),
    scram_kdf: Type.Optional(Type.Union([Type.Literal('pbkdf2'), Type.Literal('argon2id13')])),
    // As Bondy bounds them; beyond them a login is a denial of service.
    iterations: Type.Optional(Type.Integer({ minimum: 4_096, maximum: 1_000_000 })),
    memory: Type.Optional(Type.Integer({ minimum: 8_192, maximum: 1_048_576 })),
    passes: Type.Optional(Type.Integer({ minimum: 1, maximum: 16 })),
  },
  CLOSED,
);

/** Who vouches for users of `oauth2`. Closed: a mistyped claim would be groups that nobody has. */
const OAuth2Document = Type.Object(
  {
    issuer: Type.String({ minLength: 1, maxLength: 1_024 }),
    audience: Type.Union([
      Type.String({ minLength: 1, maxLength: 1_024 }),
      Type.Array(Type.String({ minLength: 1, maxLength: 1_024 }), { minItems: 1, maxItems: 32 }),
    ]),
    /** One of both. */
    jwks_uri: Type.Optional(Type.String({ pattern: '^https://', maxLength: 2_048 })),
    jwks: Type.Optional(
      Type.Object({
        keys: Type.Array(Type.Object({ kty: Type.String() }), { minItems: 1, maxItems: 100 }),
      }),
    ),
    authid_claim: Type.Optional(Type.String({ minLength: 1, maxLength: 254 })),
    role_claim: Type.Optional(Type.String({ minLength: 1, maxLength: 254 })),
    algorithms: Type.Optional(
      Type.Array(Type.Union(TOKEN_ALGORITHMS.map((name) => Type.Literal(name))), {
        minItems: 1,
        maxItems: 32,
      }),
    ),
  },
  CLOSED,
);

/** What else is in it is the operator's own. */
const Info = Type.Object(
  { oauth2: Type.Optional(OAuth2Document) },
  { additionalProperties: Type.Unknown(), maxProperties: 256 },
);

const Pems = Type.Array(Type.String({ maxLength: 16_384 }), { maxItems: 10 });

const CHANGEABLE = {
  description: Type.Optional(Type.String({ maxLength: 512 })),
  is_prototype: Type.Optional(Type.Boolean()),
  prototype_uri: Type.Optional(nullable(Uri)),
  is_sso_realm: Type.Optional(Type.Boolean()),
  sso_realm_uri: Type.Optional(nullable(Uri)),
  allowed_realms: Type.Optional(nullable(Type.Array(Uri, { maxItems: 1_000 }))),
  allow_connections: Type.Optional(nullable(Type.Boolean())),
  authmethods: Type.Optional(nullable(Type.Array(Authmethod, { maxItems: 32 }))),
  security_enabled: Type.Optional(nullable(Type.Boolean())),
  password_opts: Type.Optional(nullable(PasswordOptionsDocument)),
  limits: Type.Optional(LimitsDocument),
  info: Type.Optional(Info),
  private_keys: Type.Optional(Pems),
  encryption_keys: Type.Optional(Pems),
  users: Type.Optional(Type.Array(UserDocument, { maxItems: 100_000 })),
  groups: Type.Optional(Type.Array(GroupDocument, { maxItems: 10_000 })),
  sources: Type.Optional(Type.Array(SourceDocument, { maxItems: 10_000 })),
  grants: Type.Optional(Type.Array(GrantDocument, { maxItems: 10_000 })),
};

export const RealmDocument = Type.Object({ uri: Uri, ...CHANGEABLE }, CLOSED);
export type RealmDocument = Static<typeof RealmDocument>;

/** Fields that are missing stay as they are; users, groups, sources and grants are added or updated, none is removed. */
export const RealmUpdate = Type.Object({ uri: Type.Optional(Uri), ...CHANGEABLE }, CLOSED);
export type RealmUpdate = Static<typeof RealmUpdate>;

export const Realm = Type.Object({
  uri: Uri,
  description: Type.String(),
  is_prototype: Type.Boolean(),
  prototype_uri: Type.Optional(Uri),
  is_sso_realm: Type.Boolean(),
  sso_realm_uri: Type.Optional(Uri),
  allowed_realms: Type.Optional(Type.Array(Uri)),
  allow_connections: Type.Boolean(),
  authmethods: Type.Array(Type.String()),
  security_status: Type.Union([Type.Literal('enabled'), Type.Literal('disabled')]),
  password_opts: PasswordOptionsDocument,
  limits: LimitsDocument,
  info: Meta,
  public_keys: Type.Array(Meta),
  is_configured: Type.Boolean(),
});

/** As it is in force; private keys are never shown. */
export function realmView(realm: EffectiveRealm, keys: Iterable<RealmKeyRecord>): Dict {
  return {
    uri: realm.uri,
    description: realm.description,
    is_prototype: realm.isPrototype,
    ...(realm.prototypeUri !== undefined && { prototype_uri: realm.prototypeUri }),
    is_sso_realm: realm.isSsoRealm,
    ...(realm.ssoRealmUri !== undefined && { sso_realm_uri: realm.ssoRealmUri }),
    ...(realm.allowedRealms && { allowed_realms: realm.allowedRealms }),
    allow_connections: realm.allowConnections,
    authmethods: realm.authmethods,
    security_status: realm.securityEnabled ? 'enabled' : 'disabled',
    password_opts: passwordOptionsView(realm.password),
    limits: limitsView(realm.limits),
    info: realm.info,
    public_keys: [...keys].map(({ publicKey }) => JSON.parse(publicKey) as Dict),
    is_configured: realm.isConfigured,
  };
}

function passwordOptionsView(options: PasswordOptions): Dict {
  const { protocols, scramKdf, iterations, memory, passes } = options;
  return { protocols, scram_kdf: scramKdf, iterations, memory, passes };
}

function limitsView(limits: RealmLimits): Dict {
  return {
    uri_strictness: limits.uriStrictness,
    allow_disclosure: limits.allowDisclosure,
    max_sessions: limits.maxSessions,
    max_subscriptions_per_session: limits.maxSubscriptionsPerSession,
    max_message_bytes: limits.maxMessageBytes,
    max_rate: limits.maxRate,
  };
}
