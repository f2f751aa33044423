/** Tickets on one node: who gets which, and what each is good for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writtenClaims } from '../../../../actors/security/tickets/claims.ts';
import type { TicketRefusal } from '../../../../actors/security/tickets/issuing.ts';
import { TICKETS_DEFAULTS } from '../../../../actors/security/tickets/config.ts';
import { makeSigningKey } from '../../../../runtime/crypto/signing-key.ts';
import { grant, key, PASSWORD, realm, user } from '../policy/records.ts';
import { ANN, CLOSED, DEPOT, jws, oneNode, SHOP, SSO, START, SUE } from './world.ts';
import type { TestNode } from './world.ts';

function refusal(node: TestNode, ...what: Parameters<TestNode['issue']>): TicketRefusal {
  const answer = node.issue(...what);
  assert('error' in answer, 'it was issued');
  return answer;
}

function claimsOf(node: TestNode, ...what: Parameters<TestNode['issue']>) {
  const answer = node.issue(...what);
  assert('claims' in answer, JSON.stringify(answer));
  return answer.claims;
}

describe('a ticket', () => {
  it('says what Bondy’s say', () => {
    const node = oneNode();
    const claims = claimsOf(node, ANN, { deviceId: 'Phone' });
    const kid = [...node.policy.facts(SHOP)!.realmKeys.keys()][0];
    assert.deepEqual(writtenClaims(claims), {
      ...{ id: 'a-1', authrealm: SHOP, authid: 'ann', authmethod: 'password', kid },
      ...{ issued_by: 'ann', issued_on: 'a', at: START, password_at: START },
      ...{ issued_at: START / 1_000, expires_at: START / 1_000 + 30 * 86_400 },
      scope: { realm: SHOP, client_id: null, device_id: 'phone' },
    });
  });

  it('opens sessions of its user, and tells them by which it was', () => {
    const node = oneNode();
    const checked = node.enter(SHOP, 'ann', node.ticket(ANN));
    const scope = { realm: SHOP, clientId: null, deviceId: null };
    const expiresAt = START / 1_000 + 30 * 86_400;
    assert.deepEqual(checked, {
      kind: 'valid',
      ticket: { id: 'a-1', authrealm: SHOP, authid: 'ann', scope, at: START, expiresAt },
      authextra: {
        authmethod_details: {
          ...{ id: 'a-1', authrealm: SHOP },
          scope: { realm: SHOP, client_id: null, device_id: null },
        },
      },
    });
  });

  it('of who acts in some groups is good for these', () => {
    const node = oneNode();
    const checked = node.enter(SHOP, 'ann', node.ticket({ ...ANN, groups: ['night'] }));
    assert.deepEqual(checked.kind === 'valid' && checked.groups, ['night']);
  });

  it('is good to the last millisecond before it expires, and not after', () => {
    const node = oneNode();
    const ticket = node.ticket(ANN, { expiry: 60 });
    node.now = START + 59_999;
    assert(node.lets(SHOP, 'ann', ticket));
    node.now = START + 60_000;
    assert.equal(node.why(SHOP, ticket), 'the ticket has expired');
    assert(!node.lets(SHOP, 'ann', ticket));
    assert.deepEqual(node.counted.slice(-1), ['tickets_refused']);
  });

  it('is never good for longer than the configuration allows', () => {
    const node = oneNode();
    node.config = { ...TICKETS_DEFAULTS, maxExpiryMs: 10_000 };
    const claims = claimsOf(node, ANN, { expiry: 10 ** 12 });
    assert.equal(claims.expiresAt - claims.issuedAt, 10);
  });

  it('is refused to another user, in another realm, and signed by a key that is not its realm’s', () => {
    const node = oneNode();
    const issued = node.issue(ANN);
    assert('ticket' in issued);
    assert(!node.lets(SHOP, 'app', issued.ticket));
    assert(!node.lets(DEPOT, 'ann', issued.ticket));
    assert.equal(node.why(DEPOT, issued.ticket), 'the ticket is of another realm');
    const depot = [...node.policy.facts(DEPOT)!.realmKeys.values()][0]!;
    for (const [claims, by] of [
      [issued.claims, makeSigningKey()],
      [{ ...issued.claims, kid: depot.kid }, depot],
      [{ ...issued.claims, kid: depot.kid, authrealm: DEPOT }, depot],
    ] as const) {
      const forged = jws.sign(writtenClaims(claims), { ...by, kid: by.kid });
      assert(!node.lets(SHOP, 'ann', forged));
    }
  });

  it('whose claims do not fit together is none, although it is signed', () => {
    const node = oneNode();
    const issued = node.issue(ANN);
    assert('claims' in issued);
    const [signer] = [...node.policy.facts(SHOP)!.realmKeys.values()];
    const good = writtenClaims(issued.claims);
    for (const change of [
      { expires_at: good['issued_at'] },
      { expires_at: '9999999999' },
      { expires_at: 1e300 },
      { at: 1 },
      { kid: 'other' },
      { scope: null },
      { scope: { realm: '', client_id: null, device_id: null } },
      { authroles: ['a', 1] },
      { id: undefined },
    ]) {
      const ticket = jws.sign({ ...good, ...change }, signer!);
      assert.equal(node.why(SHOP, ticket), 'the ticket is no ticket', JSON.stringify(change));
    }
  });

  it('for all realms is none, if its realm is no SSO realm, nor if it is signed by a key to encrypt for', () => {
    const node = oneNode();
    const issued = node.issue(ANN);
    assert('claims' in issued);
    const [signer] = [...node.policy.facts(SHOP)!.realmKeys.values()];
    const claims = { ...issued.claims, scope: { ...issued.claims.scope, realm: null } };
    assert.equal(
      node.why(SHOP, jws.sign(writtenClaims(claims), signer!)),
      'the ticket is of another realm',
    );
    const other = makeSigningKey();
    node.write([{ ...signer!, ...other, use: 'encrypt' }]);
    const signed = jws.sign(writtenClaims({ ...issued.claims, kid: other.kid }), other);
    assert.equal(node.why(SHOP, signed), 'the ticket is not signed by a key of its realm');
  });

  it('for a device is not good for one that says it is another', () => {
    const node = oneNode();
    const ticket = node.ticket(ANN, { clientId: 'app', deviceId: 'phone' });
    for (const [authextra, isLetIn] of [
      [{}, true],
      [{ client_id: 'App', device_id: 'phone' }, true],
      [{ client_id: 'other' }, false],
      [{ device_id: 'tablet' }, false],
      [{ device_id: 7 }, false],
    ] as const) {
      assert.equal(node.lets(SHOP, 'ann', ticket, authextra), isLetIn, JSON.stringify(authextra));
    }
    assert(!node.lets(SHOP, 'ann', node.ticket(ANN), { client_id: 'app' }));
  });
});

describe('who signs on once', () => {
  it('enters all realms of its SSO realm with one ticket, that realm among them', () => {
    const node = oneNode();
    const ticket = node.ticket(SUE);
    assert.deepEqual(
      [SHOP, DEPOT, SSO].map((uri) => node.lets(uri, 'sue', ticket)),
      [true, true, true],
    );
  });

  it('does not enter a realm that the SSO realm does not serve, or serves no more', () => {
    const node = oneNode();
    const ticket = node.ticket(SUE);
    assert(!node.lets(CLOSED, 'sue', ticket));
    node.write([realm(SSO, { isSsoRealm: true, allowedRealms: [SHOP] })]);
    assert(node.lets(SHOP, 'sue', ticket));
    assert(!node.lets(DEPOT, 'sue', ticket));
  });

  it('may ask for a ticket of one realm, and gets no other with that one', () => {
    const node = oneNode();
    const ticket = node.ticket(SUE, { allowSso: false });
    assert(node.lets(SHOP, 'sue', ticket));
    assert(!node.lets(DEPOT, 'sue', ticket));
    const scope = claimsOf(node, SUE, { allowSso: false }).scope;
    const renewed = claimsOf(node, { ...SUE, authmethod: 'ticket', scope });
    assert.equal(renewed.scope.realm, SHOP);
  });

  it('gets nothing by a ticket of a realm that calls itself SSO realm', () => {
    const node = oneNode();
    const [signer] = [...node.policy.facts(DEPOT)!.realmKeys.values()];
    const issued = node.issue(SUE);
    assert('claims' in issued);
    const forged = { ...issued.claims, authrealm: DEPOT, kid: signer!.kid };
    assert(!node.lets(SHOP, 'sue', jws.sign(writtenClaims(forged), signer!)));
  });
});

describe('tickets are issued', () => {
  it('only to users who have proven who they are, by a method that may', () => {
    const node = oneNode();
    for (const holder of [
      { ...ANN, username: undefined, authmethod: 'anonymous' },
      { ...ANN, authmethod: 'anonymous' },
      { ...ANN, authmethod: 'oauth2' },
      { ...ANN, authmethod: undefined },
      { ...ANN, authmethod: 'ticket' },
      { ...ANN, isVouchedFor: true },
      { ...ANN, username: 'nobody' },
    ]) {
      assert.equal(refusal(node, holder).error, 'notAuthorized', JSON.stringify(holder));
    }
    node.config = { ...TICKETS_DEFAULTS, authmethods: ['wampcra', 'cryptosign'] };
    assert.equal(refusal(node, ANN).error, 'notAuthorized');
    node.ticket(SUE);
  });

  for (const [kind, holder, wish] of [
    ['local', ANN, {}],
    ['client_local', ANN, { clientId: 'app' }],
    ['sso', SUE, {}],
    ['client_sso', SUE, { clientId: 'app' }],
  ] as const) {
    it(`of the kind ${kind} to who has bondy.issue on bondy.ticket.scope.${kind}`, () => {
      const node = oneNode();
      const all = { role: 'all', uri: 'bondy.ticket.scope.' };
      node.write([{ ...grant(all.role, 'bondy.issue', all.uri, { realm: SHOP }), held: false }]);
      assert.equal(refusal(node, holder, wish).error, 'notAuthorized');
      const one = `bondy.ticket.scope.${kind}`;
      node.write([grant('all', 'bondy.issue', one, { realm: SHOP })]);
      node.ticket(holder, wish);
    });
  }

  it('to a client that shows its own ticket, and not to one that has it from another client', () => {
    const node = oneNode();
    const app = { ...ANN, username: 'app' };
    const clientTicket = node.ticket(app, { deviceId: 'kiosk' });
    const { scope, issuedBy } = claimsOf(node, ANN, { clientTicket });
    assert.deepEqual(
      [scope, issuedBy],
      [{ realm: SHOP, clientId: 'app', deviceId: 'kiosk' }, 'app'],
    );
    const nested = node.ticket(app, { clientId: 'other' });
    assert.equal(refusal(node, ANN, { clientTicket: nested }).error, 'invalidRequest');
    assert.equal(refusal(node, app, { clientTicket }).error, 'invalidRequest');
    assert.equal(refusal(node, ANN, { clientTicket, clientId: 'x' }).error, 'invalidRequest');
    assert.equal(refusal(node, ANN, { clientTicket: 'x.y.z' }).error, 'invalidArgument');
    assert.equal(refusal(node, ANN, { clientId: 'ANN' }).error, 'invalidRequest');
    assert.equal(refusal(node, ANN, { clientId: 'a b' }).path, 'client_id');
    const entered = { ...ANN, authmethod: 'ticket', scope };
    assert.equal(refusal(node, entered).error, 'invalidRequest');
  });

  it('up to so many a user; one that replaces another is none more, and expired ones are none', () => {
    const node = oneNode();
    node.config = { ...TICKETS_DEFAULTS, maxPerUser: 2 };
    node.ticket(ANN, { deviceId: 'one' });
    node.ticket(ANN, { deviceId: 'two', expiry: 10 });
    assert.equal(refusal(node, ANN, { deviceId: 'three' }).error, 'limitExceeded');
    node.ticket(ANN, { deviceId: 'one' });
    node.now += 10_000;
    node.ticket(ANN, { deviceId: 'three' });
  });

  it('not at all when the row is not stored', () => {
    const node = oneNode();
    node.broken = true;
    assert.equal(refusal(node, ANN).error, 'unavailable');
  });

  it('not where no key of the realm can be opened; those of other nodes are good there', () => {
    const node = oneNode();
    const ticket = node.ticket(ANN);
    node.isSealed = true;
    assert.match(refusal(node, ANN).message, /can open no key of com\.shop/);
    assert(node.lets(SHOP, 'ann', ticket));
  });

  it('in a realm that had no key to sign with', () => {
    const node = oneNode();
    const [first] = [...node.policy.facts(SHOP)!.realmKeys.values()];
    const old = node.ticket(ANN);
    node.write([{ ...first!, held: false }]);
    assert(!node.lets(SHOP, 'ann', old), 'its key was taken back');
    assert(node.lets(SHOP, 'ann', node.ticket(ANN)));
  });
});

describe('a ticket is good no more', () => {
  it('when it was revoked; the next one is', () => {
    const node = oneNode();
    const ticket = node.ticket(ANN);
    const other = node.ticket(ANN, { deviceId: 'phone' });
    assert.equal(node.revoke(SHOP, ticket), 'revoked');
    assert.equal(node.why(SHOP, ticket), 'the ticket was revoked');
    assert.equal(node.revoke(SHOP, ticket), 'over');
    assert(node.lets(SHOP, 'ann', other));
    assert(node.lets(SHOP, 'ann', node.ticket(ANN)));
    assert(!node.lets(SHOP, 'ann', ticket), 'the first stays revoked');
  });

  it('when another took its place', () => {
    const node = oneNode();
    const first = node.ticket(ANN);
    const second = node.ticket(ANN);
    assert.equal(node.why(SHOP, first), 'the ticket was replaced by another');
    assert.equal(node.revoke(SHOP, first), 'revoked', 'its sessions may be there');
    assert.equal(node.why(SHOP, first), 'the ticket was revoked');
    assert.equal(node.revoke(SHOP, first), 'over');
    assert(node.lets(SHOP, 'ann', second), 'who revokes an old one does not end the new one');
  });

  it('when all were revoked, in the same millisecond too; later ones are', () => {
    const node = oneNode();
    const [local, client] = [node.ticket(ANN), node.ticket(ANN, { clientId: 'app' })];
    node.revokeAll(SHOP, 'Ann');
    assert(!node.lets(SHOP, 'ann', local) && !node.lets(SHOP, 'ann', client));
    assert(node.lets(SHOP, 'ann', node.ticket(ANN)));
  });

  it('in one realm, when all were revoked there; in all, when they were in the SSO realm', () => {
    const node = oneNode();
    const ticket = node.ticket(SUE);
    node.revokeAll(DEPOT, 'sue');
    assert(!node.lets(DEPOT, 'sue', ticket) && node.lets(SHOP, 'sue', ticket));
    node.revokeAll(SSO, 'sue');
    assert(!node.lets(SHOP, 'sue', ticket));
  });

  const ann = { realm: SHOP, password: PASSWORD, passwordAt: 1 };
  const sue = { password: PASSWORD, passwordAt: 1 };
  for (const [what, ...changes] of [
    ['its user has another password', [user('ann', { ...ann, passwordAt: 2 })]],
    [
      'its user was disabled, even if it may enter again',
      [user('ann', { ...ann, enabled: false })],
      [user('ann', ann)],
    ],
    ['its user was made anew', [user('ann', { ...ann, held: false })], [user('ann', ann)]],
    [
      'a key of its user was taken back',
      [key('ann', 'ab'.repeat(32), { realm: SHOP })],
      [key('ann', 'ab'.repeat(32), { realm: SHOP, held: false })],
    ],
    [
      'its realm was made anew',
      [realm(SHOP, { held: false })],
      [realm(SHOP, { ssoRealmUri: SSO }), user('ann', ann)],
    ],
  ] as const) {
    it(`when ${what}`, () => {
      const node = oneNode();
      const ticket = node.ticket(ANN);
      for (const records of changes) assert.equal(node.write(records), undefined);
      assert(!node.lets(SHOP, 'ann', ticket));
    });
  }

  it('anywhere, when the user of the SSO realm has another password or was disabled', () => {
    for (const change of [
      { ...sue, passwordAt: 2 },
      { ...sue, enabled: false },
    ]) {
      const node = oneNode();
      const ticket = node.ticket(SUE);
      node.write([user('sue', { realm: SSO, ...change })]);
      assert(!node.lets(SHOP, 'sue', ticket) && !node.lets(DEPOT, 'sue', ticket));
    }
  });

  it('in one realm only, when an SSO user was disabled there', () => {
    const node = oneNode();
    const ticket = node.ticket(SUE);
    node.write([user('sue', { realm: SHOP, ssoRealmUri: SSO, enabled: false })]);
    assert(!node.lets(SHOP, 'sue', ticket) && node.lets(DEPOT, 'sue', ticket));
    node.write([user('sue', { realm: SHOP, ssoRealmUri: SSO })]);
    assert(!node.lets(SHOP, 'sue', ticket) && node.lets(DEPOT, 'sue', ticket));
  });
});

it('a ticket stays good when something else of its user changes', () => {
  const node = oneNode();
  const ticket = node.ticket(ANN);
  const ann = node.policy.facts(SHOP)!.users.get('ann')!;
  node.write([{ ...ann, meta: { shoe: 43 } }, key('ann', 'ab'.repeat(32), { realm: SHOP })]);
  assert(node.lets(SHOP, 'ann', ticket));
});
