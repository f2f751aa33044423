/** Mistakes in documents, in the words that say which field is wrong and what it must be. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Dict } from '../../../runtime/wamp/message.ts';
import { World } from './world.ts';

const REALM = 'com.example.one';

function mistakes(document: Dict): readonly string[] {
  const { problems = [] } = new World().refused('bondy.realm.create', [
    { uri: REALM, ...document },
  ]);
  return problems.map(({ path, message }) => `${path} ${message}`);
}

describe('a field that may be of several kinds', () => {
  it('says its bounds to a value of one of them, and the kinds to a value of none', () => {
    const limits = (max_sessions: Dict['x']) => mistakes({ limits: { max_sessions } });
    const path = 'limits.max_sessions must be integer';
    assert.deepEqual(limits(0), [`${path} to be greater or equal to 1`]);
    assert.deepEqual(limits('many'), [`${path} or null`]);
    assert.deepEqual(mistakes({ users: [{ username: 'user1', password: '' }] }), [
      'users[0].password must have at least 1 characters',
    ]);
    assert.deepEqual(mistakes({ sources: [{ usernames: 'some', authmethod: 'ticket' }] }), [
      'sources[0].usernames must be "all" or a list',
    ]);
  });
});

describe('a list that is too long', () => {
  it('is told as such, without what is wrong with each of its entries', () => {
    const authmethods = Array.from({ length: 1_000 }, (_, i) => `method${i}`);
    assert.deepEqual(mistakes({ authmethods, users: 7 }), [
      'authmethods must have at most 32 entries',
      'users must be array',
    ]);
  });
});

describe('an issuer of tokens', () => {
  const ISSUER = { issuer: 'https://issuer.example', audience: 'bondy' };
  const issuer = (more: Dict) => mistakes({ info: { oauth2: { ...ISSUER, ...more } } });
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: 'x' };

  it('that could vouch for nobody is a mistake, and not a method that is never there', () => {
    assert.deepEqual(mistakes({ info: { oauth2: {} } }), [
      'info.oauth2.issuer is missing',
      'info.oauth2.audience is missing',
    ]);
    assert.deepEqual(issuer({}), ['info.oauth2 needs the keys of the issuer: jwks_uri or jwks']);
    assert.deepEqual(issuer({ jwks_uri: 'http://issuer.example/keys' }), [
      "info.oauth2.jwks_uri must be string to match '^https://'",
    ]);
    assert.deepEqual(issuer({ jwks: { keys: [] } }), [
      'info.oauth2.jwks.keys must have at least 1 entries',
    ]);
    assert.match(
      issuer({ jwks: { keys: [jwk] }, algorithms: ['none'] })[0]!,
      /algorithms\[0\] must/,
    );
    assert.match(issuer({ jwks: { keys: [jwk] }, algorithms: ['HS256'] })[0]!, /algorithms\[0\]/);
    assert.deepEqual(issuer({ jwks: { keys: [jwk] }, roles_claim: 'groups' }), [
      'info.oauth2.roles_claim is not a known field',
    ]);
  });

  it('does not show its own secrets', () => {
    const { keys } = { keys: [jwk, { ...jwk, d: 'd' }, { kty: 'oct', k: 'k' }] };
    assert.deepEqual(issuer({ jwks: { keys } }), [
      'info.oauth2.jwks.keys[1] is a secret: give the public key',
      'info.oauth2.jwks.keys[2] is a secret: give the public key',
    ]);
  });

  it('stands in a realm beside what else there is to know', () => {
    const world = new World();
    const info = { oauth2: { ...ISSUER, jwks: { keys: [jwk] } }, oidc_providers: {}, note: 1 };
    world.ok('bondy.realm.create', [{ uri: REALM, info }]);
    const shown = (world.ok('bondy.realm.get', [REALM]) as Dict)['info'];
    assert.equal(JSON.stringify(shown), JSON.stringify(info));
  });
});
