/** Event history on several nodes: the shipped agent, store and history on one virtual clock, the rest stood in for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RouterInput } from '../../../../actors/routing/api.ts';
import type { HistoryLog, RecordedEvent } from '../../../../actors/routing/broker/history.ts';
import { History } from '../../../../actors/routing/broker/history.ts';
import type { HistoryConfig } from '../../../../actors/routing/config.ts';
import { DEFAULT_BROKER_CONFIG } from '../../../../actors/routing/config.ts';
import { recordedFamily } from '../../../../actors/routing/recorded/family.ts';
import {
  decodeRecorded,
  encodeRecorded,
  HISTORIES,
  historyPrefix,
} from '../../../../actors/routing/recorded/stored.ts';
import { historyReplication } from '../../../../actors/routing/replicated/reports.ts';
import { KILLED } from '../../../../runtime/kernel/actor.ts';
import { seededRandom } from '../../../../runtime/kernel/random.ts';
import { SetTable } from '../../../../runtime/kernel/table.ts';
import { codecs } from '../../../../runtime/wamp/codecs.ts';
import { EMPTY } from '../../../../runtime/wamp/message.ts';
import type { Replica } from '../../store/replicas.ts';
import type { NodesOptions } from '../replicated/nodes.ts';
import { claimed, Home, Nodes } from '../replicated/nodes.ts';

const LIMIT = 20;
const TOPICS = [{ uri: 'com.log', match: 'prefix', limit: LIMIT }] as const;

class HistoryHome extends Home {
  readonly recorded = new SetTable<string, RecordedEvent>('recorded');
  readonly #history: History;

  constructor(replica: Replica, config: HistoryConfig) {
    super(replica);
    const rows = claimed(this.recorded);
    const replication = historyReplication(this.reports, rows, replica.name);
    this.#history = new History(new Map<string, HistoryLog>(), config, this.count, replication);
  }

  publish(publication: number, topic = 'com.log.a'): void {
    const event = {
      ...{ id: publication, topic, publisher: undefined, excludesPublisher: false },
      ...{ filter: undefined, resourceKey: undefined, details: EMPTY },
      payload: codecs.json.payload([publication]),
    };
    this.#history.record(event, this.wall());
    this.reports.report();
  }

  hear(input: RouterInput): void {
    assert(input.kind === 'recorded');
    this.#history.apply(input.events, input.isRead);
  }

  says(): number[] {
    return this.#history.of('prefix', 'com.log').map(({ publication }) => publication);
  }
}

class Realm extends Nodes<HistoryHome> {
  readonly #storage: HistoryConfig['storage'];

  constructor({
    storage = 'ram',
    ...options
  }: NodesOptions & { readonly storage?: HistoryConfig['storage'] }) {
    const config = { ...DEFAULT_BROKER_CONFIG.history, topics: TOPICS, storage };
    super(
      options,
      'recorded',
      [...HISTORIES],
      (replica) => new HistoryHome(replica, config),
      ({ recorded, router, count }) => recordedFamily({ storage, recorded, router, codecs, count }),
    );
    this.#storage = storage;
  }

  stored(index: number): number {
    const { store } = this.replicas.node(index);
    return [...store.entries(historyPrefix(this.#storage))].length;
  }
}

describe('the event history of several nodes', () => {
  it('is the same on all, in the order of publication', () => {
    const realm = new Realm({ nodes: 3 });
    for (let i = 1; i <= 12; i++) {
      realm.home(i % 3).publish(i);
      if (i % 4 === 0) realm.advance(40);
    }
    realm.advance(500);
    const [first, ...others] = [0, 1, 2].map((i) => realm.home(i).says());
    for (const each of others) assert.deepEqual(each, first);
    // Those of one moment are ordered by node, those of one node as they were published.
    assert.deepEqual(first, [3, 1, 4, 2, 6, 7, 5, 8, 9, 12, 10, 11]);
  });

  it('keeps its last events only, on all nodes and in the store', () => {
    const realm = new Realm({ nodes: 3 });
    for (let i = 1; i <= 5 * LIMIT; i++) {
      realm.home(i % 3).publish(i);
      realm.advance(20);
    }
    realm.settle();
    const last = Array.from({ length: LIMIT }, (_, i) => 4 * LIMIT + i + 1);
    for (const i of [0, 1, 2]) {
      assert.deepEqual(realm.home(i).says(), last);
      assert.equal(realm.stored(i), LIMIT);
    }
  });

  it('keeps no more than its limit of a burst that the store has not taken yet', () => {
    const realm = new Realm({ nodes: 2 });
    for (let i = 1; i <= 500; i++) realm.home(0).publish(i);
    assert.equal(realm.home(0).recorded.size, LIMIT);
    realm.settle();
    assert.deepEqual(realm.home(1).says(), realm.home(0).says());
    assert.equal(realm.home(1).says().at(-1), 500);
    assert.equal(realm.stored(1), LIMIT);
  });

  it('is found by a node that begins anew, and goes on there', () => {
    const realm = new Realm({ nodes: 2 });
    for (let i = 1; i <= 10; i++) realm.home(i % 2).publish(i);
    realm.advance(500);
    const node = realm.replicas.node(0);
    node.crash();
    realm.advance(200);
    node.restart();
    realm.replicas.up(node);
    realm.settle();
    assert.equal(realm.home(0).says().length, 10);
    realm.home(0).publish(11);
    realm.settle();
    for (const i of [0, 1]) assert.deepEqual(realm.home(i).says(), realm.home(1).says());
    assert.equal(realm.home(1).says().at(-1), 11);
  });

  it('makes room for the events of its former life, too', () => {
    const realm = new Realm({ nodes: 1, storage: 'ram_disk' });
    for (let i = 1; i <= LIMIT; i++) realm.home(0).publish(i);
    realm.advance(500);
    const node = realm.replicas.node(0);
    node.crash();
    node.restart();
    realm.advance(200);
    assert.equal(realm.home(0).says().length, LIMIT);
    for (let i = 1; i <= LIMIT; i++) {
      realm.home(0).publish(100 + i);
      realm.advance(20);
    }
    realm.settle();
    assert.equal(realm.home(0).says()[0], 101);
    assert.equal(realm.stored(0), LIMIT);
  });

  it('outlives all nodes on disk, and not in memory', () => {
    for (const [storage, kept] of [
      ['ram', 0],
      ['ram_disk', 5],
    ] as const) {
      const realm = new Realm({ nodes: 1, storage });
      for (let i = 1; i <= 5; i++) realm.home(0).publish(i);
      realm.advance(500);
      realm.replicas.node(0).crash();
      realm.replicas.node(0).restart();
      realm.advance(200);
      assert.equal(realm.home(0).says().length, kept, storage);
    }
  });

  it('loses nothing with its agent', () => {
    const realm = new Realm({ nodes: 2 });
    for (let i = 1; i <= 10; i++) {
      realm.home(0).publish(i);
      if (i % 3 === 0) realm.replicas.node(0).kernel.exit('root/recorded', KILLED);
      realm.advance(20);
    }
    realm.settle();
    assert.deepEqual(
      realm.home(1).says(),
      Array.from({ length: 10 }, (_, i) => i + 1),
    );
  });

  it('is rid of the events of a node that has gone for good by the next that reads all', () => {
    const realm = new Realm({ nodes: 3 });
    for (let i = 1; i <= LIMIT; i++) realm.home(2).publish(i);
    realm.advance(500);
    realm.replicas.node(2).crash();
    for (let i = 1; i <= LIMIT; i++) {
      realm.home(0).publish(100 + i);
      realm.advance(20);
    }
    realm.advance(500);
    assert.equal(realm.stored(0), 2 * LIMIT);
    realm.replicas.node(1).kernel.exit('root/recorded', KILLED);
    realm.advance(500);
    assert.equal(realm.stored(0), LIMIT);
    assert.equal(realm.home(0).says()[0], 101);
  });

  for (const seed of [1, 2, 3, 4]) {
    it(`is the same after any partitions and losses (seed ${seed})`, () => {
      const realm = new Realm({ nodes: 3, seed, loss: 0.2 });
      const random = seededRandom(seed);
      for (let i = 1; i <= 60; i++) {
        realm.home(random.integer(0, 2)).publish(i);
        if (i % 20 === 5) realm.replicas.partition((name) => (name === 'n1' ? 1 : 2));
        if (i % 20 === 15) realm.replicas.heal();
        realm.advance(20 * random.integer(0, 5));
      }
      realm.replicas.heal();
      realm.replicas.loss = 0;
      realm.settle();
      const [first, ...others] = [0, 1, 2].map((i) => realm.home(i).says());
      assert.equal(first!.length, LIMIT);
      for (const each of others) assert.deepEqual(each, first);
    });
  }
});

describe('a recorded event', () => {
  const event: RecordedEvent = {
    ...{ publication: 7, topic: 'com.log.a', at: 1_767_225_600_123, node: 'n1', sequence: 3 },
    ...{ details: { publisher: 4 }, filter: undefined, size: 0 },
    payload: codecs.cbor.payload([1, 'x'], { key: 2 }),
  };

  it('comes back from its bytes', () => {
    const back = decodeRecorded(encodeRecorded(event, codecs)!, codecs);
    assert(back);
    const read = codecs.cbor.read(back.payload);
    assert('args' in read);
    assert.deepEqual(read.args, [1, 'x']);
    assert.equal(read.kwargs['key'], 2);
    const { publication, topic, at, node, sequence } = back;
    assert.deepEqual(
      { publication, topic, at, node, sequence },
      {
        ...{ publication: 7, topic: 'com.log.a', at: event.at, node: 'n1', sequence: 3 },
      },
    );
    assert.equal(back.details['publisher'], 4);
    assert(back.size > 0);
  });

  it('is none when anything is cut off, and never a throw for bytes that were changed', () => {
    const bytes = encodeRecorded(event, codecs)!;
    for (let end = 0; end < bytes.length; end++) {
      assert.equal(decodeRecorded(bytes.subarray(0, end), codecs), undefined, `${end} bytes`);
    }
    for (let i = 0; i < bytes.length; i++) {
      for (const flip of [1, 0x80, 0xff]) {
        const changed = Uint8Array.from(bytes);
        changed[i]! ^= flip;
        decodeRecorded(changed, codecs);
      }
    }
  });
});
