/** What the `aae.*` settings say is what the agents do by themselves: nobody asks for a comparison or a check here. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PartitionMessage } from '../../../actors/store/api.ts';
import { partitionName } from '../../../actors/store/api.ts';
import { STORE_DEFAULTS } from '../../../actors/store/config.ts';
import { hashtree } from '../../../actors/store/hashtree.actor.ts';
import { encodeRowKey, rowKeyOf, diskKey } from '../../../actors/store/keys.ts';
import type { Definition } from '../../../runtime/kernel/actor.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import { Stepper } from '../../../runtime/kernel/stepper.ts';
import { worker } from '../../../runtime/kernel/worker.ts';
import type { Replica } from './replicas.ts';
import { Replicas } from './replicas.ts';

const DAY_MS = 86_400_000;
const NEVER_MS = DAY_MS;

const counted = (cluster: Replicas, counter: string): number =>
  cluster.nodes.reduce((sum, { counters }) => sum + counters.value(counter), 0);

const lose = (node: Replica, prefix: string, key: string): void => {
  let isDone = false;
  const write = { kind: 'delete', key: diskKey('r', encodeRowKey(rowKeyOf(prefix, key))) } as const;
  const storage = node.storage(node.store.partitionOf(prefix, key));
  storage.batch([write], { sync: true }, () => (isDone = true));
  node.cluster.wait(() => (isDone ? true : undefined));
};

describe('comparisons', () => {
  test('are made once per aae.exchange_timer by each node', () => {
    const cluster = new Replicas({ nodes: 3, config: { exchangeMs: 1_000 } });
    cluster.advance(5_000);
    const before = counted(cluster, 'store_exchanges');
    cluster.advance(10_000);
    const made = counted(cluster, 'store_exchanges') - before;
    assert(made >= 27 && made <= 33, `${made} comparisons`);
  });

  test('are not made with aae.enabled = off', () => {
    const cluster = new Replicas({ nodes: 3, config: { exchangeMs: 1_000, isAaeEnabled: false } });
    cluster.advance(15_000);
    assert.equal(counted(cluster, 'store_exchanges'), 0);
  });
});

for (const [hashtreeMs, isFound] of [
  [500, true],
  [NEVER_MS, false],
] as const) {
  const when = isFound ? 'within a few' : 'not before the first';
  test(`a row that is gone from a disk is found ${when} aae.hashtree_timer`, () => {
    const cluster = new Replicas({ nodes: 2, config: { hashtreeMs, exchangeMs: 1_000 } });
    const [a, b] = cluster.nodes as [Replica, Replica];
    a.put('history', 'key', 'value');
    cluster.advance(3_000);
    const whole = a.dump();
    lose(b, 'history', 'key');
    cluster.advance(10_000);
    assert.equal(b.dump() === whole, isFound);
  });
}

test('a comparison in which nothing moves is given up after aae.data_exchange_timeout, and made again', () => {
  const exchangeTimeoutMs = 3_000;
  const cluster = new Replicas({ nodes: 2, config: { exchangeMs: NEVER_MS, exchangeTimeoutMs } });
  const [a, b] = cluster.nodes as [Replica, Replica];
  cluster.broadcasts = false;
  a.put('history', 'key', 'value');
  cluster.advance(1_000);
  cluster.loss = 1;
  const began = cluster.now;
  const outcome = a.exchangeWith(b);
  assert.deepEqual(outcome, { kind: 'failed', peer: b.name, reason: 'nothing moved' });
  const took = cluster.now - began;
  assert(took >= exchangeTimeoutMs && took <= exchangeTimeoutMs + 100, `${took} ms`);
  cluster.loss = 0;
  assert.equal(a.exchangeWith(b).kind, 'done');
  assert.equal(b.dump(), a.dump());
});

for (const days of [1, 40]) {
  test(`a tree is added up again once per aae.hashtree_ttl of ${days} days`, () => {
    const stepper = new Stepper({ seed: 1 });
    const rebuilt: number[] = [];
    const partition: Definition<PartitionMessage> = {
      init(context) {
        context.register(partitionName(0));
        return {
          handle(message) {
            if (message.kind !== 'rebuild') return;
            rebuilt.push(stepper.clock.now() / DAY_MS);
            message.reply?.reply('right');
          },
        };
      },
    };
    const config = { ...STORE_DEFAULTS, hashtreeMs: 1_000 * DAY_MS, hashtreeTtlMs: days * DAY_MS };
    boot({
      root: {
        ...{ kind: 'supervisor', strategy: 'one_for_one' },
        children: () => [worker('partition', partition), worker('tree', hashtree(0, config))],
      },
      scheduler: stepper,
      log: { crash: ({ reason }) => assert.fail(reason), event: () => {} },
    });
    for (let i = 0; i < 10 * days; i++) stepper.advance(DAY_MS);
    assert(rebuilt.length >= 9 && rebuilt.length <= 11, `${rebuilt.length} times`);
    assert(rebuilt[0]! >= 0.9 * days && rebuilt[0]! <= 1.1 * days, `after ${rebuilt[0]} days`);
  });
}
