/** A subscriber that reads when it asks, takes changes, and reads again when told that it missed some: knows it all. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ChangeMessage } from '../../../actors/store/api.ts';
import { partitionName } from '../../../actors/store/api.ts';
import { Replicas } from './replicas.ts';
import type { Replica } from './replicas.ts';

const RAM = 'presence';
const DURABLE = 'users';

class Reader {
  readonly rows = new Map<string, string>();
  again = 0;
  readonly #node: Replica;
  readonly #prefix: string;

  constructor(node: Replica, prefix: string) {
    this.#node = node;
    this.#prefix = prefix;
  }

  subscribe(): void {
    this.#node.store.subscribe(this.#node.kernel, this.#prefix, {
      cast: (message: ChangeMessage) => {
        if (message.kind === 'store_changes_lost') {
          this.again++;
          this.#read();
        } else this.#take(message.key, message.value);
        return 'accepted';
      },
    });
    this.#read();
  }

  #read(): void {
    this.rows.clear();
    for (const { key, value } of this.#node.store.entries(this.#prefix)) this.#take(key, value);
  }

  #take(key: string, value: Uint8Array | undefined): void {
    if (value) this.rows.set(key, new TextDecoder().decode(value));
    else this.rows.delete(key);
  }
}

/** Queued at the partition; nothing runs yet. */
function put({ store, kernel }: Replica, prefix: string, key: string, text: string): void {
  const value = new TextEncoder().encode(text);
  kernel
    .whereis(partitionName(store.partitionOf(prefix, key)))!
    .cast({ kind: 'put', prefix, key, value, options: {} });
}

describe('a subscriber', () => {
  it('is told to read again when a change was queued before its subscription', () => {
    const node = new Replicas({ nodes: 1 }).node(0);
    const reader = new Reader(node, RAM);
    put(node, RAM, 'k', 'v');
    reader.subscribe();
    assert.deepEqual([...reader.rows], []);
    node.stepper.run();
    assert.deepEqual([...reader.rows], [['k', 'v']]);
    assert.equal(reader.again, 1);
  });

  it('that asks in quiet reads once', () => {
    const replicas = new Replicas({ nodes: 1 });
    const node = replicas.node(0);
    put(node, RAM, 'k', 'v');
    replicas.advance(100);
    const reader = new Reader(node, RAM);
    reader.subscribe();
    replicas.advance(100);
    put(node, RAM, 'l', 'w');
    replicas.advance(100);
    assert.equal(reader.again, 0);
    assert.deepEqual([...reader.rows.keys()].sort(), ['k', 'l']);
  });

  it('knows what the store has, whatever is written around its subscription', () => {
    const step = fc.record({
      prefix: fc.constantFrom(RAM, DURABLE),
      key: fc.integer({ min: 0, max: 5 }),
      wait: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.nat(20), (steps, at) => {
        const replicas = new Replicas({ nodes: 1, syncMs: 2 });
        const node = replicas.node(0);
        const readers = [RAM, DURABLE].map((prefix) => new Reader(node, prefix));
        for (const [i, { prefix, key, wait }] of steps.entries()) {
          put(node, prefix, `k${key}`, `v${i}`);
          if (i === Math.min(at, steps.length - 1)) for (const each of readers) each.subscribe();
          if (wait > 0) replicas.advance(wait);
        }
        if (steps.length === 0) for (const each of readers) each.subscribe();
        replicas.advance(200);
        for (const [i, prefix] of [RAM, DURABLE].entries()) {
          const there = [...node.store.entries(prefix)];
          assert.equal(readers[i]!.rows.size, there.length);
          for (const { key, value } of there) {
            assert.equal(readers[i]!.rows.get(key), new TextDecoder().decode(value));
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
