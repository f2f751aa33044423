/** What the owner of a prefix can rely on: hooks, changes, contexts, pages, take, and refusals with a reason. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChangeMessage, PageOutcome, PrefixSpec } from '../../../actors/store/api.ts';
import { partitionName } from '../../../actors/store/api.ts';
import { partitionOf, rowKeyOf } from '../../../actors/store/keys.ts';
import { Rounds } from '../../../actors/store/rounds.ts';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import type { Replica } from './replicas.ts';
import { Replicas } from './replicas.ts';

const text = (value: Uint8Array | undefined): string | undefined =>
  value && new TextDecoder().decode(value);

describe('a prefix', () => {
  test('local and remote changes come in one stream, after the hooks', () => {
    const calls: string[] = [];
    const prefixes: readonly PrefixSpec[] = [
      {
        ...{ name: 'users', type: 'ram_disk' },
        hooks: {
          onUpdate: (key, value) => void calls.push(`update ${key} ${text(value)}`),
          onDelete: (key, before) => void calls.push(`delete ${key} ${text(before)}`),
          onMerge: (key, value) => void calls.push(`merge ${key} ${text(value)}`),
        },
      },
    ];
    const cluster = new Replicas({ nodes: 2, prefixes });
    const [a, b] = cluster.nodes as [Replica, Replica];
    const seen: string[] = [];
    const target = {
      cast: (message: ChangeMessage) => {
        if (message.kind === 'store_change') {
          seen.push(`${message.source} ${message.key} ${text(message.value)}`);
        }
        return 'accepted' as const;
      },
    };
    a.store.subscribe(a.kernel, 'users', target);
    a.putNow('users', 'ann', 'one');
    cluster.advance(100);
    b.putNow('users', 'ann', 'two');
    cluster.advance(100);
    a.putNow('users', 'ann', undefined);
    cluster.advance(100);
    assert.deepEqual(seen, ['local ann one', 'remote ann two', 'local ann undefined']);
    assert.deepEqual(calls.slice(0, 2), ['update ann one', 'merge ann one']);
    assert.ok(calls.includes('delete ann two'));
  });

  test('a function sees what is there; take answers with what was there', () => {
    const cluster = new Replicas({ nodes: 1 });
    const [a] = cluster.nodes as [Replica];
    for (let i = 0; i < 5; i++) {
      a.put('history', 'count', (current) =>
        new TextEncoder().encode(String(Number(text(current) ?? 0) + 1)),
      );
    }
    cluster.advance(100);
    assert.equal(a.get('history', 'count'), '5');
    const taken = a.putNow('history', 'count', undefined);
    assert.equal(taken.kind === 'stored' && text(taken.before), '5');
    assert.equal(a.putNow('history', 'count', undefined).kind, 'absent');
  });

  test('a put with a context overwrites only what its writer has seen', () => {
    const cluster = new Replicas({ nodes: 1 });
    const [a] = cluster.nodes as [Replica];
    const first = a.putNow('first', 'ann', 'one');
    assert(first.kind === 'stored');
    a.putNow('first', 'ann', 'two');
    a.putNow('first', 'ann', 'three', { context: first.context });
    const outcome = a.readNow('first', 'ann');
    assert(outcome.kind === 'value');
    assert.deepEqual(outcome.values.map(text).sort(), ['three', 'two']);
    a.putNow('first', 'ann', 'all', { context: outcome.context });
    assert.equal(a.get('first', 'ann'), 'all');
  });

  test('refusals say why', () => {
    const cluster = new Replicas({ nodes: 1 });
    const [a] = cluster.nodes as [Replica];
    const reason = (...args: Parameters<Replica['putNow']>): string | undefined => {
      const outcome = a.putNow(...args);
      return outcome.kind === 'refused' ? outcome.reason : undefined;
    };
    const throwing = (): Uint8Array => {
      throw new Error('mine');
    };
    assert.equal(reason('unheard', 'x', 'y'), 'unknown_prefix');
    assert.equal(reason('users', 'x'.repeat(5_000), 'y'), 'bad_key');
    assert.equal(reason('users', 'x', 'y', { context: [['n0#1', 10 ** 6]] }), 'bad_context');
    assert.equal(reason('users', 'x', throwing), 'function_threw');
    assert.equal(reason('users', 'x', new Uint8Array(17 * 1024 * 1024)), 'too_large');
    assert.equal(a.putNow('users', 'x', 'y').kind, 'stored');
  });

  for (const prefix of ['users', 'history']) {
    test(`pages of ${prefix} bring every row once`, () => {
      const cluster = new Replicas({ nodes: 1 });
      const [a] = cluster.nodes as [Replica];
      for (let i = 0; i < 57; i++) a.put(prefix, `key ${i}`, 'value');
      a.put(prefix, 'key 3', undefined);
      cluster.advance(100);
      a.put(prefix, 'key late', 'value'); // perhaps not on disk yet
      const keys: string[] = [];
      let at = a.store.nextPosition(
        { partition: -1, after: undefined },
        { kind: 'page', rows: [], isLast: true },
      );
      while (at !== undefined) {
        const position: { readonly partition: number; readonly after: string | undefined } = at;
        let page: PageOutcome | undefined;
        const reply = { reply: (outcome: PageOutcome) => void (page = outcome) };
        a.kernel
          .whereis(partitionName(position.partition))!
          .cast({ kind: 'page', prefix, after: position.after, limit: 10, reply });
        a.stepper.run();
        const outcome = cluster.wait(() => page);
        assert(outcome.kind === 'page');
        keys.push(...outcome.rows.map(({ key }) => key));
        at = a.store.nextPosition(position, outcome);
      }
      assert.equal(keys.length, 57);
      assert.equal(new Set(keys).size, 57);
    });
  }
});

test('every partition gets its share of keys', () => {
  const counts = new Array<number>(16).fill(0);
  for (let i = 0; i < 16_000; i++) counts[partitionOf(rowKeyOf('users', `user${i}`), 16)]!++;
  for (const count of counts) assert.ok(count > 850 && count < 1_150, counts.join());
});

test('a round meets every peer once, and who has come up goes first', () => {
  const rounds = new Rounds(seededRandom(7));
  const peers = ['a', 'b', 'c', 'd'];
  const round = peers.map(() => rounds.next(peers));
  assert.deepEqual([...round].sort(), peers);
  rounds.prefer('c');
  assert.equal(rounds.next(peers), 'c');
  assert.equal(rounds.next([]), undefined);
});
