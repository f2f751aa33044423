/** Revocation: a registration or subscription that ends by somebody else's will (WAMP advanced/rpc_registration_revocation.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

forEachWire(SAMPLE, (wire) => {
  test('a callee that announces the feature is told which registration it lost and why', async (t) => {
    const [procedure, old, young] = [fresh(), await node.join(t, wire), await node.join(t, wire)];
    const registration = await old.register(procedure);
    await young.register(procedure, { force_reregister: true });
    const unregistered = await old.expect(wamp.UNREGISTERED);
    assert.equal(unregistered[1], 0);
    assert.equal(dict(unregistered[2]).registration, registration);
    assert.equal(typeof dict(unregistered[2]).reason, 'string');
  });

  test('a callee that does not announce it is told nothing', async (t) => {
    const [procedure, young] = [fresh(), await node.join(t, wire)];
    const roles = wamp.rolesWithout('callee', 'registration_revocation');
    const old = await node.join(t, wire, { roles });
    const registration = await old.register(procedure);
    await young.register(procedure, { force_reregister: true });
    await old.expectNothing();
    const request = old.request(wamp.UNREGISTER, registration);
    await old.expectError(wamp.UNREGISTER, request, 'wamp.error.no_such_registration');
  });
});
