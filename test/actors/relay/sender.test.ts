/** What waits for a node: in order, within bounds, and never for ever. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Relayed, RelayMessage } from '../../../actors/relay/api.ts';
import { DEFAULT_RELAY_CONFIG } from '../../../actors/relay/config.ts';
import { RelaySender } from '../../../actors/relay/sender.ts';
import { decode } from '../../../actors/relay/wire.ts';
import type { NodeId } from '../../../runtime/causality/identity.ts';
import type { PeerDelivery } from '../../../runtime/net/peer/port.ts';
import { codecs } from '../../../runtime/wamp/codecs.ts';
import { EMPTY, INVOCATION, NO_PAYLOAD, YIELD } from '../../../runtime/wamp/message.ts';

function stage() {
  const batches: number[][] = [];
  const backs: Relayed[] = [];
  const state = { answer: 'queued' as PeerDelivery, life: 1, held: 0, gathered: 0 };
  const counters = new Map<string, number>();
  const sender: RelaySender = new RelaySender({
    network: {
      self: { name: 'a', incarnation: 1 },
      send: (_to, channel, service, body, options) => {
        assert.deepEqual([channel, service, options?.acknowledged], ['relay', 'relay', true]);
        if (state.answer === 'queued') batches.push(decode(body, codecs)!.messages.map(requestOf));
        return state.answer;
      },
      isConnected: (_name, life = state.life) =>
        state.answer !== 'disconnected' && life === state.life,
      connected: () => [],
    },
    codecs,
    config: DEFAULT_RELAY_CONFIG,
    count: (counter, by = 1) => counters.set(counter, (counters.get(counter) ?? 0) + by),
    log: () => {},
    onHeld: () => state.held++,
    onGathered: () => state.gathered++,
    giveBack: (_realm, relayed) => backs.push(relayed),
  });
  const say = (to: string, ...requests: number[]): void => {
    for (const request of requests) sender.send(to, answer(request));
    sender.leave();
  };
  return { sender, batches, backs, state, counters, say };
}

function requestOf(message: RelayMessage): number {
  if (message.kind === 'refused' || message.kind === 'interrupt') return message.request;
  assert(message.kind === 'answer' || message.kind === 'invocation');
  return message.message.request;
}

const B: NodeId = { name: 'b', incarnation: 1 };

const invocation = (request: number): RelayMessage => ({
  kind: 'invocation',
  realm: 'realm1',
  callee: 1,
  isChunk: false,
  takesPassthru: false,
  message: { type: INVOCATION, request, registration: 1, details: EMPTY, payload: NO_PAYLOAD },
});

const answer = (request: number): RelayMessage => ({
  kind: 'answer',
  realm: 'realm1',
  callee: 1,
  message: { type: YIELD, request, options: EMPTY, payload: NO_PAYLOAD },
});

describe('what one turn says', () => {
  it('to one node about one realm leaves in one batch, and asks once for the end of the turn', () => {
    const { sender, batches, state, say, counters } = stage();
    assert.equal(sender.try(B, invocation(1)), 'sent');
    assert.deepEqual([batches, state.gathered], [[], 1]);
    say('b', 2, 3);
    assert.deepEqual(batches, [[1, 2, 3]]);
    say('b', 4);
    assert.deepEqual([batches.length, state.gathered], [2, 2]);
    assert.equal(counters.get('relay_sent'), 4);
    assert.equal(counters.get('relay_batches_sent'), 2);
  });

  it('leaves sooner when it has become long, and what is long leaves by itself, in order', () => {
    const { sender, batches } = stage();
    const long = codecs.json.payload(['x'.repeat(20_000)]);
    const longAnswer: RelayMessage = {
      ...{ kind: 'answer', realm: 'realm1', callee: 1 },
      message: { type: YIELD, request: 2, options: EMPTY, payload: long },
    };
    sender.send('b', answer(1));
    sender.send('b', longAnswer);
    assert.deepEqual(batches, [[1], [2]]);
    for (let request = 3; request < 2_000; request++) sender.send('b', answer(request));
    sender.leave();
    assert(batches.length > 2 && batches.length < 10, `${batches.length} batches`);
    assert.deepEqual(
      batches.flat(),
      Array.from({ length: 1_999 }, (_, i) => i + 1),
    );
  });

  it('may be calls that cannot leave after all: they come back refused, and answers wait', () => {
    const { sender, batches, backs, state, counters } = stage();
    sender.try(B, invocation(1));
    sender.send('b', answer(2));
    sender.try(B, invocation(3));
    state.answer = 'overloaded';
    sender.leave();
    assert.deepEqual(
      backs.map(({ from, messages }) => [from, messages.map(requestOf)]),
      [[B, [1, 3]]],
    );
    assert.equal(counters.get('relay_refused'), 2);
    state.answer = 'queued';
    sender.flush(0);
    assert.deepEqual(batches, [[2]]);
  });

  it('is refused at once when there is no link', () => {
    const { sender, backs, state } = stage();
    state.answer = 'disconnected';
    assert.equal(sender.try(B, invocation(1)), 'unreachable');
    assert.deepEqual([backs, state.gathered], [[], 0]);
  });
});

describe('what waits for a node', () => {
  it('goes before what comes later, also when there is room again', () => {
    const { sender, batches, state, say } = stage();
    state.answer = 'overloaded';
    say('b', 1);
    state.answer = 'queued';
    say('b', 2);
    assert.deepEqual(batches, []);
    assert.equal(sender.try(B, answer(9)), 'unreachable');
    sender.flush(0);
    say('b', 3);
    assert.deepEqual(batches.flat(), [1, 2, 3]);
    assert.equal(state.held, 1);
    assert.equal(sender.isHolding, false);
  });

  it('holds up nobody else', () => {
    const { sender, batches, state, say } = stage();
    state.answer = 'disconnected';
    say('b', 1);
    state.answer = 'queued';
    say('c', 2);
    assert.deepEqual(batches.flat(), [2]);
    assert.deepEqual([sender.isCongested('b'), sender.isCongested('c')], [true, false]);
  });

  it('is given up when nothing could be sent for long', () => {
    const { sender, state, counters, say } = stage();
    state.answer = 'disconnected';
    say('b', 1);
    sender.flush(0);
    sender.flush(DEFAULT_RELAY_CONFIG.heldMs - 1);
    assert.equal(sender.isHolding, true);
    sender.flush(DEFAULT_RELAY_CONFIG.heldMs);
    assert.equal(sender.isHolding, false);
    assert.equal(counters.get('relay_expired'), 1);
  });
});

describe('a call for a life that has no link yet', () => {
  const second: NodeId = { name: 'b', incarnation: 2 };

  it('goes elsewhere: the link to the life before, whose machine lost power, would swallow it', () => {
    const { sender, batches, state } = stage();
    assert.equal(sender.try(second, invocation(1)), 'unreachable');
    state.life = 2;
    assert.equal(sender.try(second, invocation(2)), 'sent');
    sender.leave();
    assert.deepEqual(batches, [[2]]);
  });

  it('goes elsewhere too when something else is being said to that node', () => {
    const { sender, batches } = stage();
    sender.send('b', answer(1));
    assert.equal(sender.try(second, invocation(2)), 'unreachable');
    assert.equal(sender.try(B, invocation(3)), 'sent');
    sender.leave();
    assert.deepEqual(batches, [[1, 3]]);
  });
});
