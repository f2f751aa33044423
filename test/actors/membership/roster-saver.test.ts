/**
 * When the roster is written: members that the disk does not know at once, the rest at leisure; and what it was when its node
 * stopped last, whatever is being written at that moment.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RosterSaver } from '../../../actors/membership/roster-saver.ts';

function saver() {
  const writes: { readonly byte: number; readonly done: (failure?: Error) => void }[] = [];
  const failures: string[] = [];
  const roster = { byte: 0 };
  const made = new RosterSaver(
    { load: () => undefined, save: (bytes, done) => writes.push({ byte: bytes[0]!, done }) },
    {
      bytes: () => new Uint8Array([roster.byte]),
      deliver: () => {},
      failed: ({ message }) => failures.push(message),
    },
  );
  const change = (byte: number): void => {
    roster.byte = byte;
    made.changed();
  };
  return { made, writes, failures, change };
}

describe('the last save of a roster', () => {
  test('is made while another write is under way, with what has changed since', () => {
    const { made, writes, change } = saver();
    change(1);
    made.tick(0);
    change(2);
    made.last();
    assert.deepEqual(
      writes.map(({ byte }) => byte),
      [1, 2],
    );
  });

  test('is none when nothing has changed', () => {
    const { made, writes, change } = saver();
    change(1);
    made.tick(0);
    made.saved(undefined);
    made.last();
    assert.equal(writes.length, 1);
  });

  test('that fails is reported', () => {
    const { made, writes, failures, change } = saver();
    change(1);
    made.last();
    writes[0]!.done(new Error('disk full'));
    assert.deepEqual(failures, ['disk full']);
  });
});

describe('a roster that has grown', () => {
  test('is written without a pause, and again when it grew during the write', () => {
    const { made, writes, change } = saver();
    change(1);
    made.tick(0);
    made.saved(undefined);
    change(2);
    made.tick(10); // no new member: not yet
    change(3);
    made.grew(20);
    change(4);
    made.grew(30);
    made.saved(undefined);
    made.tick(40);
    assert.deepEqual(
      writes.map(({ byte }) => byte),
      [1, 3, 4],
    );
  });
});
