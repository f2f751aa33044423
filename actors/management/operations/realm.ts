/** `bondy.realm.*` */
import { Type } from '@sinclair/typebox';
import type { StoredPassword } from '../../security/api.ts';
import { at, fold } from '../../security/api.ts';
import type { ApiError } from '../errors.ts';
import { apiError } from '../errors.ts';
import { Grant, grantViews } from '../documents/access.ts';
import { Uri } from '../documents/names.ts';
import { Realm, RealmDocument, RealmUpdate, realmView } from '../documents/realm.ts';
import type { UserDocument } from '../documents/user.ts';
import type { Done, Operation, Outcome } from '../operation.ts';
import { operation } from '../operation.ts';
import type { RealmPlanParts } from '../plan/realm.ts';
import { passwordOptionsOf } from '../plan/password-options.ts';
import { planNewRealm, planRealmUpdate } from '../plan/realm.ts';
import { UNDATED } from '../plan/draft.ts';
import type { ManagementPorts } from '../ports.ts';
import { TOPICS } from '../topics.ts';
import { derivePasswords, nothing, store, storeRecords } from './changing.ts';

/** What a node's realms are made by. */
export type RealmRules = Pick<RealmPlanParts, 'masterRealm' | 'defaults'>;

export function realmOperations(rules: RealmRules): readonly Operation[] {
  const { masterRealm } = rules;
  const topic = (name: string, uri: string) => ({ realm: masterRealm, topic: name, args: [uri] });

  return [
    operation({
      uri: 'bondy.realm.create',
      access: 'admin',
      isChange: true,
      summary: 'Creates a realm with the users, groups, sources and grants in its document.',
      args: { realm: Type.Union([RealmDocument, Uri]) },
      document: 'realm',
      result: Realm,
      run({ args, ports, caller }, done) {
        const document = typeof args.realm === 'string' ? { uri: args.realm } : args.realm;
        const uri = fold(document.uri);
        const parts = { ...ports, ...rules };
        // What is wrong anyway is said before any password is derived.
        const draft = planNewRealm(parts, document, new Map());
        if (draft.problems.length > 0)
          return store({ realm: uri, ports, caller }, draft, [], nothing, done);
        withPasswords(parts, ports, uri, document, done, (passwords) => {
          const topics = [topic(TOPICS.realmCreated, uri)];
          const made = planNewRealm(parts, document, passwords);
          store({ realm: uri, ports, caller }, made, topics, () => shown(ports, uri), done);
        });
      },
    }),
    operation({
      uri: 'bondy.realm.update',
      access: 'admin',
      isChange: true,
      summary:
        'Changes the fields that are given; users, groups, sources and grants are added or updated, none is removed.',
      args: { uri: Uri, realm: RealmUpdate },
      document: 'realm',
      result: Realm,
      run({ args, ports, caller }, done) {
        const uri = fold(args.uri);
        const before = ports.inventory.realmRecord(uri);
        if (!before) return done({ error: noRealm(uri) });
        const parts = { ...ports, ...rules };
        const where = { realm: uri, ports, caller };
        const draft = planRealmUpdate(parts, before, args.realm, new Map());
        if (draft.problems.length > 0) return store(where, draft, [], nothing, done);
        withPasswords(parts, ports, uri, args.realm, done, (passwords) => {
          const now = ports.inventory.realmRecord(uri);
          if (!now) return done({ error: noRealm(uri) });
          const made = planRealmUpdate(parts, now, args.realm, passwords);
          const topics = [topic(TOPICS.realmUpdated, uri)];
          store(where, made, topics, () => shown(ports, uri), done);
        });
      },
    }),
    operation({
      uri: 'bondy.realm.get',
      access: 'admin',
      summary: 'A realm as it is in force, with what it inherits.',
      args: { uri: Uri },
      result: Realm,
      run: ({ args, ports }, done) => done(shown(ports, fold(args.uri))),
    }),
    operation({
      uri: 'bondy.realm.list',
      access: 'admin',
      summary: 'All realms.',
      pageBy: ['uri'],
      result: Type.Array(Realm),
      run({ ports }, done) {
        const realms = [...ports.policy.realms()].sort((a, b) => (a.uri < b.uri ? -1 : 1));
        done({
          value: realms.map((realm) => realmView(realm, ports.inventory.realmKeys(realm.uri))),
        });
      },
    }),
    operation({
      uri: 'bondy.realm.delete',
      access: 'admin',
      isChange: true,
      summary:
        'Deletes a realm with everything in it and closes its sessions. With users in it only if `force` is true.',
      args: { uri: Uri },
      kwargs: { force: Type.Optional(Type.Boolean()) },
      run({ args, kwargs, ports, caller }, done) {
        const uri = fold(args.uri);
        const before = ports.inventory.realmRecord(uri);
        if (!before) return done({ error: noRealm(uri) });
        if (uri === masterRealm) {
          return done({ error: apiError('notAllowed', 'the master realm cannot be deleted') });
        }
        const followers = [...ports.policy.realms()].filter(
          (each) => each.prototypeUri === uri || each.ssoRealmUri === uri,
        );
        if (followers.length > 0) {
          const names = followers.map((each) => each.uri).join(', ');
          return done({ error: apiError('inconsistency', `realms follow it: ${names}`) });
        }
        const hasUsers = [...ports.inventory.users(uri)].length > 0;
        if (hasUsers && kwargs.force !== true) {
          return done({ error: apiError('activeUsers', `${uri} has users`) });
        }
        const topics = [topic(TOPICS.realmDeleted, uri)];
        const gone = { ...before, ...UNDATED, held: false };
        storeRecords({ realm: uri, ports, caller }, [gone], topics, nothing, done);
      },
    }),
    security('enable', true),
    security('disable', false),
    operation({
      uri: 'bondy.realm.security.status',
      access: 'admin',
      summary: 'Whether security is `enabled` or `disabled`.',
      args: { uri: Uri },
      result: Type.Union([Type.Literal('enabled'), Type.Literal('disabled')]),
      run: ({ args, ports }, done) =>
        done(about(ports, args.uri, (enabled) => (enabled ? 'enabled' : 'disabled'))),
    }),
    operation({
      uri: 'bondy.realm.security.is_enabled',
      access: 'admin',
      summary: 'Whether security is enabled.',
      args: { uri: Uri },
      result: Type.Boolean(),
      run: ({ args, ports }, done) => done(about(ports, args.uri, (enabled) => enabled)),
    }),
    operation({
      uri: 'bondy.realm.grants',
      access: 'admin',
      summary: 'All grants of a realm.',
      args: { uri: Uri },
      pageBy: ['resource', 'roles', 'permissions'],
      result: Type.Array(Grant),
      run({ args, ports }, done) {
        const uri = fold(args.uri);
        if (!ports.policy.realm(uri)) return done({ error: noRealm(uri) });
        done({ value: grantViews(ports.inventory.grants(uri)) });
      },
    }),
  ];

  function security(word: 'enable' | 'disable', isEnabled: boolean): Operation {
    return operation({
      uri: `bondy.realm.security.${word}`,
      access: 'admin',
      isChange: true,
      summary: isEnabled
        ? 'Enables security: what is not granted is denied.'
        : 'Disables security: everybody in the realm may do everything. Never in the master realm.',
      args: { uri: Uri },
      run({ args, ports, caller }, done) {
        const uri = fold(args.uri);
        const before = ports.inventory.realmRecord(uri);
        if (!before) return done({ error: noRealm(uri) });
        const document = { security_enabled: isEnabled };
        const draft = planRealmUpdate({ ...ports, ...rules }, before, document, new Map());
        store(
          { realm: uri, ports, caller },
          draft,
          [topic(TOPICS.realmUpdated, uri)],
          nothing,
          done,
        );
      },
    });
  }
}

function about(
  ports: ManagementPorts,
  given: string,
  say: (isEnabled: boolean) => string | boolean,
): Outcome {
  const realm = ports.policy.realm(fold(given));
  return realm ? { value: say(realm.securityEnabled) } : { error: noRealm(fold(given)) };
}

function shown(ports: ManagementPorts, uri: string): Outcome {
  const realm = ports.policy.realm(uri);
  if (!realm) return { error: noRealm(uri) };
  return { value: realmView(realm, ports.inventory.realmKeys(uri)) };
}

function noRealm(uri: string): ApiError {
  return apiError('notFound', `there is no realm ${uri}`);
}

/** Derived as the realm will want them; those of SSO users as their SSO realm does. */
function withPasswords(
  parts: RealmPlanParts,
  ports: ManagementPorts,
  uri: string,
  document: RealmUpdate,
  done: Done,
  go: (passwords: ReadonlyMap<UserDocument, StoredPassword>) => void,
): void {
  const own = passwordOptionsOf(parts, uri, document);
  const wanted = (document.users ?? []).flatMap((user, i) => {
    if (typeof user.password !== 'string') return [];
    const home = user.sso_realm_uri ? fold(user.sso_realm_uri) : undefined;
    const options = (home ? parts.policy.realm(home)?.password : undefined) ?? own;
    return [{ key: user, password: user.password, options, path: at('users', i, 'password') }];
  });
  derivePasswords(ports, wanted, go, done);
}
