/** The figures of a node, asked for as a procedure. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { World } from './world.ts';

const METRICS = 'bondy.telemetry.metrics';

it('metrics that cannot be gathered are an error, not an empty text', () => {
  const world = new World({ metrics: (done) => done(new Error('a gauge threw')) });
  assert.equal(world.refused(METRICS).uri, 'bondy.error.internal_error');
});

it('metrics are the text as it is', () => {
  const world = new World({ metrics: (done) => done('bondy_calls 1\n') });
  const outcome = world.ask({ uri: METRICS });
  assert(outcome.kind === 'result');
  assert.deepEqual(outcome.args, ['bondy_calls 1\n']);
});
