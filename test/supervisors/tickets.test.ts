/** What is left of tickets that are over, on a real node. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TestContext } from 'node:test';
import type { TicketRecord } from '../../actors/security/records.ts';
import { keyOf } from '../../actors/security/policy/rows.ts';
import { commit, openRealm } from '../support/security.ts';
import { startTestNode } from '../support/start.ts';

const SHOP = 'com.example.shop';
const PATIENCE_MS = 20_000;

function row(deviceId: string, expiresAt: number): TicketRecord {
  const scope = { realm: SHOP, clientId: null, deviceId };
  return {
    kind: 'ticket',
    held: true,
    at: 0,
    realm: SHOP,
    authid: 'ann',
    scope,
    id: '1',
    expiresAt,
    since: 0,
  };
}

it('expired tickets are swept out, revoked ones too, and no others', async (t: TestContext) => {
  const node = await startTestNode({ 'security.ticket.collect_interval': '1s' });
  t.after(() => node.stop());
  const over = Array.from({ length: 150 }, (_, i) => row(`old${i}`, 1_000));
  const later = Math.floor(Date.now() / 1_000) + 3_600;
  const good = [row('new', later), { ...row('revoked', later), held: false }];
  const committed = await commit(node.kernel, [
    ...openRealm(SHOP),
    ...over,
    { ...row('gone', 1_000), held: false },
    ...good,
  ]);
  assert.deepEqual(committed, { kind: 'stored' });
  const deadline = Date.now() + PATIENCE_MS;
  while (node.counter('tickets_collected') < over.length + 1) {
    assert(Date.now() < deadline, `${node.counter('tickets_collected')} were collected`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // Those that are good can still be replaced as they were seen: they are there.
  const seen = new Map(good.map((record) => [keyOf(record), undefined]));
  const outcome = await commit(node.kernel, [row('other', later)], { seen });
  assert.equal(outcome.kind === 'failed' && outcome.reason, 'conflict');
  assert.equal(node.counter('tickets_not_collected'), 0);
  assert.deepEqual(node.crashes(), []);
});
