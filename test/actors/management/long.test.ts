/** A change that may take hours: rights can be changed meanwhile, and the audit log has it when it is done. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationsPort, StoreVerb } from '../../../actors/management/ports.ts';
import { ROOT, World } from './world.ts';

test('others do not wait for a repair of the store', () => {
  const asked: Parameters<OperationsPort<StoreVerb>['perform']>[] = [];
  const world = new World({ store: { perform: (...request) => asked.push(request) } });
  let repaired: unknown;
  const repair = { caller: ROOT, uri: 'bondy.store.repair', args: [], kwargs: {} };
  world.api.call(repair, (outcome) => (repaired = outcome));
  world.ok('bondy.realm.create', [{ uri: 'com.example.one' }]);
  assert.equal(repaired, undefined);
  assert.deepEqual(world.audited, ['bondy.realm.create com.example.one ok']);
  const [[verb, , done]] = asked as [(typeof asked)[number]];
  assert.equal(verb, 'repair');
  done({ value: { damaged: 0 } });
  assert.deepEqual(repaired, { kind: 'result', args: [{ damaged: 0 }], kwargs: undefined });
  assert.equal(world.audited.at(-1), 'bondy.store.repair  ok');
});
