/** What waits for a connection, and what waits for an acknowledgement, against plain models. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PIECE_BYTES } from '../../../../runtime/net/peer/frames.ts';
import { MAX_STREAMS, WINDOW } from '../../../../runtime/net/peer/protocol.ts';
import type { Outgoing } from '../../../../runtime/net/peer/send-queue.ts';
import { SendQueue } from '../../../../runtime/net/peer/send-queue.ts';
import { ReceiveWindow, SendWindow } from '../../../../runtime/net/peer/windows.ts';

function message(stream: number, size: number, monotonicKey?: string): Outgoing {
  return {
    service: 'relay',
    stream,
    body: new Uint8Array(size),
    inflatedSize: 0,
    monotonicKey,
    sequence: 0,
  };
}

function drain(queue: SendQueue): Outgoing[] {
  const done: Outgoing[] = [];
  for (let piece = queue.next(); piece !== undefined; piece = queue.next()) {
    if (piece.end === piece.message.body.length) done.push(piece.message);
  }
  return done;
}

describe('a queue', () => {
  test('lets nobody wait for a long message of another stream', () => {
    const queue = new SendQueue(1e8);
    const long = message(1, 20 * PIECE_BYTES);
    const short = message(2, 10);
    queue.push(long);
    queue.next();
    queue.push(short);
    const finished = [queue.next(), queue.next()].map((piece) => piece!.message);
    assert(finished.includes(short));
    assert.deepEqual(drain(queue), [long]);
  });

  test('sends every byte once, in order within each stream', () => {
    const sends = fc.array(fc.tuple(fc.nat(3), fc.constantFrom(0, 1, PIECE_BYTES, 200_000)));
    fc.assert(
      fc.property(sends, (list) => {
        const queue = new SendQueue(450_000);
        const messages = list.map(([stream, size]) => message(stream, size));
        for (const each of messages) queue.push(each);
        assert.equal(
          queue.bytes,
          messages.reduce((sum, { body }) => sum + body.length, 0),
        );
        const done = drain(queue);
        for (let stream = 0; stream <= 3; stream++) {
          const isIts = (each: Outgoing): boolean => each.stream === stream;
          assert.deepEqual(done.filter(isIts), messages.filter(isIts));
        }
        assert.equal(queue.bytes, 0);
        assert(queue.isEmpty);
      }),
    );
  });

  test('begins no more than the receiver can hold', () => {
    const queue = new SendQueue(4 * PIECE_BYTES);
    for (let stream = 0; stream < 4; stream++) queue.push(message(stream, 3 * PIECE_BYTES));
    const begun = new Set<number>();
    for (let i = 0; i < 2; i++) begun.add(queue.next()!.id);
    assert.equal(begun.size, 1);
    assert.equal(drain(queue).length, 4);
    const many = new SendQueue(1e9);
    for (let stream = 0; stream <= MAX_STREAMS; stream++) many.push(message(stream, 70_000));
    const ids = new Set(Array.from({ length: MAX_STREAMS + 1 }, () => many.next()!.id));
    assert.equal(ids.size, MAX_STREAMS);
  });

  test('keeps the newest of a key in the place of the oldest, until it is begun', () => {
    const queue = new SendQueue(1e8);
    queue.push(message(1, 10, 'k'));
    queue.push(message(1, 20));
    assert(queue.replace(message(1, 30, 'k')));
    assert(!queue.replace(message(1, 30, 'other')));
    assert.deepEqual(
      drain(queue).map(({ body }) => body.length),
      [30, 20],
    );
    queue.push(message(1, 2 * PIECE_BYTES, 'k'));
    queue.next();
    assert(!queue.replace(message(1, 5, 'k')));
  });

  test('gives back whole what was begun, when its connection is gone', () => {
    const queue = new SendQueue(1e8);
    const all = [message(1, 3 * PIECE_BYTES), message(1, 5), message(2, 5)];
    for (const each of all) queue.push(each);
    queue.next();
    assert.deepEqual(new Set(queue.clear()), new Set(all));
    assert.equal(queue.bytes, 0);
    assert.equal(queue.next(), undefined);
  });
});

describe('windows', () => {
  const waits = { minMs: 100, maxMs: 1000 };
  const all = (): boolean => true;

  test('send again with growing waits until acknowledged', () => {
    const window = new SendWindow(waits, 1e6);
    const { sequence } = window.keep('relay', undefined, new Uint8Array(3))!;
    assert.deepEqual(window.takeDue(0, all), []); // it is queued
    const waited: number[] = [];
    let now = 0;
    for (let i = 0; i < 6; i++) {
      window.sent(sequence, now);
      const sentAt = now;
      while (window.takeDue(now, all).length === 0) now += 50;
      waited.push(now - sentAt);
    }
    assert.deepEqual(waited, [100, 200, 400, 800, 1000, 1000]);
    window.acknowledged({ contiguous: sequence, beyond: [] });
    assert.equal(window.size, 0);
    assert.equal(window.bytes, 0);
  });

  test('are bounded in numbers and in bytes', () => {
    const window = new SendWindow(waits, 100);
    assert(window.keep('relay', undefined, new Uint8Array(1000))); // one always may
    assert.equal(window.keep('relay', undefined, new Uint8Array(1)), undefined);
    const many = new SendWindow(waits, 1e6);
    for (let i = 0; i < WINDOW; i++) assert(many.keep('relay', undefined, new Uint8Array(0)));
    assert.equal(many.keep('relay', undefined, new Uint8Array(0)), undefined);
    many.acknowledged({ contiguous: 0, beyond: [2] }); // the oldest is still open
    assert.equal(many.keep('relay', undefined, new Uint8Array(0)), undefined);
    many.acknowledged({ contiguous: 2, beyond: [] });
    assert(many.keep('relay', undefined, new Uint8Array(0)));
  });

  test('deliver each message once through a net that loses, doubles and reorders', () => {
    const chaos = fc.record({
      messages: fc.integer({ min: 1, max: 60 }),
      fates: fc.infiniteStream(fc.constantFrom('lose', 'deliver', 'double', 'hold')),
    });
    fc.assert(
      fc.property(chaos, ({ messages, fates }) => {
        const sender = new SendWindow(waits, 1e6);
        const receiver = new ReceiveWindow();
        const heard: number[] = [];
        const held: (() => void)[] = [];
        const arrive = (sequence: number, lowest: number): void => {
          const judged = receiver.judge(sequence, lowest);
          assert.notEqual(judged, 'impossible');
          if (judged !== 'new') return;
          heard.push(sequence);
          receiver.delivered(sequence);
        };
        const through = (run: () => void): void => {
          switch (fates.next().value) {
            case 'lose':
              return;
            case 'hold':
              return void held.push(run);
            case 'double':
              run();
          }
          run();
        };
        for (let i = 0; i < messages; i++) {
          const { sequence } = sender.keep('relay', undefined, new Uint8Array(1))!;
          sender.sent(sequence, 0);
        }
        for (let now = 0; sender.size > 0 && now < 1e7; now += 1000) {
          for (const kept of sender.takeDue(now, all)) {
            const { lowest } = sender;
            through(() => arrive(kept.sequence, lowest));
            sender.sent(kept.sequence, now);
          }
          const ack = receiver.takeAck();
          if (ack !== undefined) through(() => sender.acknowledged(ack));
          for (const run of held.splice(0).reverse()) run();
        }
        assert.equal(sender.size, 0);
        assert.equal(heard.length, messages);
        assert.equal(new Set(heard).size, messages);
        assert.equal(receiver.remembered, 0);
      }),
      { numRuns: 200 },
    );
  });

  test('of a receiver that has forgotten begin where the sender is', () => {
    const receiver = new ReceiveWindow();
    assert.equal(receiver.judge(905, 900), 'new');
    receiver.delivered(905);
    assert.equal(receiver.judge(900, 900), 'new');
    assert.equal(receiver.judge(899, 899), 'duplicate');
    assert.equal(receiver.judge(900 + WINDOW, 900), 'impossible');
  });
});

test('an acknowledgement may wait while it is of few messages and few bytes', () => {
  const receiver = new ReceiveWindow();
  const receive = (sequence: number, bytes: number): void => {
    assert.equal(receiver.judge(sequence, 1), 'new');
    receiver.delivered(sequence, bytes);
  };
  assert.equal(receiver.owes, 'nothing');
  receive(1, 100);
  assert.equal(receiver.owes, 'little');
  receive(2, 1024 * 1024);
  assert.equal(receiver.owes, 'much');
  assert.deepEqual(receiver.takeAck(), { contiguous: 2, beyond: [] });
  assert.equal(receiver.owes, 'nothing');
  for (let sequence = 3; sequence < 100; sequence++) receive(sequence, 1);
  assert.equal(receiver.owes, 'much');
});
