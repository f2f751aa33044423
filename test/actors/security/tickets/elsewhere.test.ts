/** Tickets on another node than that which issued them: before its rows are there, after, and when both sides act. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOver, withoutOver } from '../../../../actors/security/tickets/collecting.ts';
import { LONGEST_EXPIRY_MS, TICKETS_DEFAULTS } from '../../../../actors/security/tickets/config.ts';
import { encodeRecord, keyOf } from '../../../../actors/security/policy/rows.ts';
import type { TicketCutoffRecord } from '../../../../actors/security/records.ts';
import { PASSWORD, ticket as ticketRow, user } from '../policy/records.ts';
import { ANN, meet, SHOP, twoNodes } from './world.ts';

const LAG = TICKETS_DEFAULTS.replicationLagMs;

describe('on another node a ticket', () => {
  it('is good at once, although its row is not there, and when it is', () => {
    const [a, b] = twoNodes();
    const ticket = a.ticket(ANN);
    assert(b.lets(SHOP, 'ann', ticket));
    meet(a, b);
    b.now += LAG * 10;
    assert(b.lets(SHOP, 'ann', ticket));
  });

  it('is good without its row for the replication lag, by either clock, and no longer', () => {
    const [a, b] = twoNodes();
    const ticket = a.ticket(ANN);
    b.now = a.now + LAG;
    assert(b.lets(SHOP, 'ann', ticket));
    b.now = a.now + LAG + 1;
    assert.equal(b.why(SHOP, ticket), 'the ticket is not known here');
    b.now = a.now - LAG - 1;
    assert(!b.lets(SHOP, 'ann', ticket), 'of the far future');
  });

  it('is not good without its row where that is not allowed', () => {
    const [a, b] = twoNodes();
    b.config = { ...TICKETS_DEFAULTS, allowNotFound: false };
    const ticket = a.ticket(ANN);
    assert(!b.lets(SHOP, 'ann', ticket));
    meet(a, b);
    assert(b.lets(SHOP, 'ann', ticket));
  });

  it('is good at once although the row of the one it replaces is there', () => {
    const [a, b] = twoNodes();
    a.ticket(ANN);
    meet(a, b);
    const second = a.ticket(ANN);
    assert(b.lets(SHOP, 'ann', second));
  });

  it('is revoked by a node that has not heard of it', () => {
    const [a, b] = twoNodes();
    const ticket = a.ticket(ANN);
    assert.equal(b.revoke(SHOP, ticket), 'revoked');
    assert(!b.lets(SHOP, 'ann', ticket));
    meet(a, b);
    assert(!a.lets(SHOP, 'ann', ticket) && !b.lets(SHOP, 'ann', ticket));
  });

  it('is gone with all others, when they were revoked where it was not known', () => {
    const [a, b] = twoNodes();
    const ticket = a.ticket(ANN);
    b.now += 5;
    b.revokeAll(SHOP, 'ann');
    assert(!b.lets(SHOP, 'ann', ticket));
    meet(a, b);
    assert(!a.lets(SHOP, 'ann', ticket) && !b.lets(SHOP, 'ann', ticket));
  });

  it('that was issued after the password had changed elsewhere is good nowhere in the end', () => {
    const [a, b] = twoNodes();
    b.write([user('ann', { realm: SHOP, password: PASSWORD, passwordAt: 2 })]);
    a.now += 1_000;
    const ticket = a.ticket(ANN);
    assert(!b.lets(SHOP, 'ann', ticket));
    meet(a, b);
    assert(!a.lets(SHOP, 'ann', ticket) && !b.lets(SHOP, 'ann', ticket));
  });

  it('that was issued by the one of two new passwords that loses is good nowhere in the end', () => {
    const [a, b] = twoNodes();
    b.now += 1;
    const [lost, won] = [a, b].map((node) => {
      node.write([user('ann', { realm: SHOP, password: PASSWORD, passwordAt: 2 })]);
      node.now += 1;
      return node.ticket(ANN);
    }) as [string, string];
    assert(a.lets(SHOP, 'ann', lost) && b.lets(SHOP, 'ann', won));
    meet(a, b);
    for (const node of [a, b]) {
      assert(!node.lets(SHOP, 'ann', lost) && node.lets(SHOP, 'ann', won));
    }
  });

  it('is revoked after a merge, if one side revoked it while the other issued the next', () => {
    const [a, b] = twoNodes();
    const first = a.ticket(ANN);
    meet(a, b);
    b.revoke(SHOP, first);
    a.now += 1;
    const second = a.ticket(ANN);
    meet(a, b);
    for (const node of [a, b]) {
      assert(!node.lets(SHOP, 'ann', first) && !node.lets(SHOP, 'ann', second));
    }
    assert(a.lets(SHOP, 'ann', a.ticket(ANN)));
  });

  it('of a clock that is ahead can be revoked by one that is behind', () => {
    const [a, b] = twoNodes();
    a.now += 3_000;
    const ticket = a.ticket(ANN);
    meet(a, b);
    b.revokeAll(SHOP, 'ann');
    assert(!b.lets(SHOP, 'ann', ticket));
    assert(b.lets(SHOP, 'ann', b.ticket(ANN)), 'and the next is good');
  });

  it('that is not kept is good without a row, and is revoked all the same', () => {
    const [a, b] = twoNodes();
    const persistence = { ...TICKETS_DEFAULTS.persistence, local: false };
    for (const node of [a, b]) node.config = { ...TICKETS_DEFAULTS, persistence };
    const [first, second] = [a.ticket(ANN), a.ticket(ANN)];
    b.now += LAG * 2;
    assert(b.lets(SHOP, 'ann', first) && b.lets(SHOP, 'ann', second));
    b.revoke(SHOP, first);
    assert(!b.lets(SHOP, 'ann', first));
    a.now += LAG * 3;
    const third = a.ticket(ANN);
    assert(b.lets(SHOP, 'ann', third));
    a.revokeAll(SHOP, 'ann');
    meet(a, b);
    assert(!b.lets(SHOP, 'ann', third));
  });
});

describe('rows of tickets', () => {
  const row = ticketRow('ann', { expiresAt: 1_000 });
  const HOUR = 3_600_000;

  it('are over an hour after the ticket expired, on whatever clock', () => {
    assert(!isOver(row, 1_000_000 + HOUR));
    assert(isOver(row, 1_000_001 + HOUR));
    assert(isOver({ ...row, held: false }, 1_000_001 + HOUR));
    assert(!isOver(user('ann'), Number.MAX_SAFE_INTEGER));
  });

  it('that cut others off are over when the longest of them would be', () => {
    const cutoff: TicketCutoffRecord = {
      kind: 'ticket_cutoff',
      held: true,
      at: 7,
      realm: SHOP,
      authid: 'ann',
    };
    assert(!isOver(cutoff, 7 + LONGEST_EXPIRY_MS + HOUR));
    assert(isOver(cutoff, 8 + LONGEST_EXPIRY_MS + HOUR));
  });

  it('are left as they are if they became others meanwhile, or cannot be read', () => {
    const now = 1_000_001 + HOUR;
    const key = keyOf(row);
    assert.equal(withoutOver(key, now)(encodeRecord(row)), undefined);
    const renewed = encodeRecord({ ...row, expiresAt: 9_000 });
    assert.equal(withoutOver(key, now)(renewed), renewed);
    const other = new Uint8Array([1, 2]);
    assert.equal(withoutOver(key, now)(other), other);
  });
});
