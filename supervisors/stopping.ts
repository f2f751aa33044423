/** Ending a node without cutting anybody off who can still be told. */
import type { RealmDirectory } from '../actors/realms/api.ts';
import type { Member } from '../actors/routing/api.ts';
import { CLOSE } from '../runtime/wamp/uris.ts';

const POLL_MS = 20;

/**
 * Says GOODBYE to every session, also to those that were just being opened and join while this goes on. Resolves
 * when nobody is connected any more, or after `graceMs`.
 */
export async function dismissSessions(
  directory: RealmDirectory,
  connections: () => number,
  graceMs: number,
): Promise<void> {
  const told = new WeakSet<Member>();
  const deadline = performance.now() + graceMs;
  for (;;) {
    sayGoodbye(directory, told);
    if (connections() === 0 || performance.now() >= deadline) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function sayGoodbye(directory: RealmDirectory, told: WeakSet<Member>): void {
  for (const realm of directory.all()) {
    for (const member of realm.members.values()) {
      if (told.has(member)) continue;
      told.add(member);
      member.session?.cast({ kind: 'goodbye', reason: CLOSE.systemShutdown, details: {} });
    }
  }
}
