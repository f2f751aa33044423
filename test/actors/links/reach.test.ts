/**
 * Actors of nodes that an overlay does not link to (HyParView): a link is asked for, and what is said to them waits for it,
 * in order, for a while and within a bound.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RemoteDown, RemoteMessage, RemoteOutcome } from '../../../actors/links/api.ts';
import { Remote, REMOTE_LIMITS } from '../../../actors/links/remote.ts';
import type { RemoteWire } from '../../../actors/links/remote-messages.ts';

const B = { name: 'b', incarnation: 1 };
const THERE = { node: 'b', name: 'counter' };

class Station {
  isLinked = false;
  readonly sent: RemoteWire[] = [];
  readonly reached: string[] = [];
  readonly waits: string[] = [];
  readonly outcomes: RemoteOutcome[] = [];
  readonly downs: RemoteDown[] = [];
  readonly counted: string[] = [];
  readonly remote: Remote;

  constructor(maxHeld = REMOTE_LIMITS.maxHeld) {
    const effects = {
      send: (_to: string, message: RemoteWire) => {
        if (!this.isLinked) return 'disconnected' as const;
        this.sent.push(message);
        return 'queued' as const;
      },
      reach: (to: string) => this.reached.push(to) > 0,
      waitFor: (node: string) => void this.waits.push(node),
      reply: (to: { reply(outcome: RemoteOutcome): void }, outcome: RemoteOutcome) =>
        to.reply(outcome),
      tell: (_watcher: unknown, down: RemoteDown) => void this.downs.push(down),
      schedule: () => {},
      cast: () => {},
      call: () => {},
      watch: () => true,
      unwatch: () => {},
      count: (counter: string) => void this.counted.push(counter),
    };
    this.remote = new Remote([], effects, 0, { ...REMOTE_LIMITS, maxHeld });
  }

  cast(body: number): void {
    this.remote.handle({ kind: 'cast', to: THERE, body });
  }

  call(): void {
    const reply = { reply: (outcome: RemoteOutcome) => void this.outcomes.push(outcome) };
    this.remote.handle({ kind: 'call', to: THERE, body: 'read', timeoutMs: 1_000, reply });
  }

  monitor(): void {
    const watcher = { cast: () => 'accepted' as const };
    this.remote.handle({ kind: 'monitor', ref: THERE, watcher } satisfies RemoteMessage);
  }

  linkUp(): void {
    this.isLinked = true;
    this.remote.linkUp(B);
  }
}

test('what is said to a node without a link waits for one, in order', () => {
  const station = new Station();
  station.cast(1);
  station.call();
  station.monitor();
  station.isLinked = true; // not heard of yet: nothing overtakes what waits
  station.cast(2);
  assert.deepEqual(station.sent, []);
  station.linkUp();
  station.cast(3);
  const said = station.sent.map(({ kind }) => kind);
  assert.deepEqual(said, ['cast', 'call', 'monitor', 'cast', 'cast']);
  assert.deepEqual(station.waits, ['b']);
  station.remote.receive(B, { kind: 'answer', id: 1, body: 7 });
  assert.deepEqual(station.outcomes, [{ kind: 'reply', value: 7 }]);
});

test('a node to which no link comes is down for its callers and watchers, and what was cast is counted', () => {
  const station = new Station();
  station.cast(1);
  station.call();
  station.monitor();
  station.remote.unreached('b');
  assert.deepEqual(station.outcomes, [{ kind: 'down', reason: 'node_down' }]);
  assert.deepEqual(
    station.downs.map(({ reason }) => reason),
    ['node_down'],
  );
  assert.deepEqual(station.counted, ['remote_casts_dropped']);
  station.linkUp();
  assert.deepEqual(station.sent, []);
});

test('no more waits than there is room for', () => {
  const station = new Station(2);
  station.cast(1);
  station.cast(2);
  station.cast(3);
  station.call();
  assert.deepEqual(station.counted, ['remote_casts_dropped']);
  assert.deepEqual(station.outcomes, [{ kind: 'down', reason: 'overloaded' }]);
});

test('a link is asked for again while something is said over it, or somebody waits on it', () => {
  const station = new Station();
  station.linkUp();
  station.cast(1);
  station.cast(2);
  assert.deepEqual(station.reached, ['b']);
  station.remote.renew();
  assert.deepEqual(station.reached, ['b'], 'idle');
  station.monitor();
  station.remote.receive(B, { kind: 'cast', name: 'nobody', body: 1 });
  station.remote.renew();
  station.remote.renew();
  assert.equal(station.reached.length, 4);
});
