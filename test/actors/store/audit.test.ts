/** A whole check at an operator's word: finds every kind of damage, counts each row once, and holds up nobody. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AuditOutcome } from '../../../actors/store/api.ts';
import { partitionName } from '../../../actors/store/api.ts';
import { diskKey, encodeRowKey, rowKeyOf } from '../../../actors/store/keys.ts';
import type { Write } from '../../../runtime/disk/storage.ts';
import type { Replica } from './replicas.ts';
import { Replicas } from './replicas.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const NONE: AuditOutcome = { rows: 0, mismatches: 0, rewritten: 0, unreadable: 0, quarantined: 0 };

/** Behind the store's back. */
function damage(node: Replica, prefix: string, key: string, value: Uint8Array | undefined): void {
  const at = diskKey('r', encodeRowKey(rowKeyOf(prefix, key)));
  const write: Write =
    value === undefined ? { kind: 'delete', key: at } : { kind: 'put', key: at, value };
  let isDone = false;
  node
    .storage(node.store.partitionOf(prefix, key))
    .batch([write], { sync: true }, () => (isDone = true));
  node.cluster.wait(() => isDone || undefined);
}

function audit(node: Replica): AuditOutcome {
  const sum = { ...NONE };
  for (const { index } of node.state.partitions) {
    let outcome: AuditOutcome | undefined;
    const reply = { reply: (value: AuditOutcome) => void (outcome = value) };
    node.kernel.whereis(partitionName(index))!.cast({ kind: 'audit', reply });
    const found = node.cluster.wait(() => outcome);
    for (const field of Object.keys(sum) as (keyof AuditOutcome)[]) sum[field] += found[field];
  }
  return sum;
}

describe('an audit', () => {
  test('of whole rows reads them all and finds nothing', () => {
    const cluster = new Replicas({ nodes: 1 });
    const [a] = cluster.nodes as [Replica];
    for (let i = 0; i < 1_500; i++) a.put('history', `key ${i}`, 'one');
    for (let i = 0; i < 50; i++) a.put('users', `key ${i}`, 'one');
    cluster.advance(100);
    assert.deepEqual(audit(a), { ...NONE, rows: 1_550 });
  });

  test('finds rows that changed, rows that are gone, and what memory can put right', () => {
    const cluster = new Replicas({ nodes: 1 });
    const [a] = cluster.nodes as [Replica];
    for (const key of ['ann', 'bob', 'cid', 'dan']) a.putNow('history', key, 'one');
    a.putNow('users', 'eve', 'one');
    damage(a, 'history', 'ann', bytes('garbage'));
    damage(a, 'history', 'bob', undefined);
    damage(a, 'users', 'eve', bytes('garbage'));
    assert.deepEqual(audit(a), { ...NONE, rows: 5, mismatches: 3, rewritten: 1 });
    // Known by now, and still not what they were; the third one was written anew.
    assert.deepEqual(audit(a), { ...NONE, rows: 5, mismatches: 2 });
  });

  test('asked for twice at once runs once, for both', () => {
    const cluster = new Replicas({ nodes: 1 });
    const [a] = cluster.nodes as [Replica];
    const partition = a.kernel.whereis(partitionName(0))!;
    const outcomes: AuditOutcome[] = [];
    const reply = { reply: (outcome: AuditOutcome) => void outcomes.push(outcome) };
    partition.cast({ kind: 'audit', reply });
    partition.cast({ kind: 'audit', reply });
    cluster.wait(() => (outcomes.length === 2 ? true : undefined));
    assert.equal(outcomes[0], outcomes[1]);
  });

  test('is no mistake about rows that are written meanwhile', () => {
    const cluster = new Replicas({ nodes: 1 });
    const [a] = cluster.nodes as [Replica];
    for (let i = 0; i < 1_000; i++) a.put('history', `key ${i}`, 'one');
    cluster.advance(50);
    const outcomes: AuditOutcome[] = [];
    const reply = { reply: (outcome: AuditOutcome) => void outcomes.push(outcome) };
    for (const { index } of a.state.partitions) {
      a.kernel.whereis(partitionName(index))!.cast({ kind: 'audit', reply });
    }
    for (let i = 0; i < 1_000; i += 7) {
      a.put('history', `key ${i}`, 'two');
      cluster.advance(1);
    }
    cluster.wait(() => (outcomes.length === a.state.partitions.length ? true : undefined));
    assert.deepEqual(
      outcomes.map(({ mismatches, unreadable }) => mismatches + unreadable),
      outcomes.map(() => 0),
    );
  });

  test('together with an exchange heals what it has found', () => {
    const cluster = new Replicas({ nodes: 2 });
    const [a, b] = cluster.nodes as [Replica, Replica];
    for (const key of ['ann', 'bob', 'cid']) a.putNow('history', key, 'one');
    cluster.settle();
    const whole = b.dump();
    damage(a, 'history', 'ann', bytes('garbage'));
    damage(a, 'history', 'bob', undefined);
    assert.equal(audit(a).mismatches, 2);
    a.exchangeWith(b);
    assert.deepEqual(audit(a), { ...NONE, rows: 3 });
    assert.equal(a.dump(), whole);
  });
});
