/**
 * What becomes of sessions that a ticket has opened: which changes of rows ask about them, and which of them must end. One
 * that was replaced or has expired was not revoked, and each node comes to the same by whatever it has seen.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EntryTicket } from '../../../../actors/security/tickets/claims.ts';
import { TICKETS_DEFAULTS } from '../../../../actors/security/tickets/config.ts';
import type { Holder } from '../../../../actors/security/tickets/issuing.ts';
import { endOf, isRevoked } from '../../../../actors/security/tickets/standing.ts';
import type { SecurityRecord } from '../../../../actors/security/records.ts';
import { ANN, DEPOT, oneNode, SHOP, SSO, START, SUE, TestNode } from './world.ts';

/** Its ticket, and the session that it opens. */
function entered(node: TestNode, holder: Holder, realm = SHOP, expiry?: number) {
  const ticket = node.ticket(holder, expiry === undefined ? {} : { expiry });
  const checked = node.enter(realm, holder.username!, ticket);
  assert(checked.kind === 'valid' && checked.ticket);
  return { ticket, session: checked.ticket };
}

/** Whose sessions are asked about when another node hears of this row. */
function asked(node: TestNode, record: SecurityRecord): readonly string[] {
  return node.policy
    .apply(record)
    .flatMap((change) => (change.kind === 'tickets' ? [`${change.username} ${change.realm}`] : []));
}

const mustGo = (node: TestNode, session: EntryTicket, realm = SHOP): boolean =>
  isRevoked(node.policy, session, realm);

describe('a session that a ticket has opened', () => {
  it('must end when the ticket is revoked, and no other', () => {
    const node = oneNode();
    const { ticket, session } = entered(node, ANN);
    const other = { ...session, scope: { ...session.scope, deviceId: 'phone' } };
    assert(!mustGo(node, session));
    node.revoke(SHOP, ticket);
    assert(mustGo(node, session));
    assert(!mustGo(node, other));
  });

  it('stays when the ticket is renewed, and must end when the next one of its place is revoked', () => {
    const node = oneNode();
    const { session } = entered(node, ANN);
    node.now += 1_000;
    const { ticket } = entered(node, ANN);
    assert(!mustGo(node, session));
    node.revoke(SHOP, ticket);
    assert(mustGo(node, session));
  });

  it('must end when its ticket is revoked after it was replaced; that of the next one stays', () => {
    const node = oneNode();
    const { ticket, session } = entered(node, ANN);
    node.now += 1_000;
    const next = entered(node, ANN).session;
    node.revoke(SHOP, ticket);
    assert.deepEqual([mustGo(node, session), mustGo(node, next)], [true, false]);
  });

  it('must end when its ticket is revoked after it has expired', () => {
    const node = oneNode();
    const { ticket, session } = entered(node, ANN, SHOP, 60);
    node.now = START + 3_600_000;
    assert.equal(node.revoke(SHOP, ticket), 'revoked');
    assert(mustGo(node, session));
    const row = node.log.at(-1)!;
    assert.equal(row.kind === 'ticket' && row.expiresAt, node.now / 1_000, 'kept until all know');
  });

  it('must end when all of its user are revoked, in this realm or in its SSO realm', () => {
    const node = oneNode();
    const { session } = entered(node, SUE);
    node.revokeAll(DEPOT, 'sue');
    assert.deepEqual([mustGo(node, session, DEPOT), mustGo(node, session)], [true, false]);
    node.revokeAll(SSO, 'sue');
    assert(mustGo(node, session));
  });

  it('must end on a node that hears of the revocation together with the next ticket', () => {
    const node = oneNode();
    const { ticket, session } = entered(node, ANN);
    const away = new TestNode('b');
    for (const record of node.log) away.policy.apply(record);
    node.revoke(SHOP, ticket);
    const next = entered(node, ANN);
    assert.deepEqual(asked(away, node.log.at(-1)!), [`ann ${SHOP}`]);
    assert(mustGo(away, session));
    assert(!mustGo(away, next.session));
    assert(away.lets(SHOP, 'ann', next.ticket));
    const renewed = entered(node, ANN);
    assert.deepEqual(asked(away, node.log.at(-1)!), [], 'renewing alone asks about nobody');
    assert(!mustGo(away, next.session) && !mustGo(away, renewed.session));
  });
});

describe('who is asked about', () => {
  it('is the user, when a ticket is revoked that this node has never heard of', () => {
    const node = oneNode();
    const before = node.log.length;
    const { ticket } = entered(node, ANN);
    const [issued] = node.log.slice(before).filter(({ kind }) => kind === 'ticket');
    node.revoke(SHOP, ticket);
    const away = new TestNode('b');
    for (const record of node.log.slice(0, before)) away.policy.apply(record);
    assert.deepEqual(asked(away, node.log.at(-1)!), [`ann ${SHOP}`]);
    assert.deepEqual(asked(away, node.log.at(-1)!), [], 'once');
    assert(issued);
  });

  it('is who signs on once, wherever that is', () => {
    const node = oneNode();
    const away = new TestNode('b');
    const { ticket } = entered(node, SUE);
    for (const record of node.log) away.policy.apply(record);
    node.revoke(SHOP, ticket);
    const wherever = asked(away, node.log.at(-1)!);
    for (const realm of [SHOP, DEPOT, SSO]) assert(wherever.includes(`sue ${realm}`), realm);
    node.revokeAll(DEPOT, 'sue');
    assert.deepEqual(asked(away, node.log.at(-1)!), [`sue ${DEPOT}`]);
  });
});

it('a session ends with its ticket or the one in its place only where that is wanted', () => {
  const node = oneNode();
  const { session } = entered(node, ANN, SHOP, 60);
  const strict = { ...TICKETS_DEFAULTS, endsSessions: true };
  assert.equal(endOf(node.policy, TICKETS_DEFAULTS, session), undefined);
  assert.equal(endOf(node.policy, strict, session), START + 60_000);
  node.now = START + 30_000;
  const { session: next } = entered(node, ANN, SHOP, 60);
  assert.equal(endOf(node.policy, strict, session), START + 90_000);
  assert.equal(endOf(node.policy, strict, next), START + 90_000);
});
