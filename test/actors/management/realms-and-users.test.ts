import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Dict, Value } from '../../../runtime/wamp/message.ts';
import { World } from './world.ts';

const REALM = 'com.example.one';

function withRealm(): World {
  const world = new World();
  world.ok('bondy.realm.create', [{ uri: REALM, groups: [{ name: 'staff' }] }]);
  return world;
}

describe('realms', () => {
  it('are created with everything in their document, in any order of groups', () => {
    const world = new World();
    const realm = world.ok('bondy.realm.create', [
      {
        uri: 'COM.Example.One',
        description: 'one',
        authmethods: ['cryptosign', 'wampcra'],
        groups: [
          { name: 'g1', groups: ['g0'] },
          { name: 'g0', meta: { a: [1] } },
        ],
        users: [{ username: 'Alice', password: 'secret-1', groups: ['G1'], aliases: ['ally'] }],
        sources: [{ usernames: ['alice'], authmethod: 'wampcra', cidr: '10.1.2.3/8' }],
        grants: [
          { permissions: ['wamp.call'], roles: ['g0'], uri: 'com.example.', match: 'prefix' },
          {
            permissions: ['wamp.publish'],
            roles: 'all',
            resources: [{ uri: 'a.b' }, { uri: 'any' }],
          },
        ],
      },
    ]) as Dict;
    assert.equal(realm['uri'], REALM);
    assert.deepEqual(realm['authmethods'], ['cryptosign', 'wampcra']);
    assert.equal(realm['security_status'], 'enabled');
    const alice = { username: 'alice', groups: undefined };
    assert(world.policy.allows(REALM, alice, 'wamp.call', 'com.example.x', 'exact'));
    assert(!world.policy.allows(REALM, alice, 'wamp.register', 'com.example.x', 'exact'));
    assert(world.policy.allows(REALM, alice, 'wamp.publish', 'x', 'exact'), 'any');
    const user = world.ok('bondy.user.get', [REALM, 'ally']) as Dict;
    assert.deepEqual(
      [user['username'], user['has_password'], user['groups']],
      ['alice', true, ['g1']],
    );
    assert(!JSON.stringify(user).includes('hash of'));
    assert.deepEqual(world.events, [['com.leapsight.bondy', 'bondy.realm.created', [REALM]]]);
  });

  it('are refused as a whole, with every mistake and its path', () => {
    const world = new World();
    const error = world.refused('bondy.realm.create', [
      {
        uri: REALM,
        groups: [{ name: 'a', groups: ['b'] }, { name: 'b', groups: ['a'] }, { name: 'all' }],
        users: [{ username: 'ab' }, { username: 'user1', groups: ['nobody'] }],
        sources: [{ usernames: ['ghost'], authmethod: 'ticket', cidr: '10.0.0.0/33' }],
        grants: [{ permissions: ['wamp.call'], roles: ['ghosts'], uri: '' }],
      },
    ]);
    const paths = (error.problems ?? []).map(({ path }) => path);
    assert.deepEqual(paths, [
      'groups[2].name',
      'groups[0].groups[0]',
      'groups[1].groups[0]',
      'users[0].username',
      'users[1].groups[0]',
      'sources[0].cidr',
      'sources[0].usernames[0]',
      'grants[0].roles[0]',
    ]);
    assert.equal(error.path, 'groups[2].name');
    assert.equal(error.uri, 'bondy.error.reserved_name');
    assert.equal(error.code, 'reserved_name');
    assert.equal(world.refused('bondy.realm.get', [REALM]).uri, 'bondy.error.not_found');
  });

  it('say which field has the wrong shape', () => {
    const world = new World();
    const error = world.refused('bondy.realm.create', [
      { uri: REALM, users: [{ username: 'user1', groups: ['g', 3] }], colour: 'red' },
    ]);
    assert.equal(error.uri, 'wamp.error.invalid_argument');
    assert.deepEqual(error.problems?.map(({ path }) => path).sort(), [
      'colour',
      'users[0].groups[1]',
    ]);
  });

  it('below the master realm, twice, or with contradictions are not created', () => {
    const world = withRealm();
    const why = (document: Dict): string => world.refused('bondy.realm.create', [document]).uri;
    assert.equal(why({ uri: 'com.leapsight.bondy.x' }), 'bondy.error.not_allowed');
    assert.equal(why({ uri: REALM }), 'bondy.error.already_exists');
    assert.equal(why({ uri: 'a.b', prototype_uri: REALM }), 'bondy.error.not_found');
    assert.equal(
      why({ uri: 'a.b', is_sso_realm: true, sso_realm_uri: REALM }),
      'bondy.error.inconsistency_error',
    );
    assert.equal(
      world.refused('bondy.realm.create', ['not a uri']).uri,
      'wamp.error.invalid_argument',
    );
  });

  it('are updated field by field, and what is given again changes nothing', () => {
    const world = withRealm();
    const users = [{ username: 'user1', meta: { k: 1 } }];
    world.ok('bondy.realm.update', [REALM, { description: 'new', users }]);
    const rows = (world.snapshot() as { rows: unknown }).rows;
    world.ok('bondy.realm.update', [REALM, { description: 'new', users }]);
    assert.deepEqual((world.snapshot() as { rows: unknown }).rows, rows);
    const realm = world.ok('bondy.realm.get', [REALM]) as Dict;
    assert.equal(realm['description'], 'new');
    assert.equal(world.refused('bondy.realm.update', [REALM, { uri: 'x.y' }]).path, 'uri');
  });

  it('are deleted with force when they have users, and the master realm never', () => {
    const world = withRealm();
    world.ok('bondy.user.add', [REALM, { username: 'user1' }]);
    assert.equal(world.refused('bondy.realm.delete', [REALM]).code, 'active_users');
    world.ok('bondy.realm.delete', [REALM], { force: true });
    assert.equal(world.policy.realm(REALM), undefined);
    world.ok('bondy.realm.create', [REALM]);
    assert.deepEqual(world.ok('bondy.user.list', [REALM]), []);
    const master = world.refused('bondy.realm.delete', ['com.leapsight.bondy'], { force: true });
    assert.equal(master.code, 'not_allowed');
    const disable = world.refused('bondy.realm.security.disable', ['com.leapsight.bondy']);
    assert.equal(disable.code, 'not_allowed');
  });

  it('have their security switched and asked for', () => {
    const world = withRealm();
    world.ok('bondy.realm.security.disable', [REALM]);
    assert.equal(world.ok('bondy.realm.security.status', [REALM]), 'disabled');
    world.ok('bondy.security.enable', [REALM]);
    assert.equal(world.ok('com.bondy.realm.security.is_enabled', [REALM]), true);
  });
});

describe('users', () => {
  it('are added, shown, listed, changed and deleted', () => {
    const world = withRealm();
    world.ok('bondy.user.add', [
      REALM,
      { username: 'User1', password: 'secret-1', groups: ['staff'] },
    ]);
    world.ok('bondy.user.update', [REALM, 'user1', { meta: { a: 1 }, password: 'secret-2' }]);
    const [user] = world.ok('bondy.user.list', [REALM]) as readonly Dict[];
    assert.deepEqual(
      [user!['username'], { ...(user!['meta'] as Dict) }, user!['groups']],
      ['user1', { a: 1 }, ['staff']],
    );
    world.ok('bondy.user.delete', [REALM, 'user1']);
    assert.equal(world.refused('bondy.user.get', [REALM, 'user1']).uri, 'bondy.error.not_found');
    assert.deepEqual(
      world.events.map(([, topic]) => topic),
      [
        'bondy.realm.created',
        'bondy.user.added',
        'bondy.user.updated',
        'bondy.user.credentials_changed',
        'bondy.user.deleted',
      ],
    );
  });

  it('made anew have nothing of those before them', () => {
    const world = withRealm();
    const key = 'ab'.repeat(32);
    world.ok('bondy.user.add', [
      REALM,
      { username: 'user1', groups: ['staff'], aliases: ['alias1'], authorized_keys: [key] },
    ]);
    world.ok('bondy.user.delete', [REALM, 'user1']);
    const anew = world.ok('bondy.user.add', [REALM, { username: 'user1' }]) as Dict;
    assert.deepEqual([anew['groups'], anew['aliases'], anew['authorized_keys']], [[], [], []]);
    const again = world.ok('bondy.user.update', [REALM, 'user1', { groups: ['staff'] }]) as Dict;
    assert.deepEqual(again['groups'], ['staff']);
  });

  it('change their own password only with the old one', () => {
    const world = withRealm();
    world.ok('bondy.user.add', [REALM, { username: 'user1', password: 'secret-1' }]);
    const self = { realm: REALM, username: 'user1', isMaster: false, isAuthorized: true };
    const change = 'bondy.user.change_password';
    assert.equal(
      world.refused(change, [REALM, 'user1', 'secret-2'], {}, self).code,
      'bad_signature',
    );
    assert.equal(
      world.refused(change, [REALM, 'user1', 'secret-2', 'wrong'], {}, self).code,
      'bad_signature',
    );
    world.ok(change, [REALM, 'user1', 'secret-2', 'secret-1'], {}, self);
    world.ok(change, [REALM, 'user1', 'secret-3']);
    assert.equal(world.refused(change, [REALM, 'user1', 'abc']).path, 'password');
    assert.equal(world.events.at(-1)![1], 'bondy.user.credentials_changed');
  });

  it('have at most five aliases, which are names like others', () => {
    const world = withRealm();
    world.ok('bondy.user.add', [REALM, { username: 'user1' }]);
    world.ok('bondy.user.add', [REALM, { username: 'user2' }]);
    for (const i of [1, 2, 3, 4, 5])
      world.ok('bondy.user.add_alias', [REALM, 'user1', `alias${i}`]);
    assert.equal(
      world.refused('bondy.user.add_alias', [REALM, 'user1', 'alias6']).code,
      'property_range_limit',
    );
    assert.equal(
      world.refused('bondy.user.add_alias', [REALM, 'user2', 'Alias1']).code,
      'already_exists',
    );
    assert.equal(
      world.refused('bondy.user.add', [REALM, { username: 'alias1' }]).code,
      'already_exists',
    );
    world.ok('bondy.user.remove_alias', [REALM, 'user1', 'alias1']);
    assert.equal(
      world.refused('bondy.user.remove_alias', [REALM, 'user1', 'alias1']).code,
      'not_found',
    );
    world.ok('bondy.user.add_alias', [REALM, 'user2', 'alias1']);
  });

  it('are put into groups and taken out, one, several or all', () => {
    const world = withRealm();
    for (const username of ['user1', 'user2']) world.ok('bondy.user.add', [REALM, { username }]);
    world.ok('bondy.user.add_groups', [REALM, 'all', ['staff']]);
    world.ok('bondy.user.remove_group', [REALM, 'user1', 'staff']);
    const groups = (name: string) => (world.ok('bondy.user.get', [REALM, name]) as Dict)['groups'];
    assert.deepEqual([groups('user1'), groups('user2')], [[], ['staff']]);
    assert.equal(
      world.refused('bondy.user.add_group', [REALM, 'user1', 'none']).code,
      'no_such_groups',
    );
  });

  it('are enabled and disabled', () => {
    const world = withRealm();
    world.ok('bondy.user.add', [REALM, { username: 'user1' }]);
    world.ok('bondy.user.disable', [REALM, 'user1']);
    assert.equal(world.ok('bondy.user.is_enabled', [REALM, 'user1']), false);
    world.ok('bondy.user.enable', [REALM, 'user1']);
    assert.equal(world.ok('bondy.user.is_enabled', [REALM, 'user1']), true);
  });

  it('of an SSO realm keep their credentials there', () => {
    const world = new World();
    const sso = 'com.example.sso';
    world.ok('bondy.realm.create', [{ uri: sso, is_sso_realm: true }]);
    world.ok('bondy.realm.create', [{ uri: REALM, sso_realm_uri: sso }]);
    const added = world.ok('bondy.user.add', [
      REALM,
      { username: 'user1', password: 'secret-1', sso_realm_uri: sso },
    ]) as Dict;
    assert.equal(added['has_password'], true);
    assert.equal((world.ok('bondy.user.get', [sso, 'user1']) as Dict)['has_password'], true);
    const other = { username: 'user2', sso_realm_uri: 'com.example.other' };
    assert.equal(world.refused('bondy.user.add', [REALM, other]).code, 'invalid_sso_realm');
  });

  it('of an SSO realm are not taken over by who administers one of its realms', () => {
    const world = new World();
    const sso = 'com.example.sso';
    const boss = { username: 'boss', password: 'secret-1' };
    const grants = [{ permissions: ['wamp.call'], roles: ['clerk'], uri: '' }];
    world.ok('bondy.realm.create', [{ uri: sso, is_sso_realm: true, users: [boss] }]);
    world.ok('bondy.realm.create', [
      { uri: REALM, sso_realm_uri: sso, users: [{ username: 'clerk' }], grants },
    ]);
    const clerk = { realm: REALM, username: 'clerk', isMaster: false };
    const refused = (uri: string, ...args: readonly Value[]): unknown => {
      const { code, path } = world.refused(uri, [REALM, ...args], {}, clerk);
      return [code, path];
    };
    const mine = { password: 'secret-2', authorized_keys: ['aa'.repeat(32)] };
    const here = { username: 'boss', sso_realm_uri: sso };
    assert.deepEqual(refused('bondy.user.add', { ...here, ...mine }), ['not_allowed', 'password']);
    world.ok('bondy.user.add', [REALM, here], {}, clerk);
    const { authorized_keys: keys } = mine;
    assert.deepEqual(refused('bondy.user.update', 'boss', { authorized_keys: keys }), [
      'not_allowed',
      'authorized_keys',
    ]);
    for (const old of [[], ['secret-1']]) {
      const answer = refused('bondy.user.change_password', 'boss', 'secret-2', ...old);
      assert.deepEqual(answer, ['not_allowed', undefined]);
    }
    world.ok('bondy.user.update', [REALM, 'boss', { enabled: false }], {}, clerk);
    // It may make new ones, the user changes its own, and the master realm everybody's.
    const user = { username: 'user1', sso_realm_uri: sso, password: 'secret-1' };
    world.ok('bondy.user.add', [REALM, user], {}, clerk);
    const own = { realm: REALM, username: 'user1', isMaster: false, isAuthorized: true };
    world.ok('bondy.user.change_password', [REALM, 'user1', 'secret-3', 'secret-1'], {}, own);
    world.ok('bondy.user.change_password', [REALM, 'boss', 'secret-4']);
    // Nor does a realm that the SSO realm does not serve make any.
    world.ok('bondy.realm.update', [sso, { allowed_realms: ['com.example.other'] }]);
    assert.deepEqual(refused('bondy.user.add', { ...user, username: 'user2' }), [
      'invalid_sso_realm',
      'sso_realm_uri',
    ]);
  });
});

describe('who may', () => {
  const world = withRealm();
  const stranger = { realm: REALM, username: 'user1', isMaster: false };

  it('needs a grant on the name in the table, whatever name it is called by', () => {
    world.ok('bondy.user.add', [REALM, { username: 'user1' }]);
    const error = world.refused('com.bondy.user.list', [], {}, stranger);
    assert.equal(error.uri, 'wamp.error.not_authorized');
    world.ok('bondy.realm.update', [
      REALM,
      { grants: [{ permissions: ['wamp.call'], roles: ['user1'], uri: 'bondy.user.list' }] },
    ]);
    assert.equal((world.ok('com.bondy.user.list', [], {}, stranger) as Dict[]).length, 1);
  });

  it('is asked from other realms only if it is of the master realm', () => {
    const error = world.refused('bondy.user.list', ['com.leapsight.bondy'], {}, stranger);
    assert.equal(error.uri, 'wamp.error.not_authorized');
    const trusted = { ...stranger, isAuthorized: true };
    assert.equal(
      world.refused('bondy.realm.list', [], {}, trusted).uri,
      'wamp.error.not_authorized',
    );
    assert.equal(
      world.refused('bondy.user.list', ['no.such.realm']).uri,
      'wamp.error.no_such_realm',
    );
  });

  it('is nobody of a realm without security', () => {
    const open = withRealm();
    open.ok('bondy.realm.security.disable', [REALM]);
    const anybody = { realm: REALM, username: undefined, isMaster: false };
    const error = open.refused('bondy.user.add', [{ username: 'intruder' }], {}, anybody);
    assert.equal(error.uri, 'wamp.error.not_authorized');
  });
});

it('arguments are counted', () => {
  const world = withRealm();
  const uri = (name: string, args: readonly string[]) => world.refused(name, args).uri;
  assert.equal(uri('bondy.user.get', [REALM, 'a', 'b']), 'wamp.error.invalid_argument');
  assert.equal(uri('bondy.realm.list', ['x']), 'wamp.error.invalid_argument');
  assert.equal(uri('bondy.realm.get', []), 'wamp.error.invalid_argument');
  assert.equal(uri('bondy.oauth2.client.add', []), 'wamp.error.no_such_procedure');
});

it('a change that cannot be stored is refused and not told to anybody', () => {
  const world = withRealm();
  world.broken = 'the disk is full';
  const error = world.refused('bondy.user.add', [REALM, { username: 'user1' }]);
  assert.equal(error.uri, 'wamp.error.unavailable');
});
