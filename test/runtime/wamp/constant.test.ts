/** A constant dict is written as the same dict that is none, the first time and every other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecs } from '../../../runtime/wamp/codecs.ts';
import { constant } from '../../../runtime/wamp/constant.ts';
import { WELCOME } from '../../../runtime/wamp/message.ts';
import type { Dict } from '../../../runtime/wamp/message.ts';
import { ByteWriter } from '../../../runtime/wamp/writer.ts';

const ROLES: Dict = {
  broker: { features: { publisher_exclusion: true, nothing: undefined } },
  dealer: { features: {} },
};

for (const [serializer, codec] of Object.entries(codecs)) {
  test(`${serializer} writes a constant dict like any other`, () => {
    const written = (roles: Dict): string => {
      const into = new ByteWriter(16);
      const details = { realm: 'r', roles, agent: 'a' };
      assert.equal(codec.encode({ type: WELCOME, session: 7, details }, into), undefined);
      return into.buffer.subarray(0, into.at).toString('hex');
    };
    const roles = constant(ROLES);
    assert.equal(written(roles), written(ROLES));
    assert.equal(written(roles), written(ROLES));
    assert.deepEqual({ ...roles }, ROLES);
  });
}
