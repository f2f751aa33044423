import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import { MEMBERSHIP_DEFAULTS } from '../../../actors/membership/config.ts';
import { Gossip } from '../../../actors/membership/gossip.ts';
import type { Member } from '../../../actors/membership/member.ts';
import type { GossipMessage } from '../../../actors/membership/messages.ts';
import { Roster } from '../../../actors/membership/roster.ts';

const record = (name: string, more: Partial<Member> = {}): Member => ({
  name,
  incarnation: 1,
  status: 'up',
  version: 1,
  addresses: [{ host: name, port: 1 }],
  beat: 1,
  health: 'alive',
  ...more,
});

interface Sent {
  readonly from: string;
  readonly to: string;
  readonly message: GossipMessage;
}

/** Peers that all are linked; messages wait until the test lets them through. */
class Talk {
  readonly sent: Sent[] = [];
  readonly rosters = new Map<string, Roster>();
  readonly #gossips = new Map<string, Gossip>();

  constructor(...names: readonly string[]) {
    for (const name of names) this.#add(name, names);
  }

  #add(name: string, names: readonly string[]): void {
    const roster = new Roster(5_000);
    const gossip: Gossip = new Gossip(MEMBERSHIP_DEFAULTS.gossip, roster, seededRandom(1), {
      send: (to, message) => this.sent.push({ from: name, to, message }),
      merge: (records, from) => {
        for (const { after } of roster.merge(records)) gossip.spread(after.name, from);
      },
      peers: () => names.filter((one) => one !== name),
      pulse: () => undefined,
      caughtUp: () => {},
      count: () => {},
    });
    this.rosters.set(name, roster);
    this.#gossips.set(name, gossip);
  }

  of(name: string): Gossip {
    return this.#gossips.get(name)!;
  }

  /** Delivers one message. */
  step(): GossipMessage | undefined {
    const next = this.sent.shift();
    if (next === undefined) return undefined;
    this.of(next.to).received(next.from, next.message);
    return next.message;
  }

  /** Delivers all; returns their kinds. */
  settle(): readonly string[] {
    const kinds: string[] = [];
    for (let message = this.step(); message !== undefined; message = this.step()) {
      kinds.push(message.kind);
    }
    return kinds;
  }
}

describe('digest gossip', () => {
  test('between equal rosters is one digest and silence', () => {
    const talk = new Talk('a', 'b');
    for (const roster of talk.rosters.values()) roster.merge([record('a'), record('b')]);
    talk.of('a').tick(1_000);
    assert.deepEqual(talk.settle(), ['digest']);
  });

  test('between different rosters moves only the buckets that differ, both ways, once', () => {
    const talk = new Talk('a', 'b');
    const common = Array.from({ length: 200 }, (_, i) => record(`node-${i}`));
    for (const roster of talk.rosters.values()) roster.merge(common);
    talk.rosters.get('a')!.merge([record('only-a'), record('node-5', { beat: 2 })]);
    talk.rosters.get('b')!.merge([record('only-b'), record('node-6', { health: 'dead' })]);
    talk.of('a').tick(1_000);
    const moved: number[] = [];
    const kinds: string[] = [];
    for (let message = talk.step(); message !== undefined; message = talk.step()) {
      kinds.push(message.kind);
      if ('members' in message) moved.push(message.members.length);
    }
    assert.deepEqual(kinds, ['digest', 'buckets', 'delta', 'delta']);
    assert(moved[0]! < 40 && moved[1] === 2, `${moved.join()}`);
    assert.equal(talk.rosters.get('a')!.digest, talk.rosters.get('b')!.digest);
    talk.of('a').tick(2_000);
    assert(!talk.settle().includes('delta'));
  });

  test('sends everything only after two deltas in a row left a difference', () => {
    const talk = new Talk('a', 'b');
    const [a, b] = [talk.rosters.get('a')!, talk.rosters.get('b')!];
    a.merge([record('x')]);
    const round = (now: number): readonly string[] => {
      talk.of('b').tick(now);
      talk.sent.length = 0;
      talk.of('a').tick(now);
      const kinds: string[] = [];
      for (let message = talk.step(); message !== undefined; message = talk.step()) {
        kinds.push(message.kind);
        // Something else changes at A while the answer is under way.
        if (message.kind === 'delta' && !message.isAnswer && now < 4_000) {
          a.merge([record(`y-${now}`)]);
        }
      }
      return kinds.filter((kind) => kind !== 'rumor');
    };
    assert.deepEqual(round(1_000), ['digest', 'buckets', 'delta', 'delta']);
    assert.deepEqual(round(2_500), ['digest', 'buckets', 'delta', 'delta', 'full']);
    assert.equal(a.digest, b.digest);
  });

  test('tells a rumour on once, and not to who told it', () => {
    const talk = new Talk('a', 'b', 'c');
    talk.of('b').received('a', { kind: 'rumor', members: [record('x')] });
    talk.of('b').tick(0);
    const rumors = talk.sent.filter(({ message }) => message.kind === 'rumor');
    assert.deepEqual(
      rumors.map(({ to }) => to),
      ['c'],
    );
    talk.sent.length = 0;
    talk.of('b').received('c', { kind: 'rumor', members: [record('x')] });
    talk.of('b').tick(100);
    assert.deepEqual(talk.sent, []);
  });

  test('cuts what does not fit one message into several', () => {
    const talk = new Talk('a', 'b');
    const many = Array.from({ length: 2_500 }, (_, i) => record(`node-${i}`));
    talk.rosters.get('b')!.merge(many);
    talk.of('a').linkUp('b', record('a'));
    const kinds = talk.settle();
    assert.deepEqual(kinds, ['hello', 'buckets', 'delta', 'rumor', 'rumor', 'delta']);
    assert.equal(talk.rosters.get('a')!.digest, talk.rosters.get('b')!.digest);
  });
});
