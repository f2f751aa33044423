/** Ending a node without cutting anybody off who can still be told. */
import type { RealmDirectory } from '../actors/realms/api.ts';
import { CLOSE } from '../runtime/wamp/uris.ts';

const POLL_MS = 20;

export function sayGoodbye(directory: RealmDirectory): void {
  for (const realm of directory.all()) {
    for (const member of realm.members.values()) {
      member.session?.cast({ kind: 'goodbye', reason: CLOSE.systemShutdown, details: {} });
    }
  }
}

/** Resolves when nobody is connected any more, or after `graceMs`. */
export async function drained(connections: () => number, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  while (connections() > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
