/**
 * A deleted value must not come back through a node that knows too little to tell old from new: broadcast supplies payloads
 * for minutes, a tombstone that all have seen is forgotten in seconds, and a node that was wiped has seen nothing.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Broadcasted } from '../../../actors/broadcast/api.ts';
import type { Replica } from './replicas.ts';
import { Replicas } from './replicas.ts';

const LANES = ['users', 'presence', 'history'] as const;

type Nodes = [Replica, Replica, Replica];

/** Written by n0, deleted by n1, forgotten by all; returned: the puts as they were broadcast. */
function forgotten(
  seed: number,
  keys = ['other', 'ann'],
): { cluster: Replicas; nodes: Nodes; old: readonly Broadcasted[] } {
  const cluster = new Replicas({ seed, config: { exchangeMs: 200 } });
  const nodes = cluster.nodes as Nodes;
  const [a, b] = nodes;
  for (const prefix of LANES) {
    for (const key of keys) a.putNow(prefix, key, 'old');
  }
  cluster.advance(100);
  const old = [...a.said];
  for (const prefix of LANES) b.putNow(prefix, 'ann', undefined);
  cluster.advance(5_000);
  assert.equal(rowsOf(a), LANES.length * (keys.length - 1));
  return { cluster, nodes, old };
}

const rowsOf = (node: Replica): number => node.infos().reduce((sum, { rows }) => sum + rows, 0);

function assertGone(cluster: Replicas, keys = ['other', 'ann']): void {
  cluster.advance(2_000);
  cluster.settle();
  for (const node of cluster.living) {
    for (const prefix of LANES) {
      assert.equal(node.get(prefix, 'ann'), undefined, `${node.name} ${prefix}`);
      const other = keys.includes('other') ? 'old' : undefined;
      assert.equal(node.get(prefix, 'other'), other, `${node.name} ${prefix}`);
    }
  }
}

/** Each old put again and again, at every moment of the catching up. */
function repeat(cluster: Replicas, node: Replica, old: readonly Broadcasted[], ms: number): void {
  for (let at = 0; at < ms; at += 5) {
    for (const message of old) node.hear(message);
    cluster.advance(5);
  }
}

describe('an old put that is broadcast again after everybody has forgotten its deletion', () => {
  for (const kind of ['disk', 'process'] as const) {
    test(`does not come back through a node that lost its ${kind === 'disk' ? kind : 'memory'}`, () => {
      for (let seed = 1; seed <= 10; seed++) {
        const { cluster, nodes, old } = forgotten(seed);
        nodes[2].crash(kind);
        nodes[2].restart();
        repeat(cluster, nodes[2], old, 600);
        assertGone(cluster);
      }
    });
  }

  test('nor through two that first meet each other', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { cluster, nodes, old } = forgotten(seed);
      const [a, b, c] = nodes;
      for (const node of [b, c]) node.crash('disk');
      cluster.partition((name) => (name === 'n0' ? 1 : 0));
      for (const node of [b, c]) node.restart();
      repeat(cluster, c, old, 300);
      cluster.heal();
      repeat(cluster, c, old, 600);
      assert.equal(a.isUp, true);
      assertGone(cluster);
    }
  });

  for (const keys of [['ann'], ['other', 'ann']]) {
    test(`nor at any moment of an exchange with one that knows more (${keys.join(' and ')})`, () => {
      for (let ms = 0; ms <= 150; ms += 5) {
        const { cluster, nodes, old } = forgotten(1 + ms, keys);
        const [, b, c] = nodes;
        for (const node of [b, c]) node.crash('disk');
        cluster.partition((name) => (name === 'n0' ? 1 : 0));
        for (const node of [b, c]) node.restart();
        cluster.advance(400);
        cluster.heal();
        cluster.advance(ms);
        for (const message of old) c.hear(message);
        assertGone(cluster, keys);
      }
    });
  }

  test('waits, is counted, and is news where it is news', () => {
    const cluster = new Replicas();
    const [a, b] = cluster.nodes as Nodes;
    cluster.advance(2_000);
    b.crash('disk');
    cluster.loss = 1; // no exchange
    b.start();
    cluster.advance(50);
    a.putNow('users', 'ann', 'new');
    for (const message of a.said) b.hear(message);
    cluster.advance(20);
    assert.equal(b.get('users', 'ann'), undefined);
    assert.equal(b.counters.value('store_puts_early'), 1);
    cluster.loss = 0;
    cluster.up(b);
    cluster.advance(200);
    assert.equal(b.get('users', 'ann'), 'new');
  });

  test('more of them than there is room for are dropped and counted, and comparing brings them', () => {
    const cluster = new Replicas();
    const [a, b] = cluster.nodes as Nodes;
    cluster.advance(2_000);
    b.crash('disk');
    cluster.loss = 1;
    b.start();
    cluster.advance(50);
    for (let i = 0; i < 10; i++) a.putNow('users', `key ${i}`, 'x'.repeat(100_000));
    for (const message of a.said) b.hear(message);
    cluster.advance(50);
    assert.ok(b.counters.value('store_puts_early_dropped') > 0);
    cluster.loss = 0;
    cluster.up(b);
    cluster.advance(1_500);
    for (let i = 0; i < 10; i++) assert.equal(b.get('users', `key ${i}`)?.length, 100_000);
  });
});

test('what a member out of reach has not seen is not forgotten by a node that has only just heard of it', () => {
  const cluster = new Replicas({ config: { exchangeMs: 200, watermarkMs: 3_000 } });
  const [a, b, c] = cluster.nodes as Nodes;
  a.putNow('first', 'ann', 'old');
  cluster.advance(500);
  cluster.partition((name) => (name === 'n2' ? 1 : 0));
  b.crash('disk');
  cluster.unheard.add('n1 n2');
  b.restart();
  cluster.advance(200);
  cluster.unheard.clear();
  assert.equal(b.putNow('first', 'ann', undefined).kind, 'stored');
  cluster.advance(20_000);
  assert.equal(rowsOf(b), 1);
  cluster.heal();
  cluster.advance(2_000);
  for (const node of [a, b, c]) assert.equal(node.get('first', 'ann'), undefined);
});

test('nor by a node that has not heard of it, when others have', () => {
  const cluster = new Replicas({ config: { exchangeMs: 200, watermarkMs: 1_000 } });
  const [a, b, c] = cluster.nodes as Nodes;
  a.putNow('first', 'ann', 'old');
  cluster.advance(500);
  cluster.partition((name) => (name === 'n2' ? 1 : 0));
  b.crash('disk');
  cluster.unheard.add('n1 n2');
  b.restart();
  cluster.advance(200);
  assert.equal(b.putNow('first', 'ann', undefined).kind, 'stored');
  cluster.advance(20_000);
  assert.equal(rowsOf(b), 1);
  cluster.unheard.clear();
  cluster.heal();
  cluster.advance(20_000);
  for (const node of [a, b, c]) {
    assert.equal(node.get('first', 'ann'), undefined);
    assert.equal(rowsOf(node), 0);
  }
});

test('nor because what another said before it had heard of it is broadcast again', () => {
  const cluster = new Replicas({ config: { exchangeMs: 200, watermarkMs: 1_000 } });
  const [a, b] = cluster.nodes as Nodes;
  a.putNow('first', 'ann', 'old');
  cluster.advance(500);
  cluster.partition((name) => (name === 'n2' ? 1 : 0));
  b.crash('disk');
  cluster.unheard.add('n0 n2').add('n1 n2');
  const from = a.said.length;
  b.restart();
  cluster.advance(3_000);
  const old = a.said.slice(from);
  assert.ok(old.length > 0);
  cluster.unheard.delete('n0 n2');
  cluster.advance(3_000);
  assert.equal(b.putNow('first', 'ann', undefined).kind, 'stored');
  for (let ms = 0; ms < 10_000; ms += 100) {
    for (const message of old) b.hear(message);
    cluster.advance(100);
  }
  assert.equal(rowsOf(b), 1);
});

describe('a member that was away too long', () => {
  for (const rest of ['nothing', 'another row'] as const) {
    test(`gives up what was deleted also to one that learned it from others, which have ${rest}`, () => {
      const cluster = new Replicas({ config: { awayMs: 3_000 } });
      const [a, b, c] = cluster.nodes as Nodes;
      a.putNow('users', 'ann', 'old');
      cluster.advance(2_000);
      c.crash();
      for (const node of [a, b]) node.tellMembership({ kind: 'node_down', node: c.id });
      a.putNow('users', 'ann', undefined);
      if (rest === 'another row') a.putNow('users', 'bob', 'new');
      cluster.advance(20_000);
      b.crash('disk');
      b.restart();
      b.exchangeWith(a);
      cluster.advance(50);
      // Whoever saw the tombstone forgotten is gone: there is only what it has told.
      a.crash();
      c.restart();
      cluster.advance(2_000);
      assert.equal(b.get('users', 'ann'), undefined);
      assert.equal(c.get('users', 'ann'), undefined);
      assert.equal(c.get('users', 'bob'), rest === 'nothing' ? undefined : 'new');
    });
  }
});
