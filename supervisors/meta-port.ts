/** What the admin API asks routers (the meta API of their realms), answered once whatever becomes of the router. */
import type { ApiOutcome } from '../actors/management/api.ts';
import { apiError } from '../actors/management/errors.ts';
import type { ErrorName } from '../actors/management/errors.ts';
import type { MetaPort } from '../actors/management/ports.ts';
import type { Realm, RealmDirectory } from '../actors/realms/api.ts';

/** How long routers of all nodes may take to say what they know. */
const META_MS = 15_000;

export function metaPort(directory: RealmDirectory): MetaPort {
  return {
    ask(realm, procedure, args, kwargs, { session }, done) {
      const open = directory.lookup(realm);
      if (!open) return done(failed('noSuchRealm', `${realm} is not open on this node`));
      const answer = firstOf(open, done);
      const asked = { kind: 'asked', procedure, args, kwargs, session, answer } as const;
      if (open.router.cast(asked) === 'accepted') return;
      answer(failed('unavailable', `too much is asked of ${realm} now: try again`));
    },
  };
}

/** A router that dies does not answer, and none does whose realm was closed. */
function firstOf(
  { uri, attendance }: Realm,
  done: (outcome: ApiOutcome) => void,
): (outcome: ApiOutcome) => void {
  let isDone = false;
  const answer = (outcome: ApiOutcome): void => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    stopWatching();
    done(outcome);
  };
  const timer = setTimeout(
    () => answer(failed('unavailable', 'the router of the realm does not answer')),
    META_MS,
  );
  timer.unref();
  const stopWatching = attendance.onClosed(() =>
    answer(failed('noSuchRealm', `${uri} was closed meanwhile`)),
  );
  return answer;
}

function failed(error: ErrorName, message: string): ApiOutcome {
  return { kind: 'error', error: apiError(error, message) };
}
