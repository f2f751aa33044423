/** Keys of the master realm, of its first administrator, and of how private keys are kept. */
import { existingFile } from '../../runtime/config/place-types.ts';
import { text } from '../../runtime/config/scalar-types.ts';
import { key } from '../../runtime/config/schema.ts';
import type { Values } from '../../runtime/config/schema.ts';
import { secret } from '../../runtime/config/secret.ts';
import { optional } from '../../runtime/config/type.ts';
import type { Conflict } from '../../runtime/config/check.ts';

export const masterRealmKeys = {
  uri: key({
    name: 'security.master_realm',
    type: text({
      name: 'realm URI',
      pattern: /^[0-9a-z_-]+(\.[0-9a-z_-]+)*$/,
      advice: 'Write lower case words with dots between them.',
      max: 255,
    }),
    default: 'com.leapsight.bondy',
    doc: 'The realm of those who administer all others. The same on all nodes. Its security cannot be disabled.',
  }),
  adminUsername: key({
    name: 'security.admin.username',
    type: text({
      name: 'username',
      pattern: /^[0-9a-z][0-9a-z_.@-]{2,}$/,
      advice: 'Write lower case letters, digits and _ . @ -',
      max: 254,
    }),
    default: 'admin',
    doc: 'The administrator whom the configuration makes in the master realm, when it gives a password.',
  }),
  adminPassword: key({
    name: 'security.admin.password',
    type: optional(secret),
    default: undefined,
    doc:
      'Password of this administrator. There is none by default, and nobody can enter the master realm then. Better as ' +
      '`@file:PATH`, or with the key `security.admin.password_file`.',
  }),
  keyFile: key({
    name: 'security.key_file',
    type: optional(existingFile),
    default: undefined,
    doc:
      'File with a secret of at least 32 bytes (`openssl rand -hex 32`), the same on all nodes: private keys of realms are ' +
      'stored encrypted with it (AES-256-GCM), and cannot be used without it. Without it they are stored as they are.',
  }),
};

type MasterRealmValues = Values<typeof masterRealmKeys>;
export type MasterRealmConfig = MasterRealmValues;

export function masterRealmConflicts(
  { uri }: MasterRealmValues,
  realms: readonly { readonly uri: string }[],
): readonly Conflict[] {
  if (!realms.some((realm) => realm.uri === uri)) return [];
  const problem = `${uri} is described as a realm of its own, too`;
  const advice =
    'Give that realm another URI: the master realm has its rules from its users and grants.';
  return [{ keys: ['security.master_realm'], problem, advice }];
}
