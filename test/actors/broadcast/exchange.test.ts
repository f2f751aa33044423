import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BroadcastConfig } from '../../../actors/broadcast/config.ts';
import { ids, payload, Probe, REMOTE } from './support.ts';

const QUIET = { directMembers: 0 };

/** Knows the given sequences of the remote origin, all from `other`. */
function holding(sequences: readonly number[], changes: Partial<BroadcastConfig> = {}): Probe {
  const probe = new Probe({ ...QUIET, ...changes });
  probe.connect('other');
  for (const sequence of sequences) probe.gossip('other', sequence);
  probe.fire('lazy');
  probe.heard();
  return probe;
}

describe('exchange', () => {
  test('every peer is compared with once per round', () => {
    const probe = holding([]);
    probe.connect('a', 'b', 'c');
    probe.heard();
    const order: string[] = [];
    for (let i = 0; i < 8; i++) {
      probe.fire('exchange');
      order.push(probe.said()[0]!);
    }
    assert.equal(new Set(order.slice(0, 4)).size, 4);
    assert.equal(new Set(order.slice(4)).size, 4);
  });

  test('a new neighbour is compared with at once, by the lower name of the two', () => {
    const probe = new Probe(QUIET);
    probe.connect('a');
    assert.deepEqual(probe.said(), []);
    probe.connect('z');
    assert.deepEqual(probe.said(), ['digest z']);
  });

  test('a digest is answered with what the peer lacks and a wish for what only it has', () => {
    const probe = holding([1, 2, 3, 4]);
    probe.hear('peer', { kind: 'digest', ids: [ids(REMOTE, 2, 3, 8, 9), ids('b#1/1', 5, 5)] });
    assert.deepEqual(
      probe.heard().map(({ message }) => message),
      [
        { kind: 'supply', payload: payload(1) },
        { kind: 'supply', payload: payload(4) },
        { kind: 'want', ids: [ids(REMOTE, 8, 9), ids('b#1/1', 5, 5)] },
      ],
    );
  });

  test('two that have seen the same say nothing', () => {
    const probe = holding([1, 2, 3]);
    probe.hear('peer', { kind: 'digest', ids: [ids(REMOTE, 1, 3)] });
    assert.deepEqual(probe.said(), []);
  });

  test('a wish is granted from the cache, and what is not kept is counted', () => {
    const probe = holding([1]);
    probe.now += 360_001;
    probe.fire('lazy');
    probe.gossip('other', 2);
    probe.heard();
    probe.hear('peer', { kind: 'want', ids: [ids(REMOTE, 1, 2)] });
    assert.deepEqual(probe.said(), ['supply peer']);
    assert.equal(probe.counts['broadcast_exchange_out_of_reach'], 1);
  });

  test('what was supplied is delivered and announced to the others, not pushed', () => {
    const probe = holding([]);
    probe.connect('a', 'b');
    probe.heard();
    probe.hear('a', { kind: 'supply', payload: payload(1) });
    assert.deepEqual([probe.said(), probe.delivered], [[], [`${REMOTE}:1`]]);
    assert.deepEqual(probe.timers.at(-1), { at: probe.now + 50, timer: 'announce' });
    probe.fire('announce');
    assert.deepEqual(probe.said().sort(), ['i_have b', 'i_have other']);
  });

  test('more than one exchange may give is given in several', () => {
    const probe = holding([1, 2, 3, 4, 5], { exchangePayloads: 2 });
    probe.hear('peer', { kind: 'digest', ids: [] });
    assert.deepEqual(probe.said(), ['supply peer', 'supply peer', 'more peer']);
    probe.hear('peer', { kind: 'digest', ids: [ids(REMOTE, 1, 2)] });
    assert.deepEqual(probe.said(), ['supply peer', 'supply peer', 'more peer']);
    probe.hear('peer', { kind: 'digest', ids: [ids(REMOTE, 1, 4)] });
    assert.deepEqual(probe.said(), ['supply peer']);
  });

  test('a peer that has more is asked again as long as it brings something new', () => {
    const probe = holding([]);
    probe.hear('a', { kind: 'more' });
    assert.deepEqual(probe.said(), ['digest a']);
    probe.hear('a', { kind: 'more' });
    assert.deepEqual(probe.said(), [], 'nothing came since');
    probe.hear('a', { kind: 'supply', payload: payload(1) });
    probe.hear('a', { kind: 'more' });
    assert.deepEqual(probe.said(), ['digest a']);
  });

  test('a peer that compares without end is refused', () => {
    const probe = holding([1]);
    for (let i = 0; i < 60; i++) probe.hear('peer', { kind: 'digest', ids: [] });
    assert.equal(probe.of('supply').length, 50);
    assert.equal(probe.counts['broadcast_exchange_refused'], 10);
    probe.fire('lazy');
    probe.hear('peer', { kind: 'digest', ids: [] });
    assert.equal(probe.of('supply').length, 1);
  });

  test('a digest that claims all numbers there are costs one wish', () => {
    const probe = holding([1]);
    probe.hear('liar', { kind: 'digest', ids: [ids(REMOTE, 1, 2 ** 53 - 1)] });
    assert.deepEqual(probe.of('want')[0]!.ids, [ids(REMOTE, 2, 2 ** 53 - 1)]);
    probe.hear('liar', { kind: 'want', ids: [ids(REMOTE, 1, 2 ** 53 - 1)] });
    assert.deepEqual(probe.said(), ['supply liar']);
  });
});
