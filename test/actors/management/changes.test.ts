/** Random operations: each is done as a whole or changes nothing, and what is shown is what was stored. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Dict, Value } from '../../../runtime/wamp/message.ts';
import { ROOT, World } from './world.ts';

const REALM = 'com.example.one';
const name = fc.constantFrom(
  'user1',
  'user2',
  'alias1',
  'staff',
  'admins',
  'all',
  'ab',
  'Ünïcode',
  '',
);
const names = fc.array(name, { maxLength: 3 });
const odd = fc.constantFrom<Value>(null, 7, 'text', true, [], { x: 1 });
const meta = fc.oneof(fc.constant({ a: 1 }), fc.constant({ deep: [[[[[[[[[[1]]]]]]]]]] }), odd);

const user = fc.record(
  {
    username: name,
    password: fc.constantFrom('secret-1', 'short'),
    groups: names,
    aliases: names,
    authorized_keys: fc.array(fc.constantFrom('ab'.repeat(32), 'nonsense'), { maxLength: 2 }),
    enabled: fc.oneof(fc.boolean(), odd),
    meta,
    sso_realm_uri: fc.constantFrom(null, 'com.example.sso'),
  },
  { requiredKeys: ['username'] },
);
const group = fc.record({ name, groups: names, meta }, { requiredKeys: ['name'] });
const source = fc.record(
  {
    usernames: fc.oneof(fc.constant('all'), names),
    authmethod: fc.constantFrom('password', 'magic'),
    cidr: fc.constantFrom('10.0.0.0/8', '::/0', '10.0.0.0/99'),
  },
  { requiredKeys: ['usernames', 'authmethod'] },
);
const grant = fc.record(
  {
    permissions: fc.array(fc.constantFrom('wamp.call', 'not a uri'), { maxLength: 2 }),
    roles: fc.oneof(fc.constant('all'), names),
    uri: fc.constantFrom('any', '', '*', 'com.example', 'com..x', 'a b'),
    match: fc.constantFrom('exact', 'prefix', 'wildcard', 'none'),
  },
  { requiredKeys: ['permissions', 'roles'] },
);
const realm = fc.record(
  {
    users: fc.array(user, { maxLength: 3 }),
    groups: fc.array(group, { maxLength: 3 }),
    sources: fc.array(source, { maxLength: 2 }),
    grants: fc.array(grant, { maxLength: 2 }),
    description: fc.constantFrom('one', 'two'),
    security_enabled: fc.oneof(fc.boolean(), odd),
    prototype_uri: fc.constantFrom(null, REALM, 'com.example.none'),
  },
  { requiredKeys: [] },
);

type Step = readonly [uri: string, args: readonly Value[]];
const step = fc.oneof(
  fc.tuple(fc.constant('bondy.user.add'), fc.tuple(fc.constant(REALM), user)),
  fc.tuple(fc.constant('bondy.user.delete'), fc.tuple(fc.constant(REALM), name)),
  fc.tuple(fc.constant('bondy.user.add_alias'), fc.tuple(fc.constant(REALM), name, name)),
  fc.tuple(fc.constant('bondy.user.remove_alias'), fc.tuple(fc.constant(REALM), name, name)),
  fc.tuple(fc.constant('bondy.user.add_groups'), fc.tuple(fc.constant(REALM), names, names)),
  fc.tuple(fc.constant('bondy.user.remove_groups'), fc.tuple(fc.constant(REALM), names, names)),
  fc.tuple(fc.constant('bondy.group.add'), fc.tuple(fc.constant(REALM), group)),
  fc.tuple(fc.constant('bondy.group.add_groups'), fc.tuple(fc.constant(REALM), name, names)),
  fc.tuple(fc.constant('bondy.group.delete'), fc.tuple(fc.constant(REALM), name)),
  fc.tuple(fc.constant('bondy.source.add'), fc.tuple(fc.constant(REALM), source)),
  fc.tuple(fc.constant('bondy.grant.create'), fc.tuple(fc.constant(REALM), grant)),
  fc.tuple(fc.constant('bondy.grant.revoke'), fc.tuple(fc.constant(REALM), grant)),
  fc.tuple(fc.constant('bondy.realm.update'), fc.tuple(fc.constant(REALM), realm)),
);

it('what is refused changes nothing and is told to nobody, whatever was asked', () => {
  let done = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const world = new World();
      world.ok('bondy.realm.create', [{ uri: REALM }]);
      for (const [uri, args] of steps as unknown as readonly Step[]) {
        const before = world.snapshot();
        const outcome = world.ask({ uri, args, kwargs: {}, caller: ROOT });
        if (outcome.kind === 'result') {
          done += 1;
          continue;
        }
        refused += 1;
        assert.deepEqual(world.snapshot(), before, uri);
        const { error } = outcome;
        assert.notEqual(error.uri, 'bondy.error.internal_error', error.message);
        assert(error.code !== '' && error.message !== '');
      }
      noCircles(world);
    }),
    { numRuns: 400 },
  );
  assert(done > 100 && refused > 100, `${done} done, ${refused} refused`);
});

/** Groups, by whatever way they came to be in each other. */
function noCircles(world: World): void {
  const parents = new Map(
    (world.ok('bondy.group.list', [REALM]) as readonly Dict[]).map(
      (each) => [each['name'] as string, each['groups'] as readonly string[]] as const,
    ),
  );
  const visit = (group: string, above: readonly string[]): void => {
    assert(!above.includes(group), `a circle: ${[...above, group].join(' in ')}`);
    for (const parent of parents.get(group) ?? []) visit(parent, [...above, group]);
  };
  for (const group of parents.keys()) visit(group, []);
}
