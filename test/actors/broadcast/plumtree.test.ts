import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ids, newRows, payload, peer, Probe, REMOTE, TREE } from './support.ts';

function treeOf(...names: string[]): Probe {
  const probe = new Probe(TREE);
  probe.connect(...names);
  probe.heard();
  return probe;
}

/** Takes `from` off the tree of the remote origin, by repetitions. */
function pruned(probe: Probe, from: string): void {
  for (const sequence of [901, 902]) {
    probe.gossip('other', sequence);
    probe.gossip(from, sequence);
  }
  probe.fire('lazy');
  probe.heard();
}

describe('the eager push', () => {
  test('a payload goes to every neighbour but the one it came from, one hop further, and to the subscriber', () => {
    const probe = treeOf('a', 'b', 'c');
    probe.hear('a', { kind: 'gossip', payload: payload(1), round: 4 });
    const [sent] = probe.heard();
    assert.deepEqual([...sent!.to].sort(), ['b', 'c']);
    assert.deepEqual(sent!.message, { kind: 'gossip', payload: payload(1), round: 5 });
    assert.deepEqual(probe.delivered, [`${REMOTE}:1`]);
  });

  test('a repetition goes nowhere', () => {
    const probe = treeOf('a', 'b', 'c');
    probe.gossip('a', 1);
    probe.heard();
    probe.gossip('b', 1);
    assert.deepEqual(probe.said(), []);
    assert.equal(probe.delivered.length, 1);
  });

  test('a payload of this node that comes back is a repetition', () => {
    const probe = treeOf('a');
    probe.publish();
    probe.gossip('a', 1, probe.machine.origin);
    assert.deepEqual(probe.delivered, []);
    assert.equal(probe.counts['broadcast_repetitions'], 1);
  });

  test('a sequence this node never gave is a forgery', () => {
    const probe = treeOf('a', 'b');
    probe.gossip('a', 9, probe.machine.origin);
    assert.deepEqual([probe.said(), probe.delivered], [[], []]);
    assert.equal(probe.counts['broadcast_forged'], 1);
  });
});

describe('prune', () => {
  test('is for repetitions in a row: one alone changes nothing', () => {
    const probe = treeOf('a', 'b');
    probe.gossip('a', 1);
    probe.gossip('b', 1); // b repeats
    probe.gossip('b', 2); // b is first
    probe.gossip('a', 3);
    probe.heard();
    probe.gossip('b', 3); // b repeats, for the first time since
    assert.deepEqual(probe.said(), []);
    probe.gossip('a', 4);
    probe.heard();
    probe.gossip('b', 4);
    assert.deepEqual(probe.said(), ['prune b']);
  });

  test('concerns one root', () => {
    const probe = treeOf('a', 'b', 'c');
    probe.hear('b', { kind: 'prune', root: REMOTE });
    probe.gossip('a', 1);
    assert.deepEqual(probe.said(), ['gossip b,c'], 'a root nobody knows has no tree to leave');
    probe.hear('b', { kind: 'prune', root: REMOTE });
    probe.gossip('a', 2);
    assert.deepEqual(probe.said(), ['gossip c']);
    probe.gossip('a', 1, 'another#1/1');
    assert.deepEqual(probe.said(), ['gossip b,c']);
  });

  test('who is no neighbour is pruned at once', () => {
    const probe = treeOf('a', 'b');
    probe.gossip('a', 1);
    probe.heard();
    probe.gossip('passer-by', 1);
    assert.deepEqual(probe.said(), ['prune passer-by']);
  });
});

describe('the lazy push', () => {
  test('ids wait for the tick, go in one message and go once', () => {
    const probe = treeOf('a', 'b', 'other');
    pruned(probe, 'b');
    for (const sequence of [1, 2, 3, 5]) probe.gossip('other', sequence);
    assert.deepEqual(new Set(probe.said()), new Set(['gossip a']));
    probe.fire('lazy');
    assert.deepEqual(probe.heard(), [
      { to: ['b'], message: { kind: 'i_have', ids: [ids(REMOTE, 1, 3, 5, 5)] } },
    ]);
    probe.fire('lazy');
    assert.deepEqual(probe.said(), []);
  });

  test('what the neighbour has shown to have is left out', () => {
    const probe = treeOf('a', 'b', 'other');
    pruned(probe, 'b');
    for (const sequence of [1, 2, 3]) probe.gossip('other', sequence);
    probe.hear('b', { kind: 'i_have', ids: [ids(REMOTE, 1, 1)] });
    probe.gossip('b', 2);
    probe.heard();
    probe.fire('lazy');
    assert.deepEqual(probe.of('i_have'), [{ kind: 'i_have', ids: [ids(REMOTE, 3, 3)] }]);
  });

  test('what a full link refused is announced at the next tick, and again until it fits', () => {
    const probe = treeOf('a');
    probe.publish();
    const [message] = probe.of('gossip');
    probe.tell({ kind: 'not_sent', to: 'a', message: message! });
    for (let i = 0; i < 2; i++) {
      probe.fire('lazy');
      const [announced] = probe.of('i_have');
      assert.deepEqual(announced!.ids, [ids(probe.machine.origin, 1, 1)]);
      probe.tell({ kind: 'not_sent', to: 'a', message: announced! });
    }
  });
});

describe('graft', () => {
  test('what was announced and does not come within 80 ms is asked for', () => {
    const probe = treeOf('a', 'b');
    probe.hear('b', { kind: 'i_have', ids: [ids(REMOTE, 1, 3)] });
    assert.deepEqual(probe.timers.at(-1), { at: probe.now + 80, timer: 'graft' });
    probe.gossip('a', 2);
    probe.heard();
    probe.now += 79;
    probe.fire('graft');
    assert.deepEqual(probe.said(), []);
    probe.now += 1;
    probe.fire('graft');
    assert.deepEqual(probe.heard(), [
      { to: ['b'], message: { kind: 'graft', ids: [ids(REMOTE, 1, 1, 3, 3)] } },
    ]);
  });

  test('the next announcer is asked 40 ms later, then the first again, and at last it is left to exchange', () => {
    const probe = treeOf('a', 'b');
    probe.hear('a', { kind: 'i_have', ids: [ids(REMOTE, 1, 1)] });
    probe.hear('b', { kind: 'i_have', ids: [ids(REMOTE, 1, 1)] });
    const asked: string[] = [];
    for (let i = 0; i < 8; i++) {
      probe.now += i === 0 ? 80 : 41;
      probe.fire('graft');
      asked.push(...probe.said());
    }
    assert.deepEqual(asked, ['graft a', 'graft b', 'graft a', 'graft b']);
    assert.equal(probe.counts['broadcast_graft_gave_up'], 1);
    assert.equal(probe.machine.info().missing, 0);
  });

  test('timers follow the round trip of a far peer', () => {
    const probe = treeOf('far');
    probe.tell({ kind: 'round_trip', peer: 'far', ms: 200 });
    probe.hear('far', { kind: 'i_have', ids: [ids(REMOTE, 1, 1)] });
    assert.deepEqual(probe.timers.at(-1), { at: probe.now + 400, timer: 'graft' });
    probe.now += 400;
    probe.fire('graft');
    assert.equal(probe.timers.at(-1)!.at, Math.ceil((probe.now + 300.5) / 10) * 10);
  });

  test('a graft is answered from the cache and puts the peer on the tree', () => {
    const probe = treeOf('a', 'b', 'other');
    pruned(probe, 'b');
    probe.hear('other', { kind: 'gossip', payload: payload(1), round: 2 });
    probe.heard();
    probe.hear('b', { kind: 'graft', ids: [ids(REMOTE, 1, 1, 77, 77)] });
    assert.deepEqual(probe.heard(), [
      { to: ['b'], message: { kind: 'gossip', payload: payload(1), round: 3 } },
    ]);
    assert.equal(probe.counts['broadcast_too_late'], 1);
    probe.gossip('other', 2);
    assert.deepEqual(probe.said(), ['gossip a,b']);
  });

  test('a graft for more than the cache may give at once gets the rest announced', () => {
    const probe = new Probe({ ...TREE, exchangeBytes: 10 });
    probe.connect('a', 'b');
    for (let sequence = 1; sequence <= 9; sequence++) probe.gossip('a', sequence);
    probe.fire('lazy');
    probe.heard();
    probe.hear('b', { kind: 'graft', ids: [ids(REMOTE, 1, 9)] });
    assert.equal(probe.of('gossip').length, 4); // the fourth of three bytes goes over ten
    probe.fire('lazy');
    assert.deepEqual(probe.of('i_have')[0]!.ids, [ids(REMOTE, 5, 9)]);
  });

  test('a peer that announces everything there could be fills a bounded table', () => {
    const probe = new Probe({ ...TREE, maxMissing: 100 });
    probe.connect('liar');
    probe.hear('liar', { kind: 'i_have', ids: [ids(REMOTE, 1, 2 ** 53 - 1)] });
    assert.equal(probe.machine.info().missing, 100);
    assert.equal(probe.counts['broadcast_missing_overflow'], 1);
  });
});

describe('neighbours that come and go', () => {
  test('a new one is told the ids of the last five seconds, and no tree is reset', () => {
    const probe = treeOf('a', 'b', 'other');
    probe.gossip('other', 1);
    probe.now += 6_000;
    pruned(probe, 'b');
    probe.connect('new');
    assert.deepEqual(probe.of('i_have'), [{ kind: 'i_have', ids: [ids(REMOTE, 901, 902)] }]);
    probe.gossip('other', 2);
    assert.deepEqual(probe.said(), ['gossip a,new']);
  });

  test('one whose link was away for a moment is told them too', () => {
    const probe = treeOf('a', 'b');
    probe.gossip('a', 1);
    probe.heard();
    probe.tell({ kind: 'link_down', peer: peer('b') });
    probe.tell({ kind: 'link_up', peer: peer('b') });
    probe.fire('settle');
    assert.deepEqual(probe.said(), ['i_have b']);
  });

  test('one that is gone is on no tree, and is eager when it is back', () => {
    const probe = treeOf('a', 'b', 'other');
    pruned(probe, 'b');
    probe.tell({ kind: 'link_down', peer: peer('b') });
    probe.gossip('other', 1);
    assert.deepEqual(probe.said(), ['gossip a']);
    probe.connect('b');
    probe.heard();
    probe.gossip('other', 2);
    assert.deepEqual(probe.said(), ['gossip a,b']);
  });

  test('many changes of links are one change of neighbours', () => {
    const probe = new Probe(TREE);
    for (let i = 0; i < 50; i++) probe.tell({ kind: 'link_up', peer: peer(`n${i}`) });
    assert.equal(probe.timers.filter(({ timer }) => timer === 'settle').length, 1);
    probe.fire('settle');
    const { neighbours } = probe.machine.info();
    assert(neighbours.length >= 4 && neighbours.length <= 6);
  });

  test('one that has left is not heard and not sent to', () => {
    const probe = treeOf('a', 'b');
    probe.gossip('a', 1, 'b#1/7');
    assert.equal(probe.machine.info().trees, 1);
    probe.tell({ kind: 'node_left', node: peer('b') });
    probe.heard();
    assert.equal(probe.machine.info().trees, 0);
    probe.gossip('b', 2);
    assert.deepEqual([probe.said(), probe.delivered.length], [[], 1]);
    assert.equal(probe.counts['broadcast_from_left'], 1);
    probe.gossip('a', 3);
    assert.deepEqual(probe.said(), []);
  });
});

describe('after a crash of the broadcaster', () => {
  test('its successor on the same rows repeats no sequence and delivers nothing twice', () => {
    const rows = newRows();
    const before = new Probe(TREE, rows);
    before.connect('a', 'b');
    before.publish();
    before.gossip('a', 1);
    const after = new Probe(TREE, rows);
    after.connect('a', 'b');
    after.heard();
    after.publish();
    assert.equal(after.of('gossip')[0]!.payload.sequence, 2);
    after.gossip('a', 1);
    assert.deepEqual(after.delivered, []);
  });

  test('without its rows it is another origin, so its messages are no repetitions', () => {
    const [before, after] = [new Probe({}, newRows(), 1), new Probe({}, newRows(), 2)];
    assert.notEqual(before.machine.origin, after.machine.origin);
    assert.match(before.machine.origin, /^self#1\/[0-9a-z]+$/);
  });
});
