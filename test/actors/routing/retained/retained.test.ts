/** Retained events on several nodes: the shipped agent, store and retention on one virtual clock, the rest stood in for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RouterInput } from '../../../../actors/routing/api.ts';
import type { Publication } from '../../../../actors/routing/broker/publication.ts';
import type { Retained, RetainedEvent } from '../../../../actors/routing/broker/retention.ts';
import { Retention } from '../../../../actors/routing/broker/retention.ts';
import { DEFAULT_BROKER_CONFIG } from '../../../../actors/routing/config.ts';
import { retainedFamily } from '../../../../actors/routing/retained/family.ts';
import {
  decodeRetained,
  encodeRetained,
  RETAINED,
} from '../../../../actors/routing/retained/stored.ts';
import { KILLED } from '../../../../runtime/kernel/actor.ts';
import { seededRandom } from '../../../../runtime/kernel/random.ts';
import { SetTable } from '../../../../runtime/kernel/table.ts';
import { codecs } from '../../../../runtime/wamp/codecs.ts';
import { EMPTY } from '../../../../runtime/wamp/message.ts';
import type { Replica } from '../../store/replicas.ts';
import type { NodesOptions } from '../replicated/nodes.ts';
import { claimed, Home, Nodes } from '../replicated/nodes.ts';

const REALM = 'com.example.realm';
const CONFIG = { ...DEFAULT_BROKER_CONFIG.retention, sweepIntervalMs: 1_000 };

class RetentionHome extends Home {
  readonly retained = new SetTable<string, Retained>('retained');
  readonly #retention: Retention;

  constructor(replica: Replica) {
    super(replica);
    this.#retention = new Retention(claimed(this.retained), CONFIG, this.count, this.reports);
  }

  publish(topic: string, said: string, ttlMs = Infinity, more: Partial<Publication> = {}): void {
    this.#retention.keep(publicationOf(topic, said, more), ttlMs, this.wall());
    this.reports.report();
  }

  sweep(): void {
    this.#retention.expire(this.wall());
    this.reports.report();
  }

  hear(input: RouterInput): void {
    assert(input.kind === 'retained');
    for (const { topic, events } of input.rows) {
      this.#retention.apply(topic, events, input.seen, this.wall());
    }
  }

  says(topic: string): string | undefined {
    return textOf(this.retained.get(topic)?.events.at(-1));
  }

  all(): string {
    return JSON.stringify(
      [...this.retained.keys()].sort().map((topic) => [topic, this.says(topic)]),
    );
  }
}

class Realm extends Nodes<RetentionHome> {
  constructor(options: NodesOptions) {
    super(
      options,
      'retained',
      [RETAINED],
      (replica) => new RetentionHome(replica),
      ({ retained, router, count }) => retainedFamily({ retained, router, codecs, count }),
    );
  }
}

describe('retained events of several nodes', () => {
  it('are on all of them soon, and the last one counts', () => {
    const realm = new Realm({ nodes: 3 });
    realm.home(0).publish('com.a', 'first');
    realm.advance(200);
    assert.deepEqual(
      [0, 1, 2].map((i) => realm.home(i).says('com.a')),
      Array(3).fill('first'),
    );
    realm.home(2).publish('com.a', 'second');
    realm.advance(200);
    assert.deepEqual(
      [0, 1, 2].map((i) => realm.home(i).says('com.a')),
      Array(3).fill('second'),
    );
  });

  it('are there again after a restart, before anybody publishes', () => {
    const realm = new Realm({ nodes: 1 });
    realm.home(0).publish('com.a', 'kept');
    realm.advance(500);
    const node = realm.replicas.node(0);
    node.crash();
    node.restart();
    realm.advance(100);
    assert.equal(realm.home(0).says('com.a'), 'kept');
  });

  it('do not overtake a later one of this node that the agent has not heard of yet', () => {
    const realm = new Realm({ nodes: 2 });
    realm.home(0).publish('com.a', 'theirs');
    realm.replicas.advance(200); // it waits for the second router
    realm.home(1).publish('com.a', 'ours, later');
    realm.advance(500);
    assert.deepEqual(
      [0, 1].map((i) => realm.home(i).says('com.a')),
      Array(2).fill('ours, later'),
    );
  });

  it('that have expired go everywhere, and take nothing newer along', () => {
    const realm = new Realm({ nodes: 2 });
    realm.home(0).publish('com.a', 'short', 1_000);
    realm.home(0).publish('com.b', 'short', 1_000);
    realm.advance(2_500);
    realm.home(0).sweep();
    realm.replicas.partition((name) => Number(name.slice(1)));
    realm.home(1).publish('com.b', 'newer');
    realm.advance(200); // the first node deletes what it has seen expire
    realm.replicas.heal();
    realm.settle();
    for (const i of [0, 1]) realm.home(i).sweep();
    realm.settle();
    const { store } = realm.replicas.node(0);
    assert.deepEqual(
      [...store.entries('retained')].map(({ key }) => key),
      [`${REALM} com.b`],
    );
    assert.deepEqual(
      [0, 1].map((i) => realm.home(i).says('com.b')),
      Array(2).fill('newer'),
    );
    assert.equal(realm.home(1).says('com.a'), undefined);
  });

  it('survive an agent that is killed with puts under way', () => {
    const realm = new Realm({ nodes: 2 });
    for (let i = 0; i < 200; i++) realm.home(0).publish(`com.t${i}`, `${i}`);
    realm.replicas.node(0).stepper.run();
    assert(realm.replicas.node(0).kernel.exit('root/retained', KILLED));
    realm.settle();
    for (let i = 0; i < 200; i++) assert.equal(realm.home(1).says(`com.t${i}`), `${i}`);
    assert.equal(realm.home(0).pending.size, 0);
  });

  it('are equal on all nodes after any publications, losses, splits and crashes', () => {
    for (let seed = 1; seed <= 15; seed++) {
      const realm = new Realm({ nodes: 3, seed, loss: 0.2 });
      const random = seededRandom(seed);
      for (let step = 0; step < 60; step++) {
        const index = random.integer(0, 2);
        const node = realm.replicas.node(index);
        const choice = random.integer(0, 19);
        if (choice === 0) realm.replicas.partition((name) => Number(name === `n${index}`));
        else if (choice === 1) realm.replicas.heal();
        else if (choice === 2 && node.isUp) {
          node.crash();
          node.restart();
        } else if (choice === 3) node.kernel.exit('root/retained', KILLED);
        else if (choice === 4) realm.home(index).sweep();
        else {
          const ttlMs = random.integer(0, 3) === 0 ? 500 : Infinity;
          realm.home(index).publish(`com.t${random.integer(0, 4)}`, `${seed}.${step}`, ttlMs);
        }
        if (random.integer(0, 1) === 0) realm.advance(random.integer(1, 10) * 20);
      }
      realm.replicas.loss = 0;
      realm.replicas.heal();
      realm.settle();
      for (const i of [0, 1, 2]) realm.home(i).sweep();
      realm.settle();
      const [first, ...others] = [0, 1, 2].map((i) => realm.home(i).all());
      for (const other of others) assert.equal(other, first, `seed ${seed}`);
      for (const i of [0, 1, 2]) assert.equal(realm.home(i).pending.size, 0, `seed ${seed}`);
    }
  });
});

describe('a stored row', () => {
  const filter = {
    exclude: new Set([7]),
    excludeAuthid: undefined,
    excludeAuthrole: undefined,
    eligible: undefined,
    eligibleAuthid: new Set(['ann']),
    eligibleAuthrole: undefined,
  };

  it('says all of its events, in every serializer', () => {
    for (const format of ['json', 'msgpack', 'cbor'] as const) {
      const payload = codecs[format].payload([1, 'zwei'], { drei: true });
      const event: RetainedEvent = {
        ...{ publication: 5, topic: 'com.a', details: { publisher: 9 }, payload },
        ...{ filter, excluded: 3, expiresAt: 1_800_000_000_000, size: 0 },
      };
      const bytes = encodeRetained({ events: [event] }, codecs)!;
      const [back, ...rest] = decodeRetained('com.a', bytes, codecs)!;
      assert.equal(rest.length, 0);
      assert.deepEqual({ ...back!.details }, { publisher: 9 });
      assert.deepEqual(codecs[format].read(back!.payload), codecs[format].read(payload));
      const { publication, topic, excluded, expiresAt, filter: lists } = back!;
      assert.deepEqual(
        { publication, topic, excluded, expiresAt },
        {
          ...{ publication: 5, topic: 'com.a', excluded: 3, expiresAt: 1_800_000_000_000 },
        },
      );
      assert.deepEqual(lists, filter);
      assert(back!.size > 200);
    }
  });

  it('that is none is refused, whichever bytes of it are others', () => {
    const payload = codecs.json.payload(['x'], undefined);
    const event = { publication: 5, topic: 'com.a', details: EMPTY, payload, filter };
    const row = { events: [{ ...event, excluded: undefined, expiresAt: Infinity, size: 0 }] };
    const bytes = encodeRetained(row, codecs)!;
    const random = seededRandom(1);
    for (let i = 0; i < 2_000; i++) {
      const other = new Uint8Array(bytes.subarray(0, random.integer(0, bytes.length - 1)));
      if (other.length > 0) other[random.integer(0, other.length - 1)] = random.integer(0, 255);
      assert.equal(decodeRetained('com.a', other, codecs), undefined);
      const flipped = new Uint8Array(bytes);
      flipped[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
      decodeRetained('com.a', flipped, codecs); // perhaps another row; never a throw
    }
  });
});

function publicationOf(topic: string, said: string, more: Partial<Publication>): Publication {
  return {
    ...{ id: 1, topic, payload: codecs.json.payload([said], undefined), publisher: undefined },
    ...{ excludesPublisher: false, filter: undefined, resourceKey: undefined, details: EMPTY },
    ...more,
  };
}

function textOf(event: RetainedEvent | undefined): string | undefined {
  if (event === undefined) return undefined;
  const read = codecs.json.read(event.payload);
  return 'args' in read ? String(read.args[0]) : undefined;
}
