/**
 * Causal order of labelled messages: the triangle that breaks order without it, what is lost or does not fit, and random
 * conversations on a network that reorders at will, checked against the causal past each message really has.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CausalLimits, CausalMessage } from '../../../../runtime/net/peer/causal-order.ts';
import { CausalOrder } from '../../../../runtime/net/peer/causal-order.ts';

const LIMITS: CausalLimits = { maxLabels: 10, maxNodes: 10, maxBytes: 1_000, waitMs: 100 };

interface Sent {
  readonly to: string;
  readonly stamp: CausalMessage;
  readonly text: string;
}

class Node {
  readonly name: string;
  readonly order: CausalOrder<string>;
  readonly heard: string[] = [];
  readonly counts: string[] = [];
  isFull = false;
  onHeard: (text: string) => void = () => {};

  constructor(name: string, limits: Partial<CausalLimits> = {}) {
    this.name = name;
    this.order = new CausalOrder(
      name,
      { ...LIMITS, ...limits },
      {
        deliver: (text: string) => {
          if (this.isFull) return false;
          this.heard.push(text);
          this.onHeard(text);
          return true;
        },
        count: (what) => this.counts.push(what),
      },
    );
  }

  send(to: string, text: string, label = 'x', size = 10): Sent {
    const stamp = this.order.stamp(label, to);
    this.order.sent(label, to, stamp.count);
    return { to, text, stamp: { label, from: this.name, size, ...stamp } };
  }

  receive({ stamp, text }: Sent, now = 0): boolean {
    return this.order.receive(stamp, text, now);
  }
}

/** a tells c, then b; b, who has heard it, tells c. */
function triangle(c: Node) {
  const [a, b] = [new Node('a'), new Node('b')];
  const first = a.send('c', 'first');
  b.receive(a.send('b', 'go'));
  return { first, second: b.send('c', 'second'), c };
}

describe('messages with a causal label', () => {
  test('wait for those they follow', () => {
    const { first, second, c } = triangle(new Node('c'));
    c.receive(second);
    assert.deepEqual(c.heard, []);
    c.receive(first);
    assert.deepEqual(c.heard, ['first', 'second']);
    assert.deepEqual(c.counts, ['peer_causal_waited']);
    assert.equal(c.order.waiting, 0);
  });

  test('of one sender keep their order', () => {
    const [a, c] = [new Node('a'), new Node('c')];
    const sent = [0, 1, 2, 3].map((i) => a.send('c', `${i}`));
    for (const at of [2, 3, 0, 1]) c.receive(sent[at]);
    assert.deepEqual(c.heard, ['0', '1', '2', '3']);
  });

  test('do not wait for those of another label', () => {
    const [a, c] = [new Node('a'), new Node('c')];
    a.send('c', 'lost', 'x');
    c.receive(a.send('c', 'other', 'y'));
    assert.deepEqual(c.heard, ['other']);
  });

  test('are delivered after a while when what they follow does not come, and never wait for it again', () => {
    const { second, c } = triangle(new Node('c'));
    c.receive(second, 0);
    c.order.tick(99);
    assert.deepEqual(c.heard, []);
    c.order.tick(100);
    assert.deepEqual(c.heard, ['second']);
    assert.deepEqual(c.counts, ['peer_causal_waited', 'peer_causal_timed_out']);
  });

  test('are delivered early, the oldest first, when there is no room for more', () => {
    const [a, c] = [new Node('a'), new Node('c')];
    a.send('c', 'lost');
    for (let i = 0; i < 3; i++) assert(c.receive(a.send('c', `${i}`, 'x', 400)));
    assert.deepEqual(c.heard, ['0', '1', '2']);
    assert(c.counts.includes('peer_causal_no_room'));
  });

  test('are held by the connection when nobody takes them, and are not lost', () => {
    const [a, c] = [new Node('a'), new Node('c')];
    c.isFull = true;
    const sent = [0, 1, 2].map((i) => a.send('c', `${i}`, 'x', 400));
    assert.deepEqual(
      sent.map((one) => c.receive(one)),
      [true, true, false],
    );
    c.isFull = false;
    c.order.tick(1);
    assert(c.receive(sent[2]));
    assert.deepEqual(c.heard, ['0', '1', '2']);
  });

  test('wait no more for a node whose life is over', () => {
    const { second, c } = triangle(new Node('c'));
    c.receive(second);
    c.order.forget('a');
    assert.deepEqual(c.heard, ['second']);
  });

  test('with unbounded knowledge begin anew, which is counted', () => {
    const c = new Node('c', { maxNodes: 3 });
    for (let i = 0; i < 20; i++) c.receive(new Node(`n${i}`).send('c', `${i}`));
    assert.equal(c.heard.length, 20);
    assert(c.counts.includes('peer_causal_forgotten'));
    assert(c.order.stamp('x', 'z').knowledge.length <= 4);
  });

  test('reach each node after all of their causal past that was sent there, however the network reorders', () => {
    const names = ['a', 'b', 'c', 'd'];
    const step = fc.record({
      from: fc.nat(3),
      to: fc.nat(3),
      isSend: fc.boolean(),
      pick: fc.nat(1_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const nodes = names.map((name) => new Node(name, { maxBytes: 1e9 }));
        const flying: Sent[] = [];
        const past = new Map<string, ReadonlySet<string>>(); // of each message
        const known = new Map(names.map((name) => [name, new Set<string>()]));
        const target = new Map<string, string>();
        for (const node of nodes) {
          node.onHeard = (text) => {
            const known_ = known.get(node.name)!;
            for (const earlier of past.get(text)!) {
              if (target.get(earlier) === node.name) assert(node.heard.includes(earlier));
              known_.add(earlier);
            }
            known_.add(text);
          };
        }
        let last = 0;
        for (const { from, to, isSend, pick } of steps) {
          if (isSend && from !== to) {
            const text = `m${last++}`;
            past.set(text, new Set(known.get(names[from])));
            target.set(text, names[to]);
            flying.push(nodes[from].send(names[to], text));
            known.get(names[from])!.add(text);
          } else if (flying.length > 0) {
            const [one] = flying.splice(pick % flying.length, 1);
            nodes[names.indexOf(one.to)].receive(one);
          }
        }
        for (const one of flying) nodes[names.indexOf(one.to)].receive(one);
        for (const node of nodes) assert.equal(node.order.waiting, 0);
        assert.equal(
          nodes.reduce((sum, { heard }) => sum + heard.length, 0),
          last,
        );
      }),
    );
  });
});
