/** The building blocks of documents: one schema each, so that every document says the same of the same field. */
import type { TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';

export const AUTHMETHODS = [
  'anonymous',
  'trust',
  'password',
  'oauth2',
  'oidc',
  'oidcrp',
  'wampcra',
  'wamp-scram',
  'cryptosign',
  'ticket',
  'cookie',
  'tls',
] as const;

export const Uri = Type.String({ minLength: 1, maxLength: 255 });
/** What names must be like, names.ts of the policy says. */
export const NameText = Type.String({ minLength: 1, maxLength: 254 });
export const Names = Type.Array(NameText, { maxItems: 1_000 });
export const Authmethod = Type.Union(AUTHMETHODS.map((method) => Type.Literal(method)));
export const Meta = Type.Record(Type.String(), Type.Unknown(), { maxProperties: 256 });
export const Password = Type.String({ minLength: 1, maxLength: 1_024 });
export const Match = Type.Union([
  Type.Literal('exact'),
  Type.Literal('prefix'),
  Type.Literal('wildcard'),
]);
/** The pseudo-role, or a list of names. */
export const AllOrNames = Type.Union([Type.Literal('all'), Names]);
export const NameOrNames = Type.Union([NameText, Names]);

export function nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

/** Not even unknown fields: a mistyped one would be a restriction that is not there. */
export const CLOSED = { additionalProperties: false } as const;
