/** Who waits for the store is answered once, in order, by what the store says of the rows: the core alone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type {
  Acknowledgement,
  AwaitedRow,
} from '../../../../actors/routing/replicated/acknowledgements.ts';
import { Acknowledgements } from '../../../../actors/routing/replicated/acknowledgements.ts';
import type { Id } from '../../../../runtime/wamp/message.ts';
import { testMember } from '../support.ts';
import { said } from './stored-realm.ts';

const CONFIG = { timeoutMs: 1_000, maxWaiting: 3 };

class Waiting {
  readonly rows = new Map<Id, Acknowledgement>();
  readonly awaited = { retained: new Set<string>(), recorded: new Set<string>() };
  readonly counted: string[] = [];
  now = 0;
  core = this.#start();

  restart(): void {
    this.core = this.#start();
    this.core.recover();
  }

  stored(
    name: string,
    revision: number,
    isThere = true,
    family: AwaitedRow['family'] = 'retained',
  ) {
    this.core.stored({ kind: 'stored', family, name, revision, isThere });
  }

  #start(): Acknowledgements {
    const { rows, awaited } = this;
    const count = (what: string): void => void this.counted.push(what);
    return new Acknowledgements({ rows, awaited, config: CONFIG, now: () => this.now, count });
  }
}

function row(name: string, revision: number, family: AwaitedRow['family'] = 'retained') {
  return { family, name, revision };
}

describe('acknowledgements', () => {
  it('say PUBLISHED when every row is there as it was, or later', () => {
    const waiting = new Waiting();
    const member = testMember(1);
    waiting.core.wait(member, 1, 11, [row('a', 1), row('e', 2, 'recorded')]);
    waiting.core.wait(member, 2, 12, [row('a', 3)]);
    waiting.stored('a', 2);
    waiting.stored('e', 1, true, 'recorded');
    assert.deepEqual(said(member), []);
    waiting.stored('e', 2, true, 'recorded');
    assert.deepEqual(said(member), ['published 1']);
    waiting.stored('a', 4);
    assert.deepEqual(said(member), ['published 2']);
    assert.equal(waiting.rows.size, 0);
  });

  it('say which rows they wait for, and no longer when they do not', () => {
    const waiting = new Waiting();
    const [stays, leaves] = [testMember(1), testMember(2)];
    waiting.core.wait(stays, 1, 11, [row('a', 1), row('e', 2, 'recorded')]);
    waiting.core.wait(leaves, 2, 12, [row('b', 3)]);
    assert.deepEqual([...waiting.awaited.retained], ['a', 'b']);
    waiting.core.leave(leaves);
    assert.deepEqual([...waiting.awaited.retained], ['a']);
    waiting.stored('a', 1);
    waiting.stored('e', 2, true, 'recorded');
    assert.deepEqual([waiting.awaited.retained.size, waiting.awaited.recorded.size], [0, 0]);
    assert.deepEqual([said(stays), said(leaves)], [['published 1'], []]);
  });

  it('are an error when the store does not take a row', () => {
    const waiting = new Waiting();
    const member = testMember(1);
    waiting.core.wait(member, 1, 11, [row('a', 1), row('e', 1, 'recorded')]);
    waiting.stored('a', 1, false);
    waiting.stored('e', 1, true, 'recorded');
    assert.deepEqual(said(member), ['wamp.error.unavailable 1']);
    assert.deepEqual(waiting.counted, ['acknowledgements_waited', 'acknowledgements_refused']);
  });

  it('are late one after the other, each when its time is over', () => {
    const waiting = new Waiting();
    const member = testMember(1);
    waiting.core.wait(member, 1, 11, [row('a', 1)]);
    waiting.now = 400;
    waiting.core.wait(member, 2, 12, [row('b', 2)]);
    assert.equal(waiting.core.nextDeadline, 1_000);
    waiting.core.expire(999);
    assert.deepEqual(said(member), []);
    waiting.core.expire(1_000);
    assert.deepEqual(said(member), ['wamp.error.unavailable 1']);
    assert.equal(waiting.core.nextDeadline, 1_400);
    waiting.stored('a', 1);
    waiting.core.expire(1_400);
    assert.deepEqual(said(member), ['wamp.error.unavailable 2']);
    assert.equal(waiting.core.nextDeadline, undefined);
  });

  it('outlive their router, and are full when as many wait as may', () => {
    const waiting = new Waiting();
    const member = testMember(1);
    for (const n of [1, 2, 3]) {
      assert.equal(waiting.core.isFull, false);
      waiting.core.wait(member, n, 10 + n, [row('a', n)]);
    }
    waiting.restart();
    assert.equal(waiting.core.isFull, true);
    assert.equal(waiting.core.nextDeadline, 1_000);
    waiting.stored('a', 3);
    assert.deepEqual(said(member), ['published 1', 'published 2', 'published 3']);
  });
});
