import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RealmDirectory } from '../../actors/realms/api.ts';
import type { Realm } from '../../actors/realms/api.ts';
import type { Member } from '../../actors/routing/api.ts';
import { dismissSessions } from '../../supervisors/stopping.ts';

test('a session that joins while the node says GOODBYE hears it too, and each hears it once', async () => {
  const members = new Map<number, Member>();
  const heard: number[] = [];
  const join = (id: number): void => {
    const session = { cast: () => heard.push(id) };
    members.set(id, { id, session } as unknown as Member);
  };
  const directory = new RealmDirectory();
  directory.open({ uri: 'realm1', members } as unknown as Realm);
  join(1);
  let rounds = 0;
  const connections = (): number => {
    rounds += 1;
    if (rounds === 1) join(2); // its WELCOME was on its way
    return rounds < 3 ? 2 : 0;
  };
  await dismissSessions(directory, connections, 10_000);
  assert.deepEqual(heard, [1, 2]);
});

test('who does not go is not waited for longer than the grace period', async () => {
  await dismissSessions(new RealmDirectory(), () => 1, 30);
});
