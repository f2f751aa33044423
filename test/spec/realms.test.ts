/** Realms are worlds of their own, with rules of their own (WAMP basic/building_blocks.md, "Realms"). */
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode({
  'realms.one.authmethods': 'anonymous',
  'realms.two.authmethods': 'anonymous',
  'realms.strict.authmethods': 'anonymous',
  'realms.strict.uri_strictness': 'strict',
  'realms.private.authmethods': 'anonymous',
  'realms.private.allow_disclosure': 'off',
  'realms.small.authmethods': 'anonymous',
  'realms.small.max_sessions': '1',
});

forEachWire(SAMPLE, (wire) => {
  test('events do not cross from realm to realm', async (t) => {
    const topic = fresh();
    const [here, there] = [
      await node.join(t, wire, {}, 'one'),
      await node.join(t, wire, {}, 'two'),
    ];
    await here.subscribe(topic);
    await there.publish(topic);
    await here.expectNothing();
  });

  test('calls do not cross from realm to realm', async (t) => {
    const procedure = fresh();
    const [here, there] = [
      await node.join(t, wire, {}, 'one'),
      await node.join(t, wire, {}, 'two'),
    ];
    await here.register(procedure);
    await there.callFails('wamp.error.no_such_procedure', procedure);
    await there.register(procedure);
  });

  for (const uri of ['Upper.case', 'with-dash', 'ünï.cödé', 'a b', 'a..b', '']) {
    test(`a strict realm refuses ${JSON.stringify(uri)}`, async (t) => {
      const client = await node.join(t, wire, {}, 'strict');
      for (const type of [wamp.SUBSCRIBE, wamp.REGISTER, wamp.CALL]) {
        await client.expectError(type, client.request(type, {}, uri), 'wamp.error.invalid_uri');
      }
    });
  }

  test('a strict realm takes lower case, digits and underscores', async (t) => {
    const client = await node.join(t, wire, {}, 'strict');
    await client.subscribe('com.example_1.topic_2');
    await client.subscribe('com..topic_2', { match: 'wildcard' });
  });

  test('where disclosure is not allowed, disclose_me is refused', async (t) => {
    const uri = fresh();
    const client = await node.join(t, wire, {}, 'private');
    await client.register(uri);
    const refusal = 'wamp.error.option_disallowed.disclose_me';
    const call = client.request(wamp.CALL, { disclose_me: true }, uri);
    await client.expectError(wamp.CALL, call, refusal);
    const publish = client.request(wamp.PUBLISH, { disclose_me: true, acknowledge: true }, uri);
    await client.expectError(wamp.PUBLISH, publish, refusal);
  });

  test('a full realm refuses the next session', async (t) => {
    const first = await node.join(t, wire, {}, 'small');
    const second = await node.connect(t, wire);
    second.send([wamp.HELLO, 'small', { roles: wamp.BASIC_ROLES }]);
    await second.expectAbort('bondy.error.limit_exceeded', 'wamp.error.unavailable');
    await first.leave();
  });
});
