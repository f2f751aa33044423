/** `bondy.user.*` */
import type { Static, TProperties } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { EffectiveUser, StoredPassword, UserRecord } from '../../security/api.ts';
import { fold } from '../../security/api.ts';
import type { ApiError } from '../errors.ts';
import { apiError } from '../errors.ts';
import { Grant, grantViews } from '../documents/access.ts';
import { AllOrNames, NameOrNames, NameText, Password } from '../documents/names.ts';
import { User, UserDocument, UserUpdate, userView } from '../documents/user.ts';
import type { Operation, Outcome, Request } from '../operation.ts';
import { NOTHING, operation } from '../operation.ts';
import { UNDATED } from '../plan/draft.ts';
import { addAlias, addUser, updateUser, whyNotFromHere } from '../plan/users.ts';
import type { ManagementPorts } from '../ports.ts';
import { TOPICS } from '../topics.ts';
import type { Topic } from './changing.ts';
import { derivePasswords, draftFor, nothing, store, storeRecords, whyFixed } from './changing.ts';

const name = { username: NameText };

export const userOperations: readonly Operation[] = [
  operation({
    uri: 'bondy.user.add',
    access: 'realm',
    isChange: true,
    summary: 'Adds a user.',
    args: { user: UserDocument },
    document: 'user',
    result: User,
    run(request, done) {
      const { realm, args, ports } = request;
      const { user } = args;
      const fixed = whyFixed(request);
      if (fixed) return done({ error: fixed });
      const rehearsal = draftFor(request);
      addUser(rehearsal, [], user, undefined);
      if (rehearsal.problems.length > 0) return store(request, rehearsal, [], nothing, done);
      withPassword(request, user, user.sso_realm_uri, done, (password) => {
        const draft = draftFor(request);
        addUser(draft, [], user, password);
        const username = fold(user.username);
        const topics = [{ realm, topic: TOPICS.userAdded, args: [username] }];
        store(request, draft, topics, () => shown(ports, realm, username), done);
      });
    },
  }),
  operation({
    uri: 'bondy.user.update',
    access: 'realm',
    isChange: true,
    summary: 'Changes the fields that are given.',
    args: { ...name, user: UserUpdate },
    document: 'user',
    result: User,
    run(request, done) {
      const { realm, args, ports } = request;
      const before = ports.inventory.userRecord(realm, args.username);
      if (!before) return done({ error: noUser(args.username) });
      const fixed = whyFixed(request);
      if (fixed) return done({ error: fixed });
      const rehearsal = draftFor(request);
      updateUser(rehearsal, [], before, args.user, undefined);
      if (rehearsal.problems.length > 0) return store(request, rehearsal, [], nothing, done);
      withPassword(request, args.user, before.ssoRealmUri, done, (password) => {
        const now = ports.inventory.userRecord(realm, before.username);
        if (!now) return done({ error: noUser(args.username) });
        const draft = draftFor(request);
        updateUser(draft, [], now, args.user, password);
        const isRekeyed =
          args.user.password !== undefined || args.user.authorized_keys !== undefined;
        const topics = [userTopic(before, TOPICS.userUpdated)];
        if (isRekeyed) topics.push(userTopic(before, TOPICS.userCredentialsChanged));
        store(request, draft, topics, () => shown(ports, realm, before.username), done);
      });
    },
  }),
  operation({
    uri: 'bondy.user.get',
    access: 'realm',
    summary: 'A user, by username or alias.',
    args: name,
    result: User,
    run: ({ realm, args, ports }, done) => done(shown(ports, realm, args.username)),
  }),
  operation({
    uri: 'bondy.user.list',
    access: 'realm',
    summary: 'All users of the realm.',
    pageBy: ['username'],
    result: Type.Array(User),
    run({ realm, ports }, done) {
      const users = [...ports.inventory.users(realm)];
      users.sort((a, b) => (a.username < b.username ? -1 : 1));
      done({ value: users.map(userView) });
    },
  }),
  operation({
    uri: 'bondy.user.delete',
    access: 'realm',
    isChange: true,
    summary:
      'Deletes a user with its aliases, keys, sources, grants and tickets; its sessions end.',
    args: name,
    run(request, done) {
      const before = request.ports.inventory.userRecord(request.realm, request.args.username);
      if (!before) return done({ error: noUser(request.args.username) });
      const topics = [userTopic(before, TOPICS.userDeleted)];
      storeRecords(request, [{ ...before, ...UNDATED, held: false }], topics, nothing, done);
    },
  }),
  operation({
    uri: 'bondy.user.is_enabled',
    access: 'realm',
    summary: 'Whether the user may open sessions.',
    args: name,
    result: Type.Boolean(),
    run({ realm, args, ports }, done) {
      const user = ports.policy.user(realm, args.username);
      done(user ? { value: user.enabled } : { error: noUser(args.username) });
    },
  }),
  enabling('enable', true),
  enabling('disable', false),
  operation({
    uri: 'bondy.user.change_password',
    access: 'realm',
    isChange: true,
    summary:
      'Sets a new password; the user’s other sessions end. The old one must be right if it is given, and must be given by users who change their own. That of a user of an SSO realm is set by itself, there, or from the master realm.',
    args: { ...name, new_password: Password, old_password: Type.Optional(Password) },
    run: changePassword,
  }),
  operation({
    uri: 'bondy.user.add_alias',
    access: 'realm',
    isChange: true,
    summary: 'Adds another name by which the user may log in.',
    args: { ...name, alias: NameText },
    run(request, done) {
      const { realm, args, ports } = request;
      const user = ports.inventory.userRecord(realm, args.username);
      if (!user) return done({ error: noUser(args.username) });
      const draft = draftFor(request);
      const home = user.ssoRealmUri ?? realm;
      const count = ports.inventory.aliases(home, user.username).length;
      addAlias(draft, ['alias'], user.username, args.alias, home, count);
      store(request, draft, [userTopic(user, TOPICS.userUpdated)], nothing, done);
    },
  }),
  operation({
    uri: 'bondy.user.remove_alias',
    access: 'realm',
    isChange: true,
    summary: 'Takes an alias away.',
    args: { ...name, alias: NameText },
    run(request, done) {
      const { realm, args, ports } = request;
      const user = ports.inventory.userRecord(realm, args.username);
      if (!user) return done({ error: noUser(args.username) });
      const alias = fold(args.alias);
      const home = [realm, user.ssoRealmUri ?? realm].find((uri) =>
        ports.inventory.aliases(uri, user.username).includes(alias),
      );
      if (home === undefined) {
        return done({ error: apiError('notFound', `${user.username} has no alias ${alias}`) });
      }
      const { username } = user;
      const gone = {
        kind: 'alias',
        ...UNDATED,
        held: false,
        realm: home,
        alias,
        username,
      } as const;
      storeRecords(request, [gone], [userTopic(user, TOPICS.userUpdated)], nothing, done);
    },
  }),
  grouping('add_group', NameText, true),
  grouping('add_groups', NameOrNames, true),
  grouping('remove_group', NameText, false),
  grouping('remove_groups', NameOrNames, false),
  operation({
    uri: 'bondy.user.grants',
    access: 'realm',
    summary: 'What is granted to the user, to its groups and to all.',
    args: name,
    result: Type.Array(Grant),
    run({ realm, args, ports }, done) {
      const user = ports.policy.user(realm, args.username);
      if (!user) return done({ error: noUser(args.username) });
      const { username } = user;
      const groups = [...ports.policy.groupsOf(realm, { username, groups: undefined })];
      const roles = [`user/${username}`, ...groups.map((group) => `group/${group}`), 'all'];
      const grants = roles.flatMap((role) => ports.inventory.grantsOf(realm, role));
      done({ value: grantViews(grants) });
    },
  }),
];

function enabling(word: 'enable' | 'disable', enabled: boolean): Operation {
  return operation({
    uri: `bondy.user.${word}`,
    access: 'realm',
    isChange: true,
    summary: enabled
      ? 'Lets the user open sessions again.'
      : 'Keeps the user from opening sessions, and ends those it has.',
    args: name,
    run(request, done) {
      const before = request.ports.inventory.userRecord(request.realm, request.args.username);
      if (!before) return done({ error: noUser(request.args.username) });
      const draft = draftFor(request);
      updateUser(draft, [], before, { enabled }, undefined);
      store(request, draft, [userTopic(before, TOPICS.userUpdated)], nothing, done);
    },
  });
}

/** Of one user, of several, or of `all`. */
function grouping(
  word: string,
  groupSchema: typeof NameOrNames | typeof NameText,
  isAdded: boolean,
): Operation {
  return operation({
    uri: `bondy.user.${word}`,
    access: 'realm',
    isChange: true,
    summary: isAdded ? 'Puts users into groups.' : 'Takes users out of groups.',
    args: { usernames: Type.Union([NameText, AllOrNames]), groups: groupSchema },
    run(request, done) {
      const { realm, args, ports } = request;
      const users = usersNamed(ports, realm, args.usernames);
      if ('error' in users) return done(users);
      const draft = draftFor(request);
      const given = listOf(args.groups);
      const groups = isAdded ? draft.groupsFrom(['groups'], given) : given.map(fold);
      for (const { username, groups: before } of users.list) {
        const after = isAdded
          ? [...new Set([...before, ...groups])]
          : before.filter((group) => !groups.includes(group));
        draft.membership('user', username, before, after);
      }
      const topics = users.list.map((user) => userTopic(user, TOPICS.userUpdated));
      store(request, draft, topics, nothing, done);
    },
  });
}

function usersNamed(
  ports: ManagementPorts,
  realm: string,
  given: string | readonly string[],
): { readonly list: readonly EffectiveUser[] } | { readonly error: ApiError } {
  if (given === 'all') return { list: [...ports.inventory.users(realm)] };
  const list: EffectiveUser[] = [];
  for (const each of listOf(given)) {
    const user = ports.policy.user(realm, each);
    if (!user) return { error: typeof given === 'string' ? noUser(each) : noUsers(each) };
    list.push(user);
  }
  return { list };
}

const passwordArgs = { ...name, new_password: Password, old_password: Type.Optional(Password) };

function changePassword(
  request: Request<typeof passwordArgs, TProperties>,
  done: (outcome: Outcome) => void,
): void {
  const { realm, args, caller, ports } = request;
  const user = ports.policy.user(realm, args.username);
  const record = user && ports.inventory.userRecord(realm, user.username);
  if (!user || !record) return done({ error: noUser(args.username) });
  const fixed = whyFixed(request);
  if (fixed) return done({ error: fixed });
  const change = (): void =>
    withPassword(request, { password: args.new_password }, record.ssoRealmUri, done, (password) => {
      const now = ports.inventory.userRecord(realm, user.username);
      if (!now) return done({ error: noUser(args.username) });
      const draft = draftFor(request);
      updateUser(draft, [], now, {}, password);
      const topics = [userTopic(record, TOPICS.userCredentialsChanged)];
      store(request, draft, topics, () => NOTHING, done);
    });
  const isOwn =
    fold(caller.realm) === realm &&
    caller.username !== undefined &&
    fold(caller.username) === user.username;
  if (record.ssoRealmUri !== null && !isOwn && !caller.isMaster) {
    return done({
      error: apiError('notAllowed', whyNotFromHere(user.username, record.ssoRealmUri)),
    });
  }
  const wrong = apiError('badSignature', 'the old password is another one');
  if (args.old_password === undefined) {
    // Who finds somebody's session open must not be able to keep its owner out.
    return isOwn && user.password ? done({ error: wrong }) : change();
  }
  if (!user.password) return done({ error: wrong });
  const { password: options } = ports.policy.realm(realm)!;
  ports.passwords.verify(args.old_password, user.password, options, (verified) => {
    if (verified === 'right') return change();
    if (verified === 'wrong') return done({ error: wrong });
    done({ error: apiError('unavailable', 'the old password could not be checked') });
  });
}

/** Derived as the realm that keeps it wants it. */
function withPassword(
  { realm, ports }: Pick<Request<TProperties, TProperties>, 'realm' | 'ports'>,
  { password }: Pick<Static<typeof UserUpdate>, 'password'>,
  ssoRealm: string | null | undefined,
  done: (outcome: Outcome) => void,
  go: (password: StoredPassword | undefined) => void,
): void {
  if (typeof password !== 'string') return go(undefined);
  const { policy } = ports;
  const home = (ssoRealm ? policy.realm(fold(ssoRealm)) : undefined) ?? policy.realm(realm);
  if (!home) return done({ error: apiError('noSuchRealm', `there is no realm ${realm}`) });
  const wanted = [{ key: 0, password, options: home.password, path: 'password' }];
  derivePasswords(ports, wanted, (derived) => go(derived.get(0)), done);
}

function shown(ports: ManagementPorts, realm: string, username: string): Outcome {
  const user = ports.policy.user(realm, username);
  return user ? { value: userView(user) } : { error: noUser(username) };
}

function userTopic(
  { realm, username }: Pick<UserRecord, 'realm' | 'username'>,
  topic: string,
): Topic {
  return { realm, topic, args: [realm, username] };
}

function listOf(given: string | readonly string[]): readonly string[] {
  return typeof given === 'string' ? [given] : given;
}

function noUser(username: string): ApiError {
  return apiError('notFound', `there is no user ${username}`);
}

function noUsers(username: string): ApiError {
  return { ...apiError('noSuchUsers', `there is no user ${username}`), path: 'usernames' };
}
