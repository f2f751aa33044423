/** The procedure that gives a session what it takes along to another node (docs/decisions.md, "Session tokens"). */
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { MetaProcedure } from './meta.ts';

/** `issue`: undefined when it would be longer than a token may be. */
export function tokenProcedures(
  issue: (() => string | undefined) | undefined,
): Record<string, MetaProcedure> {
  if (!issue) return {};
  return {
    'bondy.session.token': () => {
      const token = issue();
      if (token !== undefined) return { args: [token] };
      return { error: ERRORS.unavailable, detail: 'the clock of this cluster is too long' };
    },
  };
}
