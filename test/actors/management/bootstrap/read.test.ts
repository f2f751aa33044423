/** The bootstrap file as text: variables of the environment, mistakes with their paths, who comes first. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readBootstrap } from '../../../../actors/management/bootstrap/read.ts';

function problemsOf(value: unknown, environment: Readonly<Record<string, string>> = {}) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const read = readBootstrap(text, environment);
  assert.equal(read.kind, 'mistakes');
  return read.kind === 'mistakes'
    ? read.problems.map((each) => `${each.path}: ${each.message}`)
    : [];
}

function realmsOf(value: unknown, environment: Readonly<Record<string, string>> = {}) {
  const read = readBootstrap(JSON.stringify(value), environment);
  assert.equal(read.kind, 'realms', JSON.stringify(read));
  return read.kind === 'realms' ? read.realms : [];
}

describe('variables of the environment', () => {
  it('are replaced in texts and nowhere else, and cannot break out of their quotes', () => {
    const hostile = '", "security_enabled": false, "x": "';
    const [realm] = realmsOf(
      [{ uri: 'com.example.${NAME}', description: '$${NAME} ${HOSTILE} $NAME {NAME}' }],
      { NAME: 'app', HOSTILE: hostile },
    );
    assert.equal(realm?.document.uri, 'com.example.app');
    assert.equal(realm.document.description, `\${NAME} ${hostile} $NAME {NAME}`);
    assert.equal(realm.document.security_enabled, undefined);
  });

  it('that are missing are mistakes, each with its path; so are names that are none', () => {
    const realm = { uri: 'com.example', users: [{ username: 'me', password: '${PASSWORD}' }] };
    assert.deepEqual(problemsOf([realm, { uri: 'com.${}' }]), [
      '[0].users[0].password: the environment has no variable PASSWORD',
      '[1].uri: the environment has no variable ',
    ]);
  });

  it('that are missing are told with what else is wrong', () => {
    const realm = { uri: 'com.example', users: [{ username: '${ME}', passwrd: 'x' }] };
    assert.deepEqual(
      problemsOf([realm]).map((each) => each.split(':')[0]),
      ['[0].users[0].username', '[0].users[0].passwrd'],
    );
  });
});

describe('mistakes', () => {
  it('are all told, with the path of the field', () => {
    assert.deepEqual(
      problemsOf([
        { uri: 'com.a', authmethods: ['wampcra', 'magic'], secuirty_enabled: true },
        { description: 7 },
        'com.b',
      ]).map((each) => each.split(':')[0]),
      ['[0].secuirty_enabled', '[0].authmethods[1]', '[1].uri', '[1].description', '[2]'],
    );
  });

  it('of the file as a whole are told', () => {
    const cut = '[{"users":[{"username":"user1","password":my-secret}]}]';
    assert.deepEqual(problemsOf(cut), [': is not JSON from line 1, column 43 on']);
    assert.deepEqual(problemsOf('{"uri":"com.a"}'), [': must be a list of realms']);
    assert.match(problemsOf(`${'['.repeat(500)}${']'.repeat(500)}`)[0]!, /too deep/);
    const many = Array.from({ length: 1_001 }, (_, i) => ({ uri: `com.r${i}` }));
    assert.match(problemsOf(many)[0]!, /more than 1000 realms/);
  });

  it('are realms that are there twice, and names that pollute prototypes', () => {
    const twice = [{ uri: 'com.a' }, { uri: 'COM.A' }];
    assert.deepEqual(problemsOf(twice), ['[1].uri: is the realm of [0], too']);
    assert.match(problemsOf('[{"uri":"com.a","__proto__":{"x":1}}]')[0]!, /__proto__/);
    assert.equal(({} as { x?: number }).x, undefined);
  });
});

describe('the order', () => {
  it('has prototypes and SSO realms first, whatever the order in the file', () => {
    const realms = realmsOf([
      { uri: 'com.app', prototype_uri: 'com.proto', sso_realm_uri: 'com.sso' },
      { uri: 'com.sso', prototype_uri: 'com.proto', is_sso_realm: true },
      { uri: 'com.proto', is_prototype: true },
    ]);
    const uris = realms.map(({ document }) => document.uri);
    assert.deepEqual(uris, ['com.proto', 'com.sso', 'com.app']);
    assert.deepEqual(
      realms.map(({ index }) => index),
      [2, 1, 0],
    );
  });

  it('cannot be had where realms refer to each other in a circle', () => {
    const circle = [
      { uri: 'com.a', prototype_uri: 'com.b' },
      { uri: 'com.b', sso_realm_uri: 'com.c' },
      { uri: 'com.c', prototype_uri: 'com.a' },
    ];
    assert.deepEqual(problemsOf(circle), ['[2].prototype_uri: com.a refers back to this realm']);
  });
});
