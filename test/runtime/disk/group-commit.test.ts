/** Many writers, one fsync: what is in a batch, who hears what, and when; on a virtual clock. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_GROUP_COMMIT, DEFAULT_OPEN_OPTIONS } from '../../../runtime/disk/config.ts';
import type { GroupCommitConfig } from '../../../runtime/disk/config.ts';
import { GroupCommit } from '../../../runtime/disk/group-commit.ts';
import { MemoryDisk } from '../../../runtime/disk/memory.ts';
import type { Answer, Outcome, Storage, Write } from '../../../runtime/disk/storage.ts';
import { Stepper } from '../../../runtime/kernel/stepper.ts';
import { bytes, put } from '../../support/storage.ts';

class Bench {
  readonly stepper = new Stepper();
  readonly defer = (delayMs: number, run: () => void) => void this.stepper.setTimer(delayMs, run);
  readonly disk = new MemoryDisk(this.defer, { syncMs: 5, writeMs: 1 });
  readonly storage: Storage = this.open();
  readonly batches: { readonly writes: number; readonly sync: boolean }[] = [];
  readonly answers: string[] = [];
  readonly commit: GroupCommit;

  constructor(config: Partial<GroupCommitConfig> = {}) {
    const { storage, batches } = this;
    const batch = (writes: readonly Write[], options: { sync: boolean }, answer: Answer<void>) => {
      batches.push({ writes: writes.length, ...options });
      storage.batch(writes, options, answer);
    };
    const observed = new Proxy(storage, {
      get: (target, name) =>
        name === 'batch' ? batch : (Reflect.get(target, name, target) as unknown),
    });
    this.commit = new GroupCommit(observed, { ...DEFAULT_GROUP_COMMIT, ...config }, this.defer);
  }

  put(name: string, sync = true, writes: readonly Write[] = [put(name, name)]): void {
    this.commit.put(writes, (outcome) => this.answers.push(`${name} ${said(outcome)}`), { sync });
  }

  open(): Storage {
    let opened: Outcome<Storage> | undefined;
    this.disk.open('db', DEFAULT_OPEN_OPTIONS, (outcome) => (opened = outcome));
    this.stepper.advance(0);
    assert(opened?.kind === 'ok');
    return opened.value;
  }

  has(name: string): boolean {
    let found: Outcome<Uint8Array | undefined> | undefined;
    this.open().get(bytes(name), (outcome) => (found = outcome));
    this.stepper.advance(0);
    assert(found?.kind === 'ok');
    this.disk.crash();
    return found.value !== undefined;
  }
}

const said = (outcome: Outcome<void>) => (outcome.kind === 'ok' ? 'ok' : outcome.failure.kind);

describe('group commit', () => {
  it('writes nothing more after its end, but for the batch that is on its way, and says so', () => {
    const bench = new Bench();
    bench.put('a');
    bench.stepper.advance(1);
    bench.put('b');
    bench.commit.stop();
    assert.deepEqual(bench.answers, ['b closed']);
    bench.stepper.advance(50);
    assert.deepEqual(bench.answers, ['b closed', 'a ok']);
    assert.equal(bench.batches.length, 1);
    const { queuedWrites, queuedBytes } = bench.commit.counters;
    assert.deepEqual([queuedWrites, queuedBytes], [0, 0]);
  });

  it('ends also before its first batch', () => {
    const bench = new Bench();
    bench.put('a');
    bench.commit.stop();
    bench.stepper.advance(50);
    assert.deepEqual(bench.answers, ['a closed']);
    assert.equal(bench.batches.length, 0);
  });

  it('makes one synced batch of one turn, and answers when it is on disk, in order', () => {
    const bench = new Bench();
    for (const name of ['a', 'b', 'c']) bench.put(name);
    assert.deepEqual(bench.batches, []);
    bench.stepper.advance(0);
    assert.deepEqual(bench.batches, [{ writes: 3, sync: true }]);
    bench.stepper.advance(4);
    assert.deepEqual(bench.answers, []);
    bench.stepper.advance(1);
    assert.deepEqual(bench.answers, ['a ok', 'b ok', 'c ok']);
    bench.disk.losePower();
    assert(['a', 'b', 'c'].every((name) => bench.has(name)));
  });

  it('collects while a batch is on its way, and never has two on their way', () => {
    const bench = new Bench();
    bench.put('a');
    bench.stepper.advance(1);
    bench.put('b');
    bench.stepper.advance(1);
    bench.put('c');
    assert.equal(bench.batches.length, 1);
    bench.stepper.advance(3);
    assert.deepEqual(bench.answers, ['a ok']);
    assert.deepEqual(bench.batches[1], { writes: 2, sync: true });
    bench.stepper.advance(5);
    assert.deepEqual(bench.answers, ['a ok', 'b ok', 'c ok']);
  });

  it('waits for others as long as it is told', () => {
    const bench = new Bench({ delayMs: 10 });
    bench.put('a');
    bench.stepper.advance(9);
    bench.put('b');
    assert.deepEqual(bench.batches, []);
    bench.stepper.advance(1);
    assert.deepEqual(bench.batches, [{ writes: 2, sync: true }]);
  });

  it('syncs only when somebody in the batch asked for it', () => {
    const bench = new Bench();
    bench.put('a', false);
    bench.stepper.advance(1);
    assert.deepEqual(bench.answers, ['a ok']);
    bench.put('b', false);
    bench.put('c');
    bench.stepper.advance(5);
    assert.deepEqual(bench.batches, [
      { writes: 1, sync: false },
      { writes: 2, sync: true },
    ]);
  });

  it('loses in a power loss only what nobody was promised', () => {
    const bench = new Bench();
    bench.put('synced');
    bench.stepper.advance(10);
    bench.put('not-synced', false);
    bench.stepper.advance(10);
    bench.put('on-its-way');
    bench.stepper.advance(2);
    bench.disk.losePower();
    assert.deepEqual(bench.answers, ['synced ok', 'not-synced ok']);
    assert(bench.has('synced'));
    assert(!bench.has('not-synced'));
    assert(!bench.has('on-its-way'));
  });

  it('cuts batches by writes and bytes, but never a group of writes', () => {
    const bench = new Bench({ maxBatchWrites: 3, maxBatchBytes: 100 });
    const group = (name: string, count: number, size = 1) =>
      bench.put(
        name,
        true,
        Array.from({ length: count }, (_, i) => put(`${name}${i}`, 'x'.repeat(size))),
      );
    group('a', 2);
    group('b', 2);
    group('c', 1);
    group('d', 7);
    group('e', 1, 90);
    group('f', 1, 90);
    bench.stepper.advance(100);
    assert.deepEqual(
      bench.batches.map(({ writes }) => writes),
      [2, 3, 7, 1, 1],
    );
    assert.deepEqual(bench.answers.join(), 'a ok,b ok,c ok,d ok,e ok,f ok');
  });

  it('tells everybody in a batch that failed, and those behind it too', () => {
    const bench = new Bench();
    bench.put('a');
    bench.put('b');
    bench.disk.failsWrites = 'full';
    bench.stepper.advance(1);
    bench.put('c');
    bench.stepper.advance(20);
    assert.deepEqual(bench.answers, ['a full', 'b full', 'c full']);
    assert.equal(bench.storage.broken?.kind, 'full');
  });

  it('takes no more writes after a failure, until it is opened again', () => {
    const bench = new Bench();
    bench.disk.failsWrites = 'io';
    bench.put('a');
    bench.stepper.advance(10);
    bench.disk.failsWrites = undefined;
    bench.put('b');
    bench.stepper.advance(10);
    assert.deepEqual(bench.answers, ['a io', 'b io']);
    bench.disk.crash();
    assert(!bench.has('b'));
  });

  it('refuses what the queue cannot hold, counts it, and recovers', () => {
    const bench = new Bench({ maxQueuedWrites: 2, maxQueuedBytes: 1000 });
    for (const name of ['a', 'b', 'c']) bench.put(name);
    bench.stepper.advance(0);
    assert.deepEqual(bench.answers, ['c overloaded']);
    bench.stepper.advance(5);
    bench.put('d', true, [put('d', 'x'.repeat(600))]);
    bench.put('e', true, [put('e', 'x'.repeat(600))]);
    bench.stepper.advance(20);
    assert.deepEqual(bench.answers, ['c overloaded', 'a ok', 'b ok', 'e overloaded', 'd ok']);
    assert.deepEqual(bench.commit.counters, {
      batches: 2,
      writes: 3,
      overloaded: 2,
      failed: 0,
      queuedWrites: 0,
      queuedBytes: 0,
    });
  });

  it('takes a single group larger than the queue when nothing waits', () => {
    const bench = new Bench({ maxQueuedWrites: 2 });
    bench.put(
      'a',
      true,
      ['a', 'b', 'c'].map((key) => put(key, '')),
    );
    bench.stepper.advance(10);
    assert.deepEqual(bench.answers, ['a ok']);
  });

  it('drains: says when everything put before was answered', () => {
    const bench = new Bench();
    bench.commit.drain(() => bench.answers.push('idle'));
    bench.stepper.advance(10);
    bench.put('a');
    bench.stepper.advance(1);
    bench.put('b');
    bench.commit.drain(() => bench.answers.push('drained'));
    bench.put('c');
    bench.stepper.advance(100);
    assert.deepEqual(bench.answers, ['idle', 'a ok', 'b ok', 'drained', 'c ok']);
  });
});
