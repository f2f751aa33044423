/** Lists of registrations: what is gone in between is left out, and what could not be asked for is no list. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ApiOutcome } from '../../../actors/management/api.ts';
import { apiError } from '../../../actors/management/errors.ts';
import type { ErrorName } from '../../../actors/management/errors.ts';
import type { Value } from '../../../runtime/wamp/message.ts';
import { World } from './world.ts';

const LIST = 'wamp.registration.list';

/** Registrations 1 to 200; asking for the seventh ends with this. */
function listed(seventh: ErrorName): ApiOutcome {
  const ids = Array.from({ length: 200 }, (_, i) => i + 1);
  const result = (value: Value): ApiOutcome => ({ kind: 'result', args: [value] });
  const world = new World({
    meta: {
      ask: (_realm, procedure, args, _kwargs, _caller, done) => {
        if (procedure === LIST) return done(result({ exact: ids, prefix: [], wildcard: [] }));
        if (args[0] === 7) return done({ kind: 'error', error: apiError(seventh, 'the seventh') });
        done(result({ id: args[0]! }));
      },
    },
  });
  return world.ask({ uri: 'bondy.registration.list' });
}

it('one that is gone meanwhile is left out', () => {
  const outcome = listed('noSuchRegistration');
  assert(outcome.kind === 'result');
  assert.equal((outcome.args[0] as readonly Value[]).length, 199);
});

it('a router that fails meanwhile is an error, not a shorter list', () => {
  const outcome = listed('unavailable');
  assert(outcome.kind === 'error');
  assert.equal(outcome.error.uri, 'wamp.error.unavailable');
});
