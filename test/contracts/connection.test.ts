/** What a session may rely on, whatever its connection is made of (runtime/net/connection.ts). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SharedFrame } from '../../runtime/net/shared-frame.ts';
import { encoded, event, Observer } from '../support/net.ts';
import { TRANSPORTS } from '../support/transports.ts';

for (const transport of TRANSPORTS) {
  describe(`a connection over ${transport.name}`, () => {
    test('delivers what the client says, in order and byte for byte', async (t) => {
      const { connection, client, codec } = await transport.open(t);
      const observer = new Observer(connection);
      const messages = Array.from({ length: 50 }, (_, i) => encoded(codec, event(codec, i + 1)));
      client.send(...messages);
      for (const message of messages) assert.deepEqual(await observer.frames.next(), message);
    });

    test('says what the session sends, in order and byte for byte', async (t) => {
      const { connection, client, codec } = await transport.open(t);
      new Observer(connection);
      const texts = ['', 'short', 'x'.repeat(100), 'y'.repeat(130), 'z'.repeat(70_000), 'end'];
      const messages = texts.map((text, i) => event(codec, i + 1, text));
      for (const message of messages) assert.equal(connection.outlet.send(message), 'sent');
      for (const message of messages) {
        assert.deepEqual(await client.receive(), encoded(codec, message));
      }
    });

    test('carries a message of many chunks both ways', async (t) => {
      const { connection, client, codec } = await transport.open(t);
      const observer = new Observer(connection);
      const message = event(codec, 1, 'm'.repeat(1_500_000));
      const bytes = encoded(codec, message);
      client.send(bytes, encoded(codec, event(codec, 2)));
      assert.deepEqual(await observer.frames.next(), bytes);
      assert.deepEqual(await observer.frames.next(), encoded(codec, event(codec, 2)));
      assert.equal(connection.outlet.send(message), 'sent');
      assert.deepEqual(await client.receive(), bytes);
    });

    test('sends a shared frame between its own messages', async (t) => {
      const { connection, client, codec } = await transport.open(t);
      new Observer(connection);
      const shared = new SharedFrame(event(codec, 2, 'for many'));
      connection.outlet.send(event(codec, 1));
      assert.equal(connection.outlet.sendShared(shared), 'sent');
      connection.outlet.send(event(codec, 3));
      for (const message of [event(codec, 1), shared.message, event(codec, 3)]) {
        assert.deepEqual(await client.receive(), encoded(codec, message));
      }
    });

    test('keeps what arrived before somebody attached', async (t) => {
      const { connection, client, codec } = await transport.open(t);
      const message = encoded(codec, event(codec, 1));
      client.send(message);
      await client.settle();
      const observer = new Observer(connection);
      assert.deepEqual(await observer.frames.next(), message);
    });

    test('delivers nothing while paused, and everything in order after', async (t) => {
      const { connection, client, codec } = await transport.open(t);
      const observer = new Observer(connection);
      connection.pause();
      const messages = [1, 2, 3].map((i) => encoded(codec, event(codec, i)));
      client.send(...messages);
      await client.settle(); // pings are answered
      assert.equal(observer.frames.length, 0);
      connection.resume();
      for (const message of messages) assert.deepEqual(await observer.frames.next(), message);
    });

    test('loses nothing when a paused session gets more than is held', async (t) => {
      const { connection, client, codec } = await transport.open(t, { maxHeldBytes: 1000 });
      const observer = new Observer(connection);
      connection.pause();
      const messages = Array.from({ length: 200 }, (_, i) =>
        encoded(codec, event(codec, i + 1, 'held or not read')),
      );
      for (const message of messages) client.send(message);
      connection.outlet.send(event(codec, 9));
      await client.receive();
      connection.resume();
      for (const message of messages) assert.deepEqual(await observer.frames.next(), message);
    });

    test('closes after everything sent before has arrived, and says so once', async (t) => {
      const { connection, client, codec } = await transport.open(t);
      const observer = new Observer(connection);
      for (let i = 1; i <= 20; i++) connection.outlet.send(event(codec, i));
      connection.close('done');
      connection.close('done twice');
      for (let i = 1; i <= 20; i++) {
        assert.deepEqual(await client.receive(), encoded(codec, event(codec, i)));
      }
      await client.closed;
      assert.deepEqual(await observer.closes.next('onClose'), { kind: 'closed_here' });
      connection.destroy();
      assert.equal(observer.closes.length, 0);
      assert.equal(connection.outlet.send(event(codec, 21)), 'closed');
    });

    test('is cut at once when destroyed', async (t) => {
      const { connection, client } = await transport.open(t);
      const observer = new Observer(connection);
      connection.destroy();
      assert.deepEqual(await observer.closes.next('onClose'), { kind: 'closed_here' });
      await client.closed;
    });

    test('tells when the client has gone, after its last words', async (t) => {
      const { connection, client, codec } = await transport.open(t);
      const observer = new Observer(connection);
      connection.pause();
      const message = encoded(codec, event(codec, 1));
      client.send(message);
      client.close();
      assert.deepEqual(await observer.closes.next('onClose'), { kind: 'peer_closed' });
      assert.deepEqual(await observer.frames.next('the last words'), message);
    });

    test('tells a session that attaches too late', async (t) => {
      const { connection, client } = await transport.open(t);
      const first = new Observer(connection);
      client.close();
      await first.closes.next('onClose');
      const late = new Observer(connection);
      assert.deepEqual(await late.closes.next('onClose'), { kind: 'peer_closed' });
    });

    test('is congested while the client does not read, and cut when that goes too far', async (t) => {
      const { connection, client, codec, environment } = await transport.open(t, {
        highWaterBytes: 100_000,
        lowWaterBytes: 50_000,
        maxBacklogBytes: 400_000,
      });
      const observer = new Observer(connection);
      client.stopReading();
      const message = event(codec, 1, 'c'.repeat(10_000));
      while (connection.outlet.send(message) === 'sent') {
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(await observer.congestion.next(), true);
      const cause = await observer.closes.next('onClose');
      assert.equal(cause.kind, 'failed');
      assert.equal(environment.counters.get('connections_overflowed'), 1);
    });
  });
}
