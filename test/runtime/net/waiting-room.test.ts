/** One timer for many waits, on the real clock with short ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitingRoom } from '../../../runtime/net/waiting-room.ts';

test('calls each one whose time is up, the oldest first, and nobody who has left', async () => {
  const called: string[] = [];
  let tell = (): void => {};
  const last = new Promise<void>((resolve) => (tell = resolve));
  const room = new WaitingRoom<string>(20, (item) => {
    called.push(item);
    if (item === 'last') tell();
  });
  for (const item of ['first', 'left', 'second']) room.enter(item);
  room.leave('left');
  room.leave('never here');
  assert.deepEqual([...room], ['first', 'second']);
  const alive = setInterval(() => {}, 1_000); // the room's timer alone keeps nobody up
  setTimeout(() => room.enter('last'), 5);
  await last;
  clearInterval(alive);
  assert.deepEqual(called, ['first', 'second', 'last']);
  assert.deepEqual([...room], []);
});

test('waits anew for who enters after it was empty', async () => {
  const alive = setInterval(() => {}, 1_000);
  const calls: number[] = [];
  let tell = (): void => {};
  const room = new WaitingRoom<number>(1, (item) => {
    calls.push(item);
    tell();
  });
  for (const item of [1, 2]) {
    const called = new Promise<void>((resolve) => (tell = resolve));
    room.enter(item);
    await called;
  }
  clearInterval(alive);
  assert.deepEqual(calls, [1, 2]);
});
