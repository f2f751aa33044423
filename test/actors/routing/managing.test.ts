/** What the admin API asks of a router is answered once, also when the router dies before it has the answer. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AskedByManagement, Member } from '../../../actors/routing/api.ts';
import type { Dealer } from '../../../actors/routing/dealer/dealer.ts';
import type { ManagingParts } from '../../../actors/routing/managing.ts';
import { Managing } from '../../../actors/routing/managing.ts';
import { replyTo } from '../../../actors/routing/meta.ts';
import type { ApiOutcome } from '../../../actors/management/api.ts';
import { codecs } from '../../../runtime/wamp/codecs.ts';

/** One router's; the rows are the realm's. */
function managing(asked: Map<Member, AskedByManagement>): Managing {
  const parts = { link: undefined, asked, codec: codecs.cbor } as Partial<ManagingParts>;
  return new Managing(parts as ManagingParts);
}

/** A dealer that has to ask other nodes. */
class SlowDealer {
  asker: Member | undefined;
  askOwn(asker: Member): void {
    this.asker = asker;
  }
}

function question(outcomes: ApiOutcome[]): AskedByManagement {
  return {
    kind: 'asked',
    procedure: 'wamp.session.get',
    args: [1],
    kwargs: {},
    session: undefined,
    answer: (outcome) => outcomes.push(outcome),
  };
}

it('a router that dies leaves its questions to the next one, which says that they failed', () => {
  const rows = new Map<Member, AskedByManagement>();
  const outcomes: ApiOutcome[] = [];
  const dealer = new SlowDealer();
  const first = managing(rows);
  first.asked(question(outcomes), dealer as unknown as Dealer);
  assert(first.isAsker(dealer.asker!));
  const second = managing(rows);
  second.recover();
  assert.equal(outcomes.length, 1);
  const [outcome] = outcomes;
  assert(outcome?.kind === 'error');
  assert.equal(outcome.error.uri, 'wamp.error.unavailable');
  assert(!second.isAsker(dealer.asker!), 'what other nodes still answer is for nobody');
  replyTo(dealer.asker!, 1, { args: ['late'] });
  second.recover();
  assert.equal(outcomes.length, 1);
});

it('a question that was answered is no question of the next router', () => {
  const rows = new Map<Member, AskedByManagement>();
  const outcomes: ApiOutcome[] = [];
  const dealer = new SlowDealer();
  managing(rows).asked(question(outcomes), dealer as unknown as Dealer);
  replyTo(dealer.asker!, 1, { args: ['done'] });
  const [outcome] = outcomes;
  assert(outcome?.kind === 'result');
  assert.deepEqual(outcome.args, ['done']);
  managing(rows).recover();
  assert.equal(outcomes.length, 1);
});
