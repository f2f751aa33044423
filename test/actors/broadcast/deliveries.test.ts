import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Delivery, Target } from '../../../runtime/kernel/actor.ts';
import type { Broadcasted } from '../../../actors/broadcast/api.ts';
import { Deliveries } from '../../../actors/broadcast/deliveries.ts';
import { config, peer } from './support.ts';

class Subscriber implements Target<Broadcasted> {
  readonly got: number[] = [];
  answer: Delivery = 'accepted';

  cast({ payload }: Broadcasted): Delivery {
    if (this.answer === 'accepted') this.got.push(payload[0]!);
    return this.answer;
  }
}

function message(number: number, size = 1): Broadcasted {
  const payload = new Uint8Array(size).fill(number);
  return { kind: 'broadcast', topic: 'registry', origin: peer('a'), payload };
}

function deliveries(changes: Parameters<typeof config>[0] = {}) {
  const counts: Record<string, number> = {};
  const count = (what: string, by = 1) => void (counts[what] = (counts[what] ?? 0) + by);
  return { counts, hub: new Deliveries(new Map(), config(changes), count) };
}

describe('deliveries', () => {
  test('go to every subscriber of the topic and to no other', () => {
    const { hub } = deliveries();
    const [a, b, other] = [new Subscriber(), new Subscriber(), new Subscriber()];
    hub.subscribe('registry', a);
    hub.subscribe('registry', a);
    hub.subscribe('registry', b);
    hub.subscribe('store', other);
    assert.equal(hub.deliver(message(1)), true);
    hub.unsubscribe('registry', b);
    hub.deliver(message(2));
    assert.deepEqual([a.got, b.got, other.got], [[1, 2], [1], []]);
  });

  test('a full subscriber is tried again in order, and holds up nobody else', () => {
    const { hub } = deliveries();
    const [full, free] = [new Subscriber(), new Subscriber()];
    hub.subscribe('registry', full);
    hub.subscribe('registry', free);
    full.answer = 'refused';
    assert.equal(hub.deliver(message(1)), false);
    full.answer = 'accepted';
    assert.equal(hub.deliver(message(2)), true);
    assert.deepEqual([full.got, free.got], [[1, 2], [1, 2]]); // prettier-ignore
  });

  test('what comes before the first subscriber waits for it', () => {
    const { hub } = deliveries();
    hub.deliver(message(1));
    hub.deliver(message(2));
    const late = new Subscriber();
    hub.subscribe('registry', late);
    hub.deliver(message(3));
    assert.deepEqual([late.got, hub.backlog()], [[1, 2, 3], 0]);
  });

  test('the successor of a dead subscriber gets what that one did not', () => {
    const { hub, counts } = deliveries();
    const [first, second] = [new Subscriber(), new Subscriber()];
    hub.subscribe('registry', first);
    hub.deliver(message(1));
    first.answer = 'dead';
    hub.deliver(message(2));
    hub.deliver(message(3));
    hub.subscribe('registry', second);
    assert.deepEqual([first.got, second.got], [[1], [2, 3]]);
    assert.equal(counts['broadcast_subscriber_dead'], 1);
  });

  test('backlogs are bounded by number and by bytes, and every drop is counted', () => {
    const { hub, counts } = deliveries({ maxBacklog: 3, maxBacklogBytes: 100 });
    const full = new Subscriber();
    full.answer = 'refused';
    hub.subscribe('registry', full);
    for (let i = 1; i <= 5; i++) hub.deliver(message(i));
    hub.deliver({ ...message(6, 99), topic: 'store' });
    hub.deliver({ ...message(7, 2), topic: 'store' });
    assert.deepEqual([hub.backlog(), counts['broadcast_backlog_dropped']], [4, 3]);
    full.answer = 'accepted';
    assert.equal(hub.retry(), true);
    hub.deliver(message(8));
    assert.deepEqual([full.got, hub.backlog()], [[1, 2, 3, 8], 1]);
  });
});
