/**
 * Rows of users, groups and realms are written as a whole, and other nodes write them, too: what one of them took back
 * while a change was in the making here is not given again by it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ManagementPorts } from '../../../actors/management/ports.ts';
import { planOf } from '../../../actors/security/commit.ts';
import type { UserRecord } from '../../../actors/security/records.ts';
import type { Value } from '../../../runtime/wamp/message.ts';
import { World } from './world.ts';

const REALM = 'com.example.one';
const HASH = { hash: 'derived', scram: null, cra: null };

describe('what arrives from another node', () => {
  const REKEYED = {
    'bondy.user.update': [REALM, 'user1', { password: 'secret-2' }],
    'bondy.user.change_password': [REALM, 'user1', 'secret-2'],
    'bondy.realm.update': [REALM, { users: [{ username: 'user1', password: 'secret-2' }] }],
  };
  for (const [uri, args] of Object.entries<Value[]>(REKEYED)) {
    it(`while a password is derived is not undone by ${uri}`, () => {
      const world = worldWith({
        passwords: {
          make(_password, _options, done) {
            disable(world);
            done({ kind: 'made', stored: HASH });
          },
          verify: () => assert.fail('nothing is verified'),
        },
      });
      world.ok('bondy.user.add', [REALM, { username: 'user1' }]);
      world.ok(uri, args);
      const user = world.policy.user(REALM, 'user1')!;
      assert.deepEqual([user.enabled, user.password], [false, HASH]);
    });
  }

  it('before the rows are put has the change refused', () => {
    let meanwhile = (): void => undefined;
    const world = worldWith({
      writer: {
        commit(records, { seen }, done) {
          meanwhile();
          const keyFor = () => assert.fail('no realm is made');
          const plan = planOf(world.policy, records, { now: world.now, seen, keyFor });
          if (plan.kind === 'refused') return done({ ...plan, kind: 'failed', stored: [] });
          world.store(records);
          done({ kind: 'stored' });
        },
      },
    });
    world.store([userRecord(true)]);
    world.ok('bondy.user.update', [REALM, 'user1', { meta: { a: 1 } }]);
    meanwhile = () => disable(world);
    const outcome = world.ask({
      uri: 'bondy.user.update',
      args: [REALM, 'user1', { meta: { a: 2 } }],
    });
    assert(outcome.kind === 'error');
    assert.equal(outcome.error.code, 'inconsistency_error');
    assert.equal(world.policy.user(REALM, 'user1')?.enabled, false);
  });
});

function worldWith(ports: Partial<ManagementPorts>): World {
  const made = new World();
  made.ok('bondy.realm.create', [{ uri: REALM }]);
  const world = new World(ports);
  world.store([made.policy.facts(REALM)!.realm!]);
  return world;
}

function disable(world: World): void {
  world.store([userRecord(false)]);
}

function userRecord(enabled: boolean): UserRecord {
  const owner = { held: true, at: 0, since: 0, realm: REALM, username: 'user1', enabled };
  return { kind: 'user', ...owner, ssoRealmUri: null, meta: {}, password: null, passwordAt: 0 };
}
