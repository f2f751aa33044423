import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { payload, peer, Probe, REMOTE } from './support.ts';

const names = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `n${from + i}`);

describe('direct fan-out', () => {
  test('costs one payload per member and nothing else', () => {
    const probe = new Probe();
    probe.connect(...names(29));
    probe.heard();
    probe.publish();
    const [sent] = probe.heard();
    assert.deepEqual([sent!.message.kind, sent!.to.length], ['direct', 29]);
    probe.fire('lazy');
    assert.deepEqual(probe.said(), []);
  });

  test('is not passed on by who receives it', () => {
    const probe = new Probe();
    probe.connect('a', 'b', 'c');
    probe.heard();
    probe.hear('a', { kind: 'direct', payload: payload(1) });
    assert.deepEqual([probe.said(), probe.delivered], [[], [`${REMOTE}:1`]]);
  });

  test('ends above thirty members and comes back well below', () => {
    const probe = new Probe();
    const modeAt = (change: () => void) => {
      change();
      probe.fire('settle');
      return probe.machine.info().mode;
    };
    const leave = (name: string) => probe.tell({ kind: 'node_left', node: peer(name) });
    assert.equal(
      modeAt(() => probe.connect(...names(29))),
      'direct',
    );
    assert.equal(
      modeAt(() => probe.connect('thirty')),
      'tree',
    );
    assert.equal(
      modeAt(() => leave('thirty')),
      'tree',
      'no change of ways at the line',
    );
    assert.equal(
      modeAt(() => names(5).forEach(leave)),
      'tree',
    );
    assert.equal(
      modeAt(() => leave('n5')),
      'direct',
    );
  });

  test('needs a link to every member that is up', () => {
    const probe = new Probe();
    probe.connect('a', 'b');
    probe.tell({ kind: 'node_up', node: peer('behind a') });
    probe.heard();
    probe.publish();
    assert.deepEqual(probe.said(), ['gossip a,b']);
    probe.tell({ kind: 'node_down', node: peer('behind a') });
    probe.publish();
    assert.deepEqual(probe.said(), ['direct a,b']);
  });

  test('goes together with neighbours that use a tree: their gossip is passed on', () => {
    const probe = new Probe();
    probe.connect('a', 'b', 'c');
    probe.heard();
    probe.gossip('a', 1);
    assert.deepEqual(probe.said(), ['gossip b,c']);
  });

  test('tells a member whose link was away what it may have missed, neighbour or not', () => {
    const probe = new Probe();
    probe.connect(...names(25));
    probe.publish();
    probe.heard();
    for (const name of names(25)) {
      probe.tell({ kind: 'link_down', peer: peer(name) });
      probe.tell({ kind: 'link_up', peer: peer(name) });
      probe.fire('settle');
      assert(probe.said().includes(`i_have ${name}`));
    }
  });

  test('reaches a member that came a moment later, by the ids it is told', () => {
    const probe = new Probe();
    probe.connect('a');
    probe.publish();
    probe.heard();
    probe.connect('b');
    const [announced] = probe.of('i_have');
    probe.hear('b', { kind: 'graft', ids: announced!.ids });
    assert.deepEqual(probe.said(), ['gossip b']);
  });
});
