/** What waits for a node: in order, within bounds, and never for ever. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RelayMessage } from '../../../actors/relay/api.ts';
import { DEFAULT_RELAY_CONFIG } from '../../../actors/relay/config.ts';
import { RelaySender } from '../../../actors/relay/sender.ts';
import { decode } from '../../../actors/relay/wire.ts';
import type { PeerDelivery } from '../../../runtime/net/peer/port.ts';
import { codecs } from '../../../runtime/wamp/codecs.ts';
import { EMPTY, NO_PAYLOAD, YIELD } from '../../../runtime/wamp/message.ts';

function stage() {
  const sent: number[] = [];
  const state = { answer: 'queued' as PeerDelivery, held: 0 };
  const counters = new Map<string, number>();
  const sender = new RelaySender({
    network: {
      self: { name: 'a', incarnation: 1 },
      send: (_to, channel, service, body, options) => {
        assert.deepEqual([channel, service, options?.acknowledged], ['relay', 'relay', true]);
        const message = decode(body, codecs);
        assert(message?.kind === 'answer');
        if (state.answer === 'queued') sent.push(message.message.request);
        return state.answer;
      },
      isConnected: () => true,
      connected: () => [],
    },
    codecs,
    config: DEFAULT_RELAY_CONFIG,
    count: (counter, by = 1) => counters.set(counter, (counters.get(counter) ?? 0) + by),
    log: () => {},
    onHeld: () => state.held++,
  });
  return { sender, sent, state, counters };
}

const answer = (request: number): RelayMessage => ({
  kind: 'answer',
  realm: 'realm1',
  callee: 1,
  message: { type: YIELD, request, options: EMPTY, payload: NO_PAYLOAD },
});

describe('what waits for a node', () => {
  it('goes before what comes later, also when there is room again', () => {
    const { sender, sent, state } = stage();
    state.answer = 'overloaded';
    sender.send('b', answer(1));
    state.answer = 'queued';
    sender.send('b', answer(2));
    assert.deepEqual(sent, []);
    assert.equal(sender.try('b', answer(9)), 'unreachable');
    sender.flush(0);
    sender.send('b', answer(3));
    assert.deepEqual(sent, [1, 2, 3]);
    assert.equal(state.held, 1);
    assert.equal(sender.isHolding, false);
  });

  it('holds up nobody else', () => {
    const { sender, sent, state } = stage();
    state.answer = 'disconnected';
    sender.send('b', answer(1));
    state.answer = 'queued';
    sender.send('c', answer(2));
    assert.deepEqual(sent, [2]);
    assert.deepEqual([sender.isCongested('b'), sender.isCongested('c')], [true, false]);
  });

  it('is given up when nothing could be sent for long', () => {
    const { sender, state, counters } = stage();
    state.answer = 'disconnected';
    sender.send('b', answer(1));
    sender.flush(0);
    sender.flush(DEFAULT_RELAY_CONFIG.heldMs - 1);
    assert.equal(sender.isHolding, true);
    sender.flush(DEFAULT_RELAY_CONFIG.heldMs);
    assert.equal(sender.isHolding, false);
    assert.equal(counters.get('relay_expired'), 1);
  });
});
