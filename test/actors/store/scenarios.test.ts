/** Scenarios 12-16 and 23 of the store, and what happens when a disk or a hook fails, each with its oracle. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeRow } from '../../../runtime/causality/row-codec.ts';
import { put as putRow } from '../../../runtime/causality/row.ts';
import { encodeBody } from '../../../runtime/net/peer/codec.ts';
import type { Write } from '../../../runtime/disk/storage.ts';
import { partitionName } from '../../../actors/store/api.ts';
import { diskKey, encodeRowKey, rowKeyOf } from '../../../actors/store/keys.ts';
import { REPLICATOR } from '../../../actors/store/services.ts';
import type { PrefixSpec } from '../../../actors/store/api.ts';
import type { Replica } from './replicas.ts';
import { Replicas } from './replicas.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const allEqual = (cluster: Replicas): void => {
  const dumps = cluster.living.map((node) => node.dump());
  for (const dump of dumps) assert.equal(dump, dumps[0]);
};

/** Behind the store's back. */
const damage = (
  node: Replica,
  prefix: string,
  key: string,
  value: Uint8Array | undefined,
): void => {
  const at = diskKey('r', encodeRowKey(rowKeyOf(prefix, key)));
  const write: Write =
    value === undefined ? { kind: 'delete', key: at } : { kind: 'put', key: at, value };
  let isDone = false;
  node
    .storage(node.store.partitionOf(prefix, key))
    .batch([write], { sync: true }, () => (isDone = true));
  node.cluster.wait(() => (isDone ? true : undefined));
};

const check = (node: Replica): void => {
  for (const { index } of node.state.partitions) {
    for (let slice = 0; slice < 6; slice++) {
      node.kernel.whereis(partitionName(index))!.cast({ kind: 'check', rows: 10_000 });
      node.cluster.advance(20);
    }
  }
};

describe('scenario 12: a node that lost its disk and comes back under its name', () => {
  test('every put it acknowledges afterwards is on all nodes', () => {
    const cluster = new Replicas();
    const [a] = cluster.nodes as [Replica];
    for (let i = 0; i < 20; i++) a.put('users', `key ${i}`, 'before');
    cluster.advance(300);
    a.crash('disk');
    a.restart();
    for (let i = 0; i < 20; i++)
      assert.equal(a.putNow('users', `key ${i}`, 'after').kind, 'stored');
    cluster.settle();
    for (const node of cluster.nodes) {
      for (let i = 0; i < 20; i++) assert.equal(node.get('users', `key ${i}`), 'after');
    }
    allEqual(cluster);
  });
});

describe('scenario 13: a replica that was damaged', () => {
  const damaged = (): Replicas => {
    const cluster = new Replicas({ config: { isAaeEnabled: false } });
    for (let i = 0; i < 30; i++) cluster.node(0).put('history', `key ${i}`, `value ${i}`);
    cluster.advance(300);
    cluster.settle();
    return cluster;
  };

  for (const [what, value] of [
    ['is gone', undefined],
    ['is not a row any more', bytes('rotten')],
    [
      'has another value under its dot',
      encodeRow(
        putRow(undefined, { stamp: 1n, value: bytes('zzz') }, { actor: 'n0#1', sequence: 1 }),
      ),
    ],
  ] as const) {
    test(`a row that ${what} is found by the check, and comes back from a peer as it was`, () => {
      const cluster = damaged();
      const whole = cluster.node(0).dump();
      const [, b] = cluster.nodes as [Replica, Replica];
      damage(b, 'history', 'key 3', value);
      check(b);
      assert.equal(b.exchangeWith(cluster.node(2)).kind, 'done');
      assert.equal(b.dump(), whole);
      cluster.settle(2);
      allEqual(cluster);
      assert.equal(b.get('history', 'key 3'), 'value 3');
    });
  }

  test('a row in memory is written again when the disk has lost it', () => {
    const cluster = new Replicas({ nodes: 1 });
    const [a] = cluster.nodes as [Replica];
    a.putNow('users', 'ann', 'one');
    const whole = a.dump();
    damage(a, 'users', 'ann', undefined);
    check(a);
    assert.equal(a.dump(), whole);
  });

  test('a tree that is added up again while rows change is the same tree', () => {
    const cluster = new Replicas({ nodes: 1 });
    const [a] = cluster.nodes as [Replica];
    for (let i = 0; i < 1_200; i++) a.put('history', `key ${i}`, 'one');
    cluster.advance(100);
    const outcomes: string[] = [];
    for (const { index } of a.state.partitions) {
      const reply = { reply: (outcome: string) => void outcomes.push(outcome) };
      a.kernel.whereis(partitionName(index))!.cast({ kind: 'rebuild', reply });
    }
    for (let i = 0; i < 400; i++) a.put('history', `key ${i * 3}`, i % 2 === 0 ? 'two' : undefined);
    for (let i = 0; i < 100; i++) a.put('history', `new ${i}`, 'three');
    cluster.advance(1_000);
    assert.deepEqual(outcomes, ['right', 'right']);
  });
});

describe('scenario 14: poison', () => {
  test('a hook that throws quarantines its row and nothing else, until it takes it', () => {
    let isPoisoned = true;
    const prefixes: readonly PrefixSpec[] = [
      {
        ...{ name: 'users', type: 'ram_disk' },
        hooks: {
          willMerge: (key) => {
            if (key === 'bad' && isPoisoned) throw new Error('poison');
            return true;
          },
        },
      },
    ];
    const cluster = new Replicas({ nodes: 2, prefixes });
    const [a, b] = cluster.nodes as [Replica, Replica];
    for (const key of ['good', 'bad', 'better']) a.putNow('users', key, 'value');
    cluster.advance(3_000);
    assert.equal(b.get('users', 'good'), 'value');
    assert.equal(b.get('users', 'better'), 'value');
    assert.equal(b.get('users', 'bad'), undefined);
    assert.ok(b.counters.value('store_hooks_threw') > 0);
    const quarantined = () => b.infos().flatMap((info) => info.quarantined.map(({ key }) => key));
    assert.deepEqual(quarantined(), ['bad']);
    isPoisoned = false;
    b.exchangeWith(a);
    assert.equal(b.get('users', 'bad'), 'value');
    assert.deepEqual(quarantined(), []);
  });

  test('bytes that are no message, no row and no key are counted, and the store goes on', () => {
    const cluster = new Replicas({ nodes: 2 });
    const [a, b] = cluster.nodes as [Replica, Replica];
    const target = b.kernel.whereis<unknown>(REPLICATOR as never)!;
    const rowless = [
      1,
      [[encodeRowKey(rowKeyOf('users', 'x')), bytes('no row'), 'n0#1', 5]],
    ] as const;
    for (const body of [bytes('nonsense'), encodeBody([99, 1]), encodeBody([0, 'x'])]) {
      target.cast({ kind: 'peer_message', from: a.id, body });
      target.cast({ kind: 'broadcast', topic: 'store', origin: a.id, payload: body });
    }
    target.cast({
      ...{ kind: 'broadcast', topic: 'store', origin: a.id },
      payload: encodeBody(rowless as never),
    });
    cluster.advance(50);
    assert.equal(b.counters.value('store_messages_malformed'), 6);
    assert.equal(b.counters.value('store_rows_malformed'), 1);
    assert.equal(a.putNow('users', 'ann', 'one').kind, 'stored');
    cluster.advance(100);
    assert.equal(b.get('users', 'ann'), 'one');
    assert.deepEqual(
      b.reports.filter((line) => line.includes('error')),
      [],
    );
  });
});

describe('scenario 15: a deletion and an update on two sides of a partition', () => {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ] as const;
  for (const order of orders) {
    test(`heals to the same row in the order ${order.join()}`, () => {
      const cluster = new Replicas({ config: { isAaeEnabled: false } });
      const [a, b] = cluster.nodes as [Replica, Replica];
      a.putNow('users', 'ann', 'old');
      cluster.advance(100);
      cluster.partition((name) => Number(name.slice(1)));
      a.putNow('users', 'ann', undefined);
      cluster.advance(10);
      b.putNow('users', 'ann', 'new');
      cluster.heal();
      for (const i of order) cluster.node(i).exchangeWith(cluster.node((i + 1) % 3));
      cluster.settle();
      for (const node of cluster.nodes) assert.equal(node.get('users', 'ann'), 'new');
      allEqual(cluster);
    });
  }

  test('without a concurrent update the deletion stands, also against a stale replica', () => {
    const cluster = new Replicas();
    const [a, , c] = cluster.nodes as [Replica, Replica, Replica];
    a.putNow('users', 'ann', 'old');
    cluster.advance(100);
    cluster.partition((name) => (name === 'n2' ? 1 : 0));
    a.putNow('users', 'ann', undefined);
    cluster.advance(5_000);
    assert.equal(c.get('users', 'ann'), 'old');
    cluster.heal();
    cluster.settle();
    for (const node of cluster.nodes) assert.equal(node.get('users', 'ann'), undefined);
    cluster.advance(15_000);
    assert.equal(
      cluster
        .node(1)
        .infos()
        .reduce((sum, { rows }) => sum + rows, 0),
      0,
    );
  });
});

describe('scenario 16: a member that is away', () => {
  const deletedMeanwhile = (awayMs: number): Replicas => {
    const cluster = new Replicas({ config: { awayMs } });
    const [a, , c] = cluster.nodes as [Replica, Replica, Replica];
    for (let i = 0; i < 20; i++) for (const p of ['users', 'first']) a.put(p, `key ${i}`, 'old');
    cluster.advance(2_000);
    c.crash();
    for (const node of cluster.living) node.tellMembership({ kind: 'node_down', node: c.id });
    for (let i = 0; i < 20; i++)
      for (const p of ['users', 'first']) a.put(p, `key ${i}`, undefined);
    cluster.advance(20_000);
    return cluster;
  };
  const rowsOf = (node: Replica): number => node.infos().reduce((sum, { rows }) => sum + rows, 0);

  test('within the limit its tombstones wait for it', () => {
    const cluster = deletedMeanwhile(1_000_000);
    assert.equal(rowsOf(cluster.node(0)), 40);
    cluster.node(2).restart();
    cluster.advance(30_000);
    cluster.settle();
    for (const node of cluster.nodes) assert.equal(rowsOf(node), 0);
  });

  test('after the limit they go, and it gives up what was deleted instead of bringing it back', () => {
    const cluster = deletedMeanwhile(3_000);
    assert.equal(rowsOf(cluster.node(0)), 0);
    const c = cluster.node(2);
    c.restart();
    assert.equal(c.putNow('users', 'own', 'new').kind, 'stored');
    cluster.advance(30_000);
    cluster.settle();
    for (const node of cluster.nodes) {
      assert.equal(rowsOf(node), 1);
      assert.equal(node.get('users', 'own'), 'new');
    }
    assert.ok(c.counters.value('store_rows_discarded') > 0);
  });

  test('nodes that start when it is down already do not wait for it for ever either', () => {
    const cluster = new Replicas({ config: { awayMs: 3_000 } });
    const [a, b, c] = cluster.nodes as [Replica, Replica, Replica];
    a.put('users', 'ann', 'old');
    cluster.advance(2_000);
    for (const node of [c, a, b]) node.crash();
    for (const node of [a, b]) node.restart();
    cluster.advance(1_000);
    // Nobody tells them that it went down: it never was up in this life.
    a.put('users', 'ann', undefined);
    cluster.advance(500);
    assert.equal(rowsOf(a), 1);
    cluster.advance(30_000);
    for (const node of [a, b]) assert.equal(rowsOf(node), 0);
    c.restart();
    cluster.advance(30_000);
    cluster.settle();
    for (const node of cluster.nodes) assert.equal(node.get('users', 'ann'), undefined);
  });

  test('also when those who forgot have been started again since', () => {
    const cluster = deletedMeanwhile(3_000);
    assert.equal(rowsOf(cluster.node(0)), 0);
    for (const number of [0, 1]) {
      cluster.node(number).crash();
      cluster.node(number).restart();
    }
    cluster.advance(500);
    cluster.node(2).restart();
    cluster.advance(30_000);
    cluster.settle();
    for (const node of cluster.nodes) assert.equal(node.get('users', 'key 1'), undefined);
  });

  test('what it had written and nobody has seen is kept', () => {
    const cluster = new Replicas({ config: { awayMs: 3_000 } });
    const [a, , c] = cluster.nodes as [Replica, Replica, Replica];
    a.putNow('users', 'ann', 'old');
    cluster.advance(2_000);
    cluster.partition((name) => (name === 'n2' ? 1 : 0));
    assert.equal(c.putNow('users', 'unseen', 'precious').kind, 'stored');
    for (const node of [a, cluster.node(1)]) node.tellMembership({ kind: 'node_down', node: c.id });
    a.putNow('users', 'ann', undefined);
    cluster.advance(20_000);
    cluster.heal();
    cluster.advance(5_000);
    cluster.settle();
    for (const node of cluster.nodes) {
      assert.equal(node.get('users', 'unseen'), 'precious');
      assert.equal(node.get('users', 'ann'), undefined);
    }
  });
});

describe('scenario 23: clocks', () => {
  test('a node an hour behind can overwrite what it has read', () => {
    const cluster = new Replicas({
      nodes: 2,
      skewMs: (name) => (name === 'n1' ? -20_000 : 0),
    });
    const [a, b] = cluster.nodes as [Replica, Replica];
    a.putNow('users', 'ann', 'first');
    cluster.advance(100);
    assert.equal(b.get('users', 'ann'), 'first');
    b.putNow('users', 'ann', 'second');
    cluster.advance(100);
    for (const node of cluster.nodes) assert.equal(node.get('users', 'ann'), 'second');
  });

  test('the node whose clock is far off refuses its own puts, and others take none of its stamps', () => {
    const cluster = new Replicas({ nodes: 4, skewMs: (name) => (name === 'n3' ? 3_600_000 : 0) });
    cluster.advance(5_000);
    const odd = cluster.node(3);
    const outcome = odd.putNow('users', 'ann', 'from the future');
    assert.equal(outcome.kind === 'refused' && outcome.reason, 'clock_off');
    assert.equal(cluster.node(0).putNow('users', 'ann', 'now').kind, 'stored');
    cluster.advance(200);
    assert.equal(odd.get('users', 'ann'), 'now');
  });
});

describe('a disk that fails', () => {
  for (const kind of ['full', 'io', 'read_only'] as const) {
    test(`${kind}: puts are refused, reads go on, and it recovers with nothing acknowledged lost`, () => {
      const cluster = new Replicas({ nodes: 2 });
      const [a, b] = cluster.nodes as [Replica, Replica];
      a.putNow('users', 'ann', 'one');
      cluster.advance(100);
      a.disk.failsWrites = kind;
      const first = a.putNow('users', 'ann', 'two');
      assert.equal(first.kind === 'refused' && first.reason, 'disk');
      const second = a.putNow('users', 'ann', 'three');
      assert.equal(second.kind === 'refused' && second.reason, 'disk');
      assert.equal(typeof a.get('users', 'ann'), 'string');
      assert.ok(a.infos().some(({ status }) => status === 'degraded'));
      assert.equal(a.putNow('presence', 'ann', 'here').kind, 'stored');
      b.putNow('users', 'bob', 'meanwhile');
      cluster.advance(500);
      a.disk.failsWrites = undefined;
      cluster.advance(3_000);
      assert.ok(a.infos().every(({ status }) => status === 'ready'));
      assert.equal(a.putNow('users', 'ann', 'four').kind, 'stored');
      cluster.settle();
      allEqual(cluster);
      a.crash('power');
      a.restart();
      assert.equal(a.get('users', 'ann'), 'four');
      assert.equal(a.get('users', 'bob'), 'meanwhile');
    });
  }
});
